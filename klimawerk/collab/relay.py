"""Carries what is on disk to the members of a room, to each when it is their turn (delivery.py)."""

from __future__ import annotations

import base64
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from klimawerk.collab.room import Room
from klimawerk.collab.room_members import RelayedUpdate
from klimawerk.live import events

log = logging.getLogger(__name__)
SendEach = Callable[[str, dict[str, Any], Iterable[str]], None]


class Relayer:
    """One thread (or greenlet) per process, so that a room's frames leave in order. `tell` emits to sockets; `quiet`
    says whether a socket wants to hear little."""

    def __init__(
        self, spawn: Callable[[Callable[[], None]], object], tell: SendEach, quiet: Callable[[str], bool]
    ) -> None:
        self._spawn, self._tell, self._quiet = spawn, tell, quiet
        self._due: dict[Room, float] = {}
        self._arrived = threading.Condition()
        self._running = False

    def hurry(self, room: Room) -> None:
        """There is something for the room's members."""
        self._look(room, max(time.monotonic(), room.relay_after))

    def _look(self, room: Room, at: float) -> None:
        with self._arrived:
            if self._due.get(room, math.inf) > at:
                self._due[room] = at
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
            self._handle(self._wait())  # no room is held while the next is waited for: it may be let go

    def _handle(self, rooms: list[Room]) -> None:
        for room in rooms:
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
            due = room.audience.due(self._quiet)
        for since, relays, sids in due.words:
            self._send(room.name, since, relays, sids)
        for sid, caret, sids in due.carets:
            self._tell(events.DOC_AWARENESS, {"doc": room.name, "sid": sid, "a": caret}, sids)
        if due.again is not None:
            self._look(room, due.again)

    def _send(self, doc: str, since: int, relays: list[RelayedUpdate], sids: list[str]) -> None:
        """One frame for all who wrote nothing of it, encoded once; to each writer one without their own updates."""
        frame: dict[str, Any] = {"doc": doc, "from": since, "seq": relays[-1].seq}
        wrote = {relay.sid for relay in relays}
        if others := [sid for sid in sids if sid not in wrote]:
            self._tell(events.DOC_UPDATE, {**frame, "u": _encoded([relay.payload for relay in relays])}, others)
        for sid in wrote.intersection(sids):
            payloads = [relay.payload for relay in relays if relay.sid != sid]
            self._tell(events.DOC_UPDATE, {**frame, "u": _encoded(payloads)}, [sid])


def _encoded(payloads: list[bytes]) -> list[str]:
    """As base64 text, each update as it was judged: made into one, updates of somebody who says two things of the same
    letter become a third thing."""
    return [base64.b64encode(payload).decode() for payload in payloads]
