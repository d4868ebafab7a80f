"""The connected pages of this process: one socket each."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from klimawerk.live.limits import Pace


@dataclass(eq=False)
class Page:
    """One connected socket. `schema`: of its editor, None without one; `alive`: gave a sign of life lately."""

    sid: str
    person_id: int
    login: str
    schema: int | None
    pace: Pace = field(default_factory=Pace)
    topics: set[str] = field(default_factory=set)
    docs: set[str] = field(default_factory=set)
    programmes: set[int] = field(default_factory=set)
    alive: bool = True


class Pages:
    """The register of pages, safe between threads."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Page] = {}
        self._lock = threading.Lock()

    def add(self, page: Page) -> None:
        with self._lock:
            self._by_sid[page.sid] = page

    def remove(self, sid: str) -> Page | None:
        with self._lock:
            return self._by_sid.pop(sid, None)

    def get(self, sid: str) -> Page | None:
        return self._by_sid.get(sid)

    def all(self) -> list[Page]:
        with self._lock:
            return list(self._by_sid.values())

    def of_person(self, person_id: int) -> list[Page]:
        return [page for page in self.all() if page.person_id == person_id]
