"""Commits updates to the log, many in one transaction, in one background thread (or greenlet) per process."""

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
from klimawerk.collab.room.room import PendingUpdate, Room
from klimawerk.database import CompiledStatement, DriverConnection, StatementCursor
from klimawerk.live import events
from klimawerk.live.handlers import COMMIT_TIMEOUT

log = logging.getLogger(__name__)
MAX_BATCH_DELAY, PAUSE_WITHOUT_DELAY = 0.02, 0.04
"""Seconds that an update waits at most for others to share its transaction; and after so many seconds without a
transaction it does not wait at all."""
MAX_BATCH = 500  # updates in one transaction
UpdatesByRoom = dict[Room, list[PendingUpdate]]
_DOCUMENT, _UPDATE = cast(Table, Document.__table__), cast(Table, Update.__table__)
# Allocates the document's next numbers, unless its access rights or its generation have changed, in one statement.
_ALLOCATE_SEQS = CompiledStatement(
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
_INSERT_UPDATES = CompiledStatement(
    insert(_UPDATE).values({name: bindparam(name) for name in ("document_id", "seq", "payload", "by", "at")}).inline(),
    at=_UPDATE.c.at.type,
)


class Committer:
    """`on_stored(rooms)` is called with the rooms that got updates; `on_stale(room)` when its access rights have
    changed."""

    def __init__(
        self,
        app: Flask,
        spawn: Callable[[Callable[[], None]], object],
        on_stored: Callable[[list[Room]], None],
        on_stale: Callable[[Room], None],
    ) -> None:
        self._app, self._spawn, self._on_stored, self._on_stale = app, spawn, on_stored, on_stale
        self._queue: list[PendingUpdate] = []
        self._current_batch: list[PendingUpdate] = []
        self._arrived = threading.Condition()
        self._running = False
        self._batch_began_at = -math.inf
        self._connection = DriverConnection()

    def put(self, entry: PendingUpdate) -> None:
        with self._arrived:
            self._queue.append(entry)
            if not self._running:
                self._running = True
                self._spawn(self._run)
            self._arrived.notify()

    def doubt_connection(self) -> None:
        """Another query has failed; the committer's connection is checked before it is used again."""
        self._connection.check_before_use()

    def stop(self) -> None:
        with self._arrived:
            self._running = False
            self._arrived.notify()

    def refuse_overdue(self) -> None:
        """Answer "unavailable" to updates that have waited for the disk too long; they may still be stored later."""
        deadline = time.monotonic() - COMMIT_TIMEOUT
        for entry in (*self._current_batch, *self._queue):
            if entry.since < deadline:
                entry.reply.refuse(events.UNAVAILABLE)

    def _run(self) -> None:
        while self._running:
            self._current_batch = self._gather()
            self._handle(self._current_batch)
            self._current_batch = []  # hold no reference while waiting
        self._connection.close()

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
        """The next batch. Waits for the first update, and a little for others to share its transaction if there were
        some lately."""
        with self._arrived:
            if not self._queue:
                self._arrived.wait(1.0)
                if not self._queue:
                    return []
            arrived_at = self._queue[0].since
        if arrived_at < self._batch_began_at + PAUSE_WITHOUT_DELAY:
            time.sleep(max(0.0, arrived_at + MAX_BATCH_DELAY - time.monotonic()))
        self._batch_began_at = time.monotonic()
        with self._arrived:
            batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
        return batch

    def _commit(self, groups: UpdatesByRoom) -> None:
        current = {room: entries for room, entries in groups.items() if _is_current(room, entries)}
        try:
            last = self._write(current)
        except Exception as error:
            log.error("updates could not be stored: %s: %s", type(error).__name__, str(error).partition("\n")[0])
            for room, entries in current.items():
                room.mark_failed(entries, events.UNAVAILABLE)
            return
        self._on_stored(self._notify_rooms(current, last))

    def _notify_rooms(self, groups: UpdatesByRoom, last: dict[Room, int]) -> list[Room]:
        """Notify the rooms of the outcome. An error here does no harm: what is on disk is acknowledged in any case."""
        stored_rooms = []
        for room, entries in groups.items():
            try:
                with pycrdt_errors.panics_as_exceptions():
                    if room in last:
                        room.mark_stored(entries, last[room])
                        stored_rooms.append(room)
                    else:
                        room.mark_failed(entries)
                        self._on_stale(room)
            except Exception:
                log.exception("%s: the room lost track and is read anew", room.name)
                room.invalidate()
            finally:
                _answer_all(entries, last.get(room))
        return stored_rooms

    def _write(self, groups: UpdatesByRoom) -> dict[Room, int]:
        """{room: number of its last update}; a room whose access rights or generation have changed meanwhile is
        missing."""
        last: dict[Room, int] = {}
        rows: list[dict[str, object]] = []
        if not any(entry.payload is not None for entries in groups.values() for entry in entries):
            return {room: room.seq for room in groups}
        at = now()
        with self._connection.writing() as cursor:
            for room in sorted(groups, key=lambda room: room.id):
                logged = [entry for entry in groups[room] if entry.payload is not None]
                seq = _allocate_seqs(cursor, room, groups[room][0], len(logged), at) if logged else room.seq
                if seq is not None:
                    last[room] = seq
                    rows += _update_rows(room, logged, seq, at)
            if rows:
                cursor.each(_INSERT_UPDATES, rows)
        return last


def _by_room(batch: list[PendingUpdate]) -> UpdatesByRoom:
    groups: UpdatesByRoom = {}
    for entry in batch:
        groups.setdefault(entry.room, []).append(entry)
    return groups


def _is_current(room: Room, entries: list[PendingUpdate]) -> bool:
    """Whether all entries are of the room's epoch; otherwise they are refused."""
    with room.lock:
        if all(entry.epoch == room.epoch for entry in entries):
            return True
        room.mark_failed(entries)
        return False


def _allocate_seqs(cursor: StatementCursor, room: Room, entry: PendingUpdate, count: int, at: datetime) -> int | None:
    """The last of the `count` numbers; None where the document is not as the entry's writer knew it."""
    known = {"document": room.id, "known_gen": room.gen, "known_rev": entry.access_rev}
    number: int | None = cursor.scalar(_ALLOCATE_SEQS, **known, count=count, moment=at)
    return number


def _update_rows(room: Room, logged: list[PendingUpdate], last: int, at: datetime) -> list[dict[str, object]]:
    first = last - len(logged) + 1
    return [
        {"document_id": room.id, "seq": first + i, "payload": e.payload, "by": e.member.person_id, "at": at}
        for i, e in enumerate(logged)
    ]


def _answer_all(entries: list[PendingUpdate], last: int | None) -> None:
    """Answer every entry that has no answer yet: one that is on disk was stored, whatever happened to its room
    afterwards."""
    for entry in entries:
        if not entry.finished:
            entry.finish(last or 0, "" if last is not None else events.UNAVAILABLE)
