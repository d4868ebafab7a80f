"""Who is where, over all processes: groups of entries, each kept alive by the process that holds the socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from klimawerk.live.hint_bus import Hint
from klimawerk.live.sockets import Live

PresenceEntry = dict[str, Any]
MIN_INTERVAL, FIRST_DELAY, MAX_INTERVAL = 1.0, 0.15, 5.0
"""Seconds between two announcements of one group; more for each who is in it, since each is told of all."""

HINT_INTERVAL, ENTRY_TTL = 3.0, 9.0  # seconds: how often other processes are told, and how long they believe it


class PresenceRegistry:
    """Entries by group and socket. `announce(group)` is called for a group that changed: at once after a pause, then
    at most once a second, and less often the more are in it.

    Entries of pages that fell silent are not shown; they return with the page's next sign of life.
    """

    def __init__(self, here: Live, kind: str, announce: Callable[[str], None]) -> None:
        self._live, self._kind, self._announce = here, kind, announce
        self._own: dict[str, dict[str, PresenceEntry]] = {}
        self._others: dict[tuple[str, str], tuple[float, dict[str, PresenceEntry]]] = {}
        self._told: dict[str, float] = {}
        self._stale: set[str] = set()
        self._repeated = 0.0
        self._lock = threading.RLock()
        here.on_life.append(lambda page: self._mark_all_of(page.sid))
        here.background.each_second(self._tick)
        here.bus.on(kind, lambda hint: here.background.soon(lambda: self._hear(hint)))

    def put(self, group: str, sid: str, entry: PresenceEntry) -> None:
        with self._lock:
            if self._own.setdefault(group, {}).get(sid) == entry:
                return
            self._own[group].pop(sid, None)
            self._own[group][sid] = entry
        self._changed(group)

    def drop(self, group: str, sid: str) -> None:
        with self._lock:
            entries = self._own.get(group, {})
            if entries.pop(sid, None) is None:
                return
            if not entries:
                del self._own[group]
        self._changed(group)

    def entries(self, group: str) -> dict[str, PresenceEntry]:
        """{sid: entry} of everybody who is there, in the order they came."""
        limit = time.monotonic() - ENTRY_TTL
        with self._lock:
            found = self._alive(group)
            for (_, other), (at, entries) in self._others.items():
                if other == group and at > limit:
                    found.update(entries)
        return found

    def groups(self) -> list[str]:
        """Groups that this process holds entries of."""
        with self._lock:
            return list(self._own)

    def _alive(self, group: str) -> dict[str, PresenceEntry]:
        pages = self._live.pages
        return {s: e for s, e in self._own.get(group, {}).items() if (page := pages.get(s)) and page.alive}

    def _mark_all_of(self, sid: str) -> None:
        for group in [group for group, entries in list(self._own.items()) if sid in entries]:
            self._changed(group)

    def _changed(self, group: str) -> None:
        self._spread(group)
        self._due(group)

    def _due(self, group: str) -> None:
        """Announce at once after a pause, else with the next tick."""
        with self._lock:
            if self._was_told_lately(group):
                self._stale.add(group)
                return
            self._told[group] = time.monotonic()
        self._live.background.soon(lambda: self._announce(group))

    def _tick(self) -> None:
        with self._lock:
            limit = time.monotonic() - ENTRY_TTL
            for key in [key for key, (at, _) in self._others.items() if at <= limit]:
                del self._others[key]
                self._stale.add(key[1])
            self._told = {g: at for g, at in self._told.items() if time.monotonic() - at < MAX_INTERVAL}
            due = {group for group in self._stale if not self._was_told_lately(group)}
            self._stale -= due
            self._told.update(dict.fromkeys(due, time.monotonic()))
        for group in due:
            self._announce(group)
        if time.monotonic() - self._repeated > HINT_INTERVAL:
            self._repeated = time.monotonic()
            for group in self.groups():
                self._spread(group)

    def _was_told_lately(self, group: str) -> bool:
        pause = min(MAX_INTERVAL, max(MIN_INTERVAL, FIRST_DELAY * len(self.entries(group))))
        return time.monotonic() - self._told.get(group, 0.0) < pause

    def _spread(self, group: str) -> None:
        with self._lock:
            entries = self._alive(group)
        self._live.bus.tell(self._kind, group=group, entries=entries)

    def _hear(self, hint: Hint) -> None:
        key = (hint["process"], hint["group"])
        with self._lock:
            before = self._others.get(key, (0.0, {}))[1]
            if hint["entries"]:
                self._others[key] = (time.monotonic(), hint["entries"])
            else:
                self._others.pop(key, None)
        if before != hint["entries"]:
            self._due(hint["group"])
