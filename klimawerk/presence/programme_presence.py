"""Presence in a programme: who is where, one entry per person, for those who may read the programme.

A page reports its place when it opens and when the focus moves (`here`). The answers to the server's pings are its
signs of life, so nothing else is sent. Names come from the server.
"""

from __future__ import annotations

import re
from typing import Any

from klimawerk import scalars
from klimawerk.collab import access
from klimawerk.live import events, opaque_ids
from klimawerk.live.handlers import EventRefused, Payload
from klimawerk.live.open_pages import OpenPage
from klimawerk.live.presence_registry import PresenceEntry, PresenceRegistry
from klimawerk.live.sockets import Live

_NAME = re.compile(r"[A-Za-z0-9_.:-]{0,80}")
_PUBLIC_KEYS = ("id", "name", "side", "place", "item", "field", "lang")


class Presence:
    """Registry per programme ("programme:5"), which is also the topic whose watchers get it."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.people = PresenceRegistry(live, "programme-people", self._send_people)
        live.add_handler(events.HERE, self._here)
        live.on_disconnect.append(self._remove_page)
        live.on_recheck.append(self._recheck)
        live.on_watch.append(self._send_to_watcher)

    def _here(self, page: OpenPage, payload: Payload) -> Payload:
        number = payload.get("programme")
        if number is None:
            self._remove_page(page)
            return {}
        if type(number) is not int:
            raise EventRefused(events.INVALID)
        if not 0 < number <= scalars.MAX_INT:
            raise EventRefused(events.NOT_FOUND)
        entry = self._entry(page, f"programme:{number}", {key: _require_name(payload, key) for key in _PUBLIC_KEYS[4:]})
        if entry is None:
            raise EventRefused(events.NOT_FOUND)
        for other in page.programmes - {number}:
            self.people.drop(f"programme:{other}", page.sid)
        page.programmes = {number}
        self.people.put(f"programme:{number}", page.sid, entry)
        return {"me": entry["id"], "people": self.shown(f"programme:{number}")}

    def _entry(self, page: OpenPage, programme: str, where: dict[str, str]) -> PresenceEntry | None:
        granted = access.access_of(page.person_id, programme)
        if granted is None:
            return None
        person = {"id": opaque_ids.opaque_id(page.person_id, programme), "name": granted.name, "side": granted.side}
        return {**person, "place": granted.place, **where}

    def shown(self, programme: str) -> list[dict[str, Any]]:
        """One entry per person, of the page that moved last."""
        latest: dict[str, PresenceEntry] = {}
        for entry in self.people.entries(programme).values():
            latest.pop(entry["id"], None)
            latest[entry["id"]] = entry
        return list(latest.values())

    def _send_people(self, programme: str) -> None:
        """Send to watchers, without hidden pages, which ask when they are shown."""
        hidden = [page.sid for page in self._live.pages.all() if page.hidden]
        self._live.emit(events.PEOPLE, self._payload(programme), to=events.topic_room(programme), skip=hidden)

    def _send_to_watcher(self, page: OpenPage, topics: list[str]) -> None:
        """Send the presence of a programme at once to a page that begins to watch it."""
        for topic in topics:
            if topic.startswith("programme:") and self.people.entries(topic):
                self._live.emit(events.PEOPLE, self._payload(topic), to=page.sid)

    def _payload(self, programme: str) -> Payload:
        return {"programme": int(programme.partition(":")[2]), "people": self.shown(programme)}

    def _remove_page(self, page: OpenPage) -> None:
        for number in page.programmes:
            self.people.drop(f"programme:{number}", page.sid)
        page.programmes = set()

    def _recheck(self, page: OpenPage) -> None:
        for number in list(page.programmes):
            programme = f"programme:{number}"
            before = self.people.entries(programme).get(page.sid, {})
            entry = self._entry(page, programme, {key: before.get(key, "") for key in _PUBLIC_KEYS[4:]})
            if entry is None:
                self._remove_page(page)
            else:
                self.people.put(programme, page.sid, entry)


def _require_name(payload: Payload, key: str) -> str:
    """An identifier (of an item, a field, a language), never free text, since other people see it."""
    value = payload.get(key) or ""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise EventRefused(events.INVALID)
    return value
