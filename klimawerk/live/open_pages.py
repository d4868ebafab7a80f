"""Registry of the connected pages of this process, one socket each, and their rate limits."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from klimawerk.live.rate_limits import MAX_CARETS, MAX_PAGES, MAX_PAGES_OF_PERSON, PersonQuota, SocketRate


@dataclass(eq=False)
class OpenPage:
    """One connected socket. `schema`: of its editor, None without one; `alive`: answered the last ping in time.

    `saver`: data saver; the page gets no carets, and as a reader updates at most every 10 s. `hidden`: the page is not
    visible; the same holds, and it catches up when it is shown. `rechecks`: how often its access rights were rechecked.
    `carets`: documents in which it has a caret, the latest last.
    """

    sid: str
    person_id: int
    login: str
    schema: int | None
    rate: SocketRate = field(default_factory=SocketRate)
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
        """Whether as few messages as possible are sent to it."""
        return self.saver or self.hidden

    def set_preferences(self, preferences: Mapping[str, Any]) -> None:
        """Set `saver` and `hidden` where they are given: when the page connects, and whenever they change."""
        for name in ("saver", "hidden"):
            if isinstance(preferences.get(name), bool):
                setattr(self, name, preferences[name])

    def place_caret(self, doc: str, there: bool) -> list[str]:
        """Note that the page has a caret in the document, or none any more. Returns the documents whose caret is
        dropped for it."""
        self.carets.pop(doc, None)
        if there:
            self.carets[doc] = None
        dropped = list(self.carets)[:-MAX_CARETS] if len(self.carets) > MAX_CARETS else []
        for dropped_doc in dropped:
            del self.carets[dropped_doc]
        return dropped


class OpenPages:
    """Registry of pages, safe between threads. `limited`: whether the rate limits per person apply."""

    def __init__(self, limited: bool = True) -> None:
        self._limited = limited
        self._by_sid: dict[str, OpenPage] = {}
        self._quotas: dict[int, PersonQuota] = {}
        self._lock = threading.Lock()

    def may_connect(self, person_id: int) -> bool:
        """Whether the person may open one more page now."""
        if not self._limited:
            return True
        if len(self._by_sid) >= MAX_PAGES or len(self.of_person(person_id)) >= MAX_PAGES_OF_PERSON:
            return False
        return self._quota(person_id).pages.take(1)

    def may_send(self, page: OpenPage, size: int, cost: float) -> bool:
        """Whether a message of `size` bytes, counting as `cost` ordinary ones, may be handled now."""
        if not page.rate.allows(size, cost):
            return False
        return not self._limited or self._quota(page.person_id).messages.take(cost)

    def may_download(self, person_id: int, size: int) -> bool:
        """Whether the person may get `size` bytes of documents now."""
        return not self._limited or self._quota(person_id).downloads.take(size)

    def may_spend_merge_cost(self, person_id: int, steps: int) -> bool:
        """Whether the person's updates may take `steps` of merging now."""
        return not self._limited or self._quota(person_id).merge_cost.take(steps)

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

    def _quota(self, person_id: int) -> PersonQuota:
        quota = self._quotas.get(person_id)
        return quota if quota is not None else self._quotas.setdefault(person_id, PersonQuota())
