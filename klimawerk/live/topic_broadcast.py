"""Which revision of each watched topic the pages of this process were told; and the look that makes lost hints good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klimawerk.live import changes, events
from klimawerk.live.hint_bus import Hint, HintBus
from klimawerk.live.open_pages import OpenPages


class TopicBroadcast:
    """`tell(event, payload, to=room)` reaches the pages of this process alone."""

    def __init__(self, pages: OpenPages, bus: HintBus, tell: Callable[..., None]) -> None:
        self._pages, self._bus, self._tell = pages, bus, tell
        self._revs: dict[str, int] = {}
        bus.on(events.CHANGED, self._hear)

    def announce(self, topics: dict[str, int], by: str | None) -> None:
        """These have changed and are on disk: pages here are told at once, other processes by a hint."""
        self._bus.tell(events.CHANGED, topics=topics, by=by)
        self._pass_on(topics, by)

    def answered(self, revs: dict[str, int]) -> None:
        """A page that begins to watch was told these. Who watches already may know less, so nothing is raised."""
        for topic, rev in revs.items():
            self._revs.setdefault(topic, rev)

    def look(self) -> None:
        """Once a second: one query for all that pages here watch; what they were not told, they are told now."""
        watched = {topic for page in self._pages.all() for topic in page.topics}
        for topic in set(self._revs) - watched:
            self._revs.pop(topic, None)
        if watched:
            self._pass_on(changes.revisions(sorted(watched)), None)

    def _hear(self, hint: Hint) -> None:
        self._pass_on(hint["topics"], hint["by"])

    def _pass_on(self, topics: dict[str, int], by: str | None) -> None:
        for topic, rev in topics.items():
            if rev > self._revs.get(topic, 0):
                self._revs[topic] = rev
                payload: dict[str, Any] = {"topics": {topic: rev}, "by": by}
                self._tell(events.CHANGED, payload, to=events.topic_room(topic))
