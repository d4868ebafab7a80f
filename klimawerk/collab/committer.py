"""Puts updates on disk, many in one transaction, in one background thread (or greenlet) per process."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import cast

from flask import Flask
from sqlalchemy import Table, bindparam, func, insert, update

from klimawerk import pycrdt_errors
from klimawerk.clock import now
from klimawerk.collab.models import Document, Update
from klimawerk.collab.room import PendingUpdate, Room
from klimawerk.database import CompiledStatement, DriverConnection, StatementCursor
from klimawerk.live import events
from klimawerk.live.handlers import COMMIT_TIMEOUT

log = logging.getLogger(__name__)
COMPANY, PAUSE = 0.02, 0.04
"""Seconds that an update waits at most for others to share its transaction; and how long none may have begun for it to
wait for nobody."""
MAX_BATCH = 500  # updates in one transaction
UpdatesByRoom = dict[Room, list[PendingUpdate]]
_DOCUMENT, _UPDATE = cast(Table, Document.__table__), cast(Table, Update.__table__)
# Take the document's next numbers, unless its rights or its identity have changed: one statement for both.
_NUMBERS = CompiledStatement(
    update(_DOCUMENT)
    .where(
        _DOCUMENT.c.id == bindparam("document"),
        _DOCUMENT.c.gen == bindparam("known_gen"),
        _DOCUMENT.c.access_rev == bindparam("known_rev"),
    )
    .values(
        seq=_DOCUMENT.c.seq + bindparam("count"),
        dirty_since=func.coalesce(_DOCUMENT.c.dirty_since, bindparam("moment", type_=_DOCUMENT.c.dirty_since.type)),
    )
    .returning(_DOCUMENT.c.seq),
    moment=_DOCUMENT.c.dirty_since.type,
)
_ROWS = CompiledStatement(
    insert(_UPDATE).values({name: bindparam(name) for name in ("document_id", "seq", "payload", "by", "at")}).inline(),
    at=_UPDATE.c.at.type,
)


class Committer:
    """`stored(rooms)` is called with the rooms that got something; `stale(room)` when its rights have changed."""

    def __init__(
        self,
        app: Flask,
        spawn: Callable[[Callable[[], None]], object],
        stored: Callable[[list[Room]], None],
        stale: Callable[[Room], None],
    ) -> None:
        self._app, self._spawn, self._stored, self._stale = app, spawn, stored, stale
        self._queue: list[PendingUpdate] = []
        self._at_work: list[PendingUpdate] = []
        self._arrived = threading.Condition()
        self._running = False
        self._began = -math.inf
        self._line = DriverConnection()

    def put(self, entry: PendingUpdate) -> None:
        with self._arrived:
            self._queue.append(entry)
            if not self._running:
                self._running = True
                self._spawn(self._run)
            self._arrived.notify()

    def doubt(self) -> None:
        """Somebody else has had trouble with the database."""
        self._line.doubt()

    def stop(self) -> None:
        with self._arrived:
            self._running = False
            self._arrived.notify()

    def answer_waiting(self) -> None:
        """Whoever waited for the disk too long is told so; what they sent may still come to be stored."""
        long_ago = time.monotonic() - COMMIT_TIMEOUT
        for entry in (*self._at_work, *self._queue):
            if entry.since < long_ago:
                entry.reply.no(events.UNAVAILABLE)

    def _run(self) -> None:
        while self._running:
            self._at_work = self._gather()
            self._handle(self._at_work)
            self._at_work = []  # nothing of it is held while the next is waited for
        self._line.close()

    def _handle(self, batch: list[PendingUpdate]) -> None:
        try:
            if batch:
                with self._app.app_context():
                    self._commit(_by_room(batch))
        except Exception:
            log.exception("a group of updates could not be handled")
        finally:
            _answer_all(batch, None)

    def _gather(self) -> list[PendingUpdate]:
        """What is to be written now; it waits for the first update, and a little for company where there was some."""
        with self._arrived:
            if not self._queue:
                self._arrived.wait(1.0)
                if not self._queue:
                    return []
            came = self._queue[0].since
        if came < self._began + PAUSE:
            time.sleep(max(0.0, came + COMPANY - time.monotonic()))
        self._began = time.monotonic()
        with self._arrived:
            batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
        return batch

    def _commit(self, groups: UpdatesByRoom) -> None:
        fresh = {room: entries for room, entries in groups.items() if _is_current(room, entries)}
        try:
            last = self._write(fresh)
        except Exception as error:
            log.error("updates could not be stored: %s: %s", type(error).__name__, str(error).partition("\n")[0])
            for room, entries in fresh.items():
                room.lost(entries, events.UNAVAILABLE)
            return
        self._stored(self._settle(fresh, last))

    def _settle(self, groups: UpdatesByRoom, last: dict[Room, int]) -> list[Room]:
        """Tell the rooms how it went. A failure here harms nobody: what is on disk is acknowledged all the same."""
        done = []
        for room, entries in groups.items():
            try:
                with pycrdt_errors.panics_as_exceptions():
                    if room in last:
                        room.stored(entries, last[room])
                        done.append(room)
                    else:
                        room.lost(entries)
                        self._stale(room)
            except Exception:
                log.exception("%s: the room lost track and is read anew", room.name)
                room.invalidate()
            finally:
                _answer_all(entries, last.get(room))
        return done

    def _write(self, groups: UpdatesByRoom) -> dict[Room, int]:
        """{room: number of its last update}; a room whose rights or identity have changed meanwhile is missing."""
        last: dict[Room, int] = {}
        rows: list[dict[str, object]] = []
        if not any(entry.payload is not None for entries in groups.values() for entry in entries):
            return {room: room.seq for room in groups}
        at = now()
        with self._line.writing() as cursor:
            for room in sorted(groups, key=lambda room: room.id):
                logged = [entry for entry in groups[room] if entry.payload is not None]
                seq = _take_numbers(cursor, room, groups[room][0], len(logged), at) if logged else room.seq
                if seq is not None:
                    last[room] = seq
                    rows += _rows(room, logged, seq, at)
            if rows:
                cursor.each(_ROWS, rows)
        return last


def _by_room(batch: list[PendingUpdate]) -> UpdatesByRoom:
    groups: UpdatesByRoom = {}
    for entry in batch:
        groups.setdefault(entry.room, []).append(entry)
    return groups


def _is_current(room: Room, entries: list[PendingUpdate]) -> bool:
    """Whether all entries still stand on what the room knows; else they are refused."""
    with room.lock:
        if all(entry.epoch == room.epoch for entry in entries):
            return True
        room.lost(entries)
        return False


def _take_numbers(cursor: StatementCursor, room: Room, entry: PendingUpdate, count: int, at: datetime) -> int | None:
    """The last of the `count` numbers; None where the document is not as the entry's writer knew it."""
    known = {"document": room.id, "known_gen": room.gen, "known_rev": entry.access_rev}
    number: int | None = cursor.scalar(_NUMBERS, **known, count=count, moment=at)
    return number


def _rows(room: Room, logged: list[PendingUpdate], last: int, at: datetime) -> list[dict[str, object]]:
    first = last - len(logged) + 1
    return [
        {"document_id": room.id, "seq": first + i, "payload": e.payload, "by": e.member.person_id, "at": at}
        for i, e in enumerate(logged)
    ]


def _answer_all(entries: list[PendingUpdate], last: int | None) -> None:
    """Nobody is left waiting: an entry that is on disk was stored, whatever happened to its room afterwards."""
    for entry in entries:
        if not entry.finished:
            entry.finish(last or 0, "" if last is not None else events.UNAVAILABLE)
