"""Relays stored updates and carets to the members of a room, each at their time (`delivery.py`)."""

from __future__ import annotations

import base64
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from klimawerk.collab.room.room import Room
from klimawerk.collab.room.room_members import RelayedUpdate
from klimawerk.live import events

log = logging.getLogger(__name__)
SendEach = Callable[[str, dict[str, Any], Iterable[str]], None]


class Relayer:
    """One thread (or greenlet) per process, so that a room's frames are sent in order. `emit` sends to sockets;
    `is_quiet(sid)`: whether that page wants few messages."""

    def __init__(
        self, spawn: Callable[[Callable[[], None]], object], emit: SendEach, is_quiet: Callable[[str], bool]
    ) -> None:
        self._spawn, self._emit, self._is_quiet = spawn, emit, is_quiet
        self._due: dict[Room, float] = {}
        self._changed = threading.Condition()
        self._running = False

    def schedule(self, room: Room) -> None:
        """Something waits for the room's members."""
        self._schedule_at(room, max(time.monotonic(), room.relay_after))

    def _schedule_at(self, room: Room, at: float) -> None:
        with self._changed:
            if self._due.get(room, math.inf) > at:
                self._due[room] = at
                self._changed.notify()
            if not self._running:
                self._running = True
                self._spawn(self._run)

    def stop(self) -> None:
        with self._changed:
            self._running = False
            self._changed.notify()

    def _run(self) -> None:
        while self._running:
            self._deliver_all(self._next_due_rooms())  # hold no room while waiting: it may be forgotten

    def _deliver_all(self, rooms: list[Room]) -> None:
        for room in rooms:
            try:
                self._deliver(room)
            except Exception:
                log.exception("%s: a frame could not be sent", room.name)

    def _next_due_rooms(self) -> list[Room]:
        with self._changed:
            soonest = min(self._due.values(), default=None)
            wait = 1.0 if soonest is None else soonest - time.monotonic()
            if wait > 0:
                self._changed.wait(wait)
            now = time.monotonic()
            ready = [room for room, due in self._due.items() if due <= now]
            for room in ready:
                del self._due[room]
            return ready

    def _deliver(self, room: Room) -> None:
        with room.lock:
            outgoing = room.delivery.due(self._is_quiet)
        for since, relays, sids in outgoing.updates:
            self._send(room.name, since, relays, sids)
        for sid, caret, sids in outgoing.carets:
            self._emit(events.DOC_AWARENESS, {"doc": room.name, "sid": sid, "a": caret}, sids)
        if outgoing.next_at is not None:
            self._schedule_at(room, outgoing.next_at)

    def _send(self, doc: str, since: int, relays: list[RelayedUpdate], sids: list[str]) -> None:
        """Send one frame, encoded once, to all who wrote none of the updates; to each writer one without their own
        updates."""
        frame: dict[str, Any] = {"doc": doc, "from": since, "seq": relays[-1].seq}
        writers = {relay.sid for relay in relays}
        if others := [sid for sid in sids if sid not in writers]:
            self._emit(events.DOC_UPDATE, {**frame, "u": _encoded([relay.payload for relay in relays])}, others)
        for sid in writers.intersection(sids):
            payloads = [relay.payload for relay in relays if relay.sid != sid]
            self._emit(events.DOC_UPDATE, {**frame, "u": _encoded(payloads)}, [sid])


def _encoded(payloads: list[bytes]) -> list[str]:
    """The updates as base64 text, each as it was judged. Merging updates of a client that says two different things of
    the same item would give a third thing."""
    return [base64.b64encode(payload).decode() for payload in payloads]
