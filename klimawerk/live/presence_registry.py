"""Presence registry over all processes: groups of entries, each kept alive by the process that holds its socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from klimawerk.live.hint_bus import Hint
from klimawerk.live.sockets import Live

PresenceEntry = dict[str, Any]
MIN_INTERVAL, INTERVAL_PER_ENTRY, MAX_INTERVAL = 1.0, 0.15, 5.0
"""Seconds between two announcements of one group; longer with more entries, since each member gets all."""

HINT_INTERVAL, ENTRY_TTL = 3.0, 9.0  # seconds: between two hints to other processes, and until these drop the entries


class PresenceRegistry:
    """Entries by group and socket. `announce(group)` is called for a group that changed: at once after a pause, then at
    most once a second, and less often the more entries it has.

    Entries of pages that do not answer pings are not shown; they return with the page's next sign of life.
    """

    def __init__(self, live: Live, kind: str, announce: Callable[[str], None]) -> None:
        self._live, self._kind, self._announce = live, kind, announce
        self._local: dict[str, dict[str, PresenceEntry]] = {}
        self._remote: dict[tuple[str, str], tuple[float, dict[str, PresenceEntry]]] = {}
        self._announced_at: dict[str, float] = {}
        self._to_announce: set[str] = set()
        self._hints_sent_at = 0.0
        self._lock = threading.RLock()
        live.on_alive_change.append(lambda page: self._page_changed(page.sid))
        live.background.each_second(self._each_second)
        live.bus.on(kind, lambda hint: live.background.soon(lambda: self._on_hint(hint)))

    def put(self, group: str, sid: str, entry: PresenceEntry) -> None:
        with self._lock:
            if self._local.setdefault(group, {}).get(sid) == entry:
                return
            self._local[group].pop(sid, None)
            self._local[group][sid] = entry
        self._changed(group)

    def drop(self, group: str, sid: str) -> None:
        with self._lock:
            entries = self._local.get(group, {})
            if entries.pop(sid, None) is None:
                return
            if not entries:
                del self._local[group]
        self._changed(group)

    def entries(self, group: str) -> dict[str, PresenceEntry]:
        """{sid: entry} of all in the group, in the order in which they came."""
        limit = time.monotonic() - ENTRY_TTL
        with self._lock:
            result = self._alive(group)
            for (_, remote_group), (at, entries) in self._remote.items():
                if remote_group == group and at > limit:
                    result.update(entries)
        return result

    def groups(self) -> list[str]:
        """Groups of which this process holds entries."""
        with self._lock:
            return list(self._local)

    def _alive(self, group: str) -> dict[str, PresenceEntry]:
        pages = self._live.pages
        return {s: e for s, e in self._local.get(group, {}).items() if (page := pages.get(s)) and page.alive}

    def _page_changed(self, sid: str) -> None:
        for group in [group for group, entries in list(self._local.items()) if sid in entries]:
            self._changed(group)

    def _changed(self, group: str) -> None:
        self._send_hint(group)
        self._announce_soon(group)

    def _announce_soon(self, group: str) -> None:
        """Announce at once after a pause, else with the next tick."""
        with self._lock:
            if self._was_announced_lately(group):
                self._to_announce.add(group)
                return
            self._announced_at[group] = time.monotonic()
        self._live.background.soon(lambda: self._announce(group))

    def _each_second(self) -> None:
        with self._lock:
            limit = time.monotonic() - ENTRY_TTL
            for key in [key for key, (at, _) in self._remote.items() if at <= limit]:
                del self._remote[key]
                self._to_announce.add(key[1])
            self._announced_at = {g: at for g, at in self._announced_at.items() if time.monotonic() - at < MAX_INTERVAL}
            due = {group for group in self._to_announce if not self._was_announced_lately(group)}
            self._to_announce -= due
            self._announced_at.update(dict.fromkeys(due, time.monotonic()))
        for group in due:
            self._announce(group)
        if time.monotonic() - self._hints_sent_at > HINT_INTERVAL:
            self._hints_sent_at = time.monotonic()
            for group in self.groups():
                self._send_hint(group)

    def _was_announced_lately(self, group: str) -> bool:
        pause = min(MAX_INTERVAL, max(MIN_INTERVAL, INTERVAL_PER_ENTRY * len(self.entries(group))))
        return time.monotonic() - self._announced_at.get(group, 0.0) < pause

    def _send_hint(self, group: str) -> None:
        with self._lock:
            entries = self._alive(group)
        self._live.bus.send(self._kind, group=group, entries=entries)

    def _on_hint(self, hint: Hint) -> None:
        key = (hint["process"], hint["group"])
        with self._lock:
            before = self._remote.get(key, (0.0, {}))[1]
            if hint["entries"]:
                self._remote[key] = (time.monotonic(), hint["entries"])
            else:
                self._remote.pop(key, None)
        if before != hint["entries"]:
            self._announce_soon(hint["group"])
