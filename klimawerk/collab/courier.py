"""Carries what is on disk to the members of a room: the first edit after a pause at once, then in groups."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from klimawerk.collab.members import Relay
from klimawerk.collab.room import Room
from klimawerk.live import events

log = logging.getLogger(__name__)
PAUSE = 0.004  # seconds between two frames of one room; it is the committer who keeps updates together
Tell = Callable[..., None]


class Courier:
    """One thread (or greenlet) per process, so that a room's frames leave in order. `tell` emits."""

    def __init__(self, spawn: Callable[[Callable[[], None]], object], tell: Tell) -> None:
        self._spawn, self._tell = spawn, tell
        self._due: dict[Room, float] = {}
        self._arrived = threading.Condition()
        self._running = False

    def hurry(self, room: Room) -> None:
        """There is something for the room's members."""
        with self._arrived:
            if room not in self._due:
                self._due[room] = max(time.monotonic(), room.relay_after)
                self._arrived.notify()
            if not self._running:
                self._running = True
                self._spawn(self._run)

    def stop(self) -> None:
        with self._arrived:
            self._running = False
            self._arrived.notify()

    def _run(self) -> None:
        while self._running:
            for room in self._wait():
                try:
                    self._deliver(room)
                except Exception:
                    log.exception("%s: a frame could not be sent", room.name)

    def _wait(self) -> list[Room]:
        with self._arrived:
            soonest = min(self._due.values(), default=None)
            wait = 1.0 if soonest is None else soonest - time.monotonic()
            if wait > 0:
                self._arrived.wait(wait)
            now = time.monotonic()
            ready = [room for room, due in self._due.items() if due <= now]
            for room in ready:
                del self._due[room]
            return ready

    def _deliver(self, room: Room) -> None:
        with room.lock:
            relays, room.outbox = room.outbox, []
            carets = {sid: room.carets[sid] for sid in room.moved_carets if sid in room.carets}
            room.moved_carets.clear()
            room.relay_after = time.monotonic() + PAUSE
            since, members = room.sent, set(room.members)
            if relays:
                room.sent = relays[-1].seq
        if relays:
            self._send(room.name, since, relays, members)
        for sid, caret in carets.items():
            payload = {"doc": room.name, "sid": sid, "a": caret}
            self._tell(events.DOC_AWARENESS, payload, to=events.doc_room(room.name), skip=[sid])

    def _send(self, doc: str, since: int, relays: list[Relay], members: set[str]) -> None:
        """One frame for all who wrote nothing of it, encoded once; to each writer one without their own updates."""
        writers = [sid for sid in dict.fromkeys(relay.sid for relay in relays) if sid in members]
        updates = [(relay.sid, base64.b64encode(relay.payload).decode()) for relay in relays]
        frame: dict[str, Any] = {"doc": doc, "from": since, "seq": relays[-1].seq}
        everything = [update for _, update in updates]
        if members - set(writers):
            self._tell(events.DOC_UPDATE, {**frame, "u": everything}, to=events.doc_room(doc), skip=writers)
        for writer in writers:
            others = [update for sid, update in updates if sid != writer]
            self._tell(events.DOC_UPDATE, {**frame, "u": others}, to=writer)
