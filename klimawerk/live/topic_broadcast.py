"""Topic broadcast: sends new revisions to the pages of this process; a poll each second makes up for lost hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klimawerk.live import changes, events
from klimawerk.live.hint_bus import Hint, HintBus
from klimawerk.live.open_pages import OpenPages


class TopicBroadcast:
    """Knows which revision of each watched topic was sent. `send(event, payload, to=room)` reaches the pages of this
    process."""

    def __init__(self, pages: OpenPages, bus: HintBus, send: Callable[..., None]) -> None:
        self._pages, self._bus, self._send = pages, bus, send
        self._sent_revs: dict[str, int] = {}
        bus.on(events.CHANGED, self._on_hint)

    def announce(self, topics: dict[str, int], by: str | None) -> None:
        """These topics have changed and are committed: send them to pages here at once, to other processes by a
        hint."""
        self._bus.send(events.CHANGED, topics=topics, by=by)
        self._send_newer(topics, by)

    def note_sent(self, revs: dict[str, int]) -> None:
        """A page that begins to watch got these revisions. Other pages may have older ones, so known revisions are not
        raised."""
        for topic, rev in revs.items():
            self._sent_revs.setdefault(topic, rev)

    def poll(self) -> None:
        """Once a second: one query for all topics that pages here watch; revisions that were not sent yet are sent."""
        watched = {topic for page in self._pages.all() for topic in page.topics}
        for topic in set(self._sent_revs) - watched:
            self._sent_revs.pop(topic, None)
        if watched:
            self._send_newer(changes.revisions(sorted(watched)), None)

    def _on_hint(self, hint: Hint) -> None:
        self._send_newer(hint["topics"], hint["by"])

    def _send_newer(self, topics: dict[str, int], by: str | None) -> None:
        for topic, rev in topics.items():
            if rev > self._sent_revs.get(topic, 0):
                self._sent_revs[topic] = rev
                payload: dict[str, Any] = {"topics": {topic: rev}, "by": by}
                self._send(events.CHANGED, payload, to=events.topic_room(topic))
