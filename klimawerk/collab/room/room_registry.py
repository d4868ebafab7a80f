"""Registry of the rooms that are open in this process."""

from __future__ import annotations

import threading

from klimawerk.collab.models import Document
from klimawerk.collab.room.room import Room, RoomOutput
from klimawerk.collab.storage import document_store
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused


class RoomRegistry:
    """Open rooms by the name of their document."""

    def __init__(self, output: RoomOutput) -> None:
        self._rooms: dict[str, Room] = {}
        self._lock = threading.Lock()
        self._output = output

    def find(self, name: str) -> Document:
        """The document's row. EventRefused("not_found") when there is none, or it is deleted."""
        try:
            row = document_store.find_document(name)
            if not row.deleted:
                return row
        except document_store.NoDocument:
            pass
        room = self.get(name)
        if room is not None:
            self.forget(room)
        raise EventRefused(events.NOT_FOUND)

    def open(self, name: str) -> Room:
        """The document's room, created where needed. `stored_document` reads the log when the first caller needs it."""
        with self._lock:
            room = self._rooms.get(name)
            if room is None:
                room = self._rooms[name] = Room(name, self._output)
            return room

    def get(self, name: str) -> Room | None:
        return self._rooms.get(name)

    def all(self) -> list[Room]:
        with self._lock:
            return list(self._rooms.values())

    def forget(self, room: Room) -> None:
        with self._lock:
            if self._rooms.get(room.name) is room:
                del self._rooms[room.name]
