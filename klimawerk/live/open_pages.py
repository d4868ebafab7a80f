"""The connected pages of this process: one socket each."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from klimawerk.live.rate_limits import MAX_CARETS, MAX_PAGES, PAGES_AT_ONCE, PersonQuota, SocketRate


@dataclass(eq=False)
class OpenPage:
    """One connected socket. `schema`: of its editor, None without one; `alive`: gave a sign of life lately.

    `saver`: its person pays by volume; nobody's carets go to it, and where it only reads, others' words at most every
    10 s. `hidden`: nobody looks at it now; the same holds, and it catches up by itself when it is shown.
    `rechecks`: how often its rights were decided anew. `carets`: documents that it has a caret in, the latest
    last.
    """

    sid: str
    person_id: int
    login: str
    schema: int | None
    pace: SocketRate = field(default_factory=SocketRate)
    topics: set[str] = field(default_factory=set)
    docs: set[str] = field(default_factory=set)
    carets: dict[str, None] = field(default_factory=dict)
    programmes: set[int] = field(default_factory=set)
    alive: bool = True
    saver: bool = False
    hidden: bool = False
    rechecks: int = 0

    @property
    def quiet(self) -> bool:
        """Whether it is to be told as little as possible."""
        return self.saver or self.hidden

    def wish(self, wishes: Mapping[str, Any]) -> None:
        """Take `saver` and `hidden` where they are named: when the page connects, and whenever they change."""
        for name in ("saver", "hidden"):
            if isinstance(wishes.get(name), bool):
                setattr(self, name, wishes[name])

    def place_caret(self, doc: str, there: bool) -> list[str]:
        """Take note that the page has a caret in the document, or none any more; documents whose caret is to be given
        up for it, since one page needs few."""
        self.carets.pop(doc, None)
        if there:
            self.carets[doc] = None
        given_up = list(self.carets)[:-MAX_CARETS] if len(self.carets) > MAX_CARETS else []
        for one in given_up:
            del self.carets[one]
        return given_up


class OpenPages:
    """The register of pages, safe between threads. `limited`: whether what one person may ask for is counted."""

    def __init__(self, limited: bool = True) -> None:
        self._limited = limited
        self._by_sid: dict[str, OpenPage] = {}
        self._allowances: dict[int, PersonQuota] = {}
        self._lock = threading.Lock()

    def may_come(self, person_id: int) -> bool:
        """Whether the person may open one more page now."""
        if not self._limited:
            return True
        if len(self._by_sid) >= MAX_PAGES or len(self.of_person(person_id)) >= PAGES_AT_ONCE:
            return False
        return self._allowance(person_id).pages.take(1)

    def may_speak(self, page: OpenPage, size: int, weight: float) -> bool:
        """Whether a message of `size` bytes, counting as `weight` ordinary ones, may be handled now."""
        if not page.pace.allows(size, weight):
            return False
        return not self._limited or self._allowance(page.person_id).messages.take(weight)

    def may_have(self, person_id: int, size: int) -> bool:
        """Whether the person may be given `size` bytes of documents now."""
        return not self._limited or self._allowance(person_id).given.take(size)

    def may_burden(self, person_id: int, steps: int) -> bool:
        """Whether the person's words may take `steps` of merging now."""
        return not self._limited or self._allowance(person_id).effort.take(steps)

    def add(self, page: OpenPage) -> None:
        with self._lock:
            self._by_sid[page.sid] = page

    def remove(self, sid: str) -> OpenPage | None:
        with self._lock:
            return self._by_sid.pop(sid, None)

    def get(self, sid: str) -> OpenPage | None:
        return self._by_sid.get(sid)

    def all(self) -> list[OpenPage]:
        with self._lock:
            return list(self._by_sid.values())

    def of_person(self, person_id: int) -> list[OpenPage]:
        return [page for page in self.all() if page.person_id == person_id]

    def _allowance(self, person_id: int) -> PersonQuota:
        found = self._allowances.get(person_id)
        return found if found is not None else self._allowances.setdefault(person_id, PersonQuota())
