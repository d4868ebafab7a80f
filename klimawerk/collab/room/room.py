"""A room: one document that is open in this process, with the members who have it open.

A room's document is a cache of the log. It holds stored updates and those on their way to the disk (`in_flight`); a
reader therefore waits until none is in flight (`stored_document`), and writers wait for the reader. One lock per room
guards everything in it; it is never held over a commit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from pycrdt import Doc, XmlFragment

from klimawerk import database
from klimawerk.collab import access
from klimawerk.collab.models import Document
from klimawerk.collab.room.delivery import DeliveryQueue
from klimawerk.collab.room.replica import Replica, ReplicaBroken
from klimawerk.collab.room.room_members import NO_ACCESS, RelayedUpdate, RoomMember
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.live import events
from klimawerk.live.handlers import COMMIT_TIMEOUT, EventRefused, EventReply


@dataclass(eq=False)
class PendingUpdate:
    """An update on its way to the disk. `payload` None: it changed nothing, and is acknowledged with the update that it
    repeats.

    `since`: when it arrived, in monotonic seconds.
    """

    room: Room
    member: RoomMember
    payload: bytes | None
    epoch: int
    access_rev: int
    since: float
    reply: EventReply
    finished: bool = False

    def finish(self, seq: int = 0, error: str = "") -> None:
        """Acknowledge the update with its number, or refuse it with an error."""
        self.finished = True
        if error:
            self.reply.refuse(error)
        else:
            self.reply.ok(seq=seq)


class RoomOutput(Protocol):
    """Interface that a room sends through; the hub implements it."""

    def store(self, entry: PendingUpdate) -> None:
        """Queue an update for the committer."""

    def relay_to_members(self, room: Room) -> None:
        """Announce that something waits for the room's members."""

    def database_context(self) -> AbstractContextManager[object]:
        """An app context for database queries; keystrokes are handled without one."""

    def grants_merge_cost(self, person_id: int, steps: int) -> bool:
        """Whether the person's rate limit grants so many steps of merging now."""


class Room:
    """One open document. `epoch` grows whenever updates in flight can no longer be trusted."""

    def __init__(self, name: str, output: RoomOutput) -> None:
        self.name = name
        self.members: dict[str, RoomMember] = {}
        self.lock = threading.RLock()
        self.delivery = DeliveryQueue(self.members)
        self.carets: dict[str, Any] = {}
        self.relayed = 0
        self.relay_after = 0.0
        self.access_stale = False
        self.used_at = self.changed_at = time.monotonic()
        self.id = self.seq = self.epoch = self.access_rev = self.in_flight = 0
        self.gen = ""
        self.locked, self.reason, self.by = False, "", ""
        self._output = output
        self._condition = threading.Condition(self.lock)
        self._readers = 0
        self._replica: Replica | None = None

    # For members

    @contextmanager
    def stored_document(self, row: Document) -> Iterator[Doc[XmlFragment]]:
        """The document as it is on disk, at least as new as its `row`, which was just read. EventRefused("unavailable")
        when the disk is too slow.

        The first caller reads it from the log; the others wait for that and share it. The block must neither query the
        database nor wait: everyone in the room waits for it.
        """
        database.release_connection()
        with self.lock:
            self._readers += 1
            try:
                if not self._condition.wait_for(lambda: self.in_flight == 0, COMMIT_TIMEOUT):
                    raise EventRefused(events.UNAVAILABLE)
                if not self._is_as_new_as(row):
                    self._catch_up_for_member()
                assert self._replica is not None
                yield self._replica.doc
            finally:
                self._readers -= 1
                self._condition.notify_all()

    def submit(self, sid: str, payload: bytes, reply: EventReply) -> None:
        """Judge an update, apply it, and queue it for the disk; `reply` is given later. Raises EventRefused."""
        with self.lock:
            if not self._condition.wait_for(lambda: self._readers == 0, COMMIT_TIMEOUT):
                raise EventRefused(events.UNAVAILABLE)
            member = self.members.get(sid)
            if member is None:
                raise EventRefused(events.NOT_JOINED)
            if self._replica is None or self.access_stale:
                self._prepare_for(member)
            self.require_write(member)
            new = self._apply(payload, lambda steps: self._output.grants_merge_cost(member.person_id, steps))
            self.in_flight += 1
            self.used_at = time.monotonic()
            if new:
                self.changed_at = member.wrote_at = self.used_at
            versions = self.epoch, self.access_rev
            self._output.store(PendingUpdate(self, member, payload if new else None, *versions, self.used_at, reply))

    def _is_as_new_as(self, row: Document) -> bool:
        """Whether the document in memory is as new as the row."""
        same = self._replica is not None and (self.id, self.gen) == (row.id, row.gen)
        return same and row.seq <= self.seq and row.access_rev <= self.access_rev

    def _prepare_for(self, member: RoomMember) -> None:
        with self._output.database_context():
            if self._replica is None:
                self._catch_up_for_member()
            if self.access_stale:
                member.access = access.access_of(member.person_id, self.name) or NO_ACCESS

    def require_writer(self, sid: str) -> None:
        """`require_write` for a socket; EventRefused("not_joined") for one that is not in the room."""
        with self.lock:
            member = self.members.get(sid)
            if member is None:
                raise EventRefused(events.NOT_JOINED)
            if self.access_stale:
                self._prepare_for(member)
            self.require_write(member)

    def require_write(self, member: RoomMember) -> None:
        """EventRefused("forbidden") or ("locked") unless the member may write now."""
        if not member.access.write:
            raise EventRefused(events.FORBIDDEN)
        if self.locked:
            raise EventRefused(events.LOCKED)

    def write_access(self, member: RoomMember) -> tuple[bool, str, str]:
        """(write, reason, by) as it is sent to the member."""
        if not member.access.write:
            return False, member.access.reason, ""
        return not self.locked, self.reason, self.by

    def mark_stored(self, entries: list[PendingUpdate], last: int) -> None:
        """The entries are on disk; `last` is the number of the last one in the log. Relays and acknowledges them."""
        with self.lock:
            logged = [entry for entry in entries if entry.payload is not None]
            first = last - len(logged) + 1
            own_entries = {first + index: entry for index, entry in enumerate(logged)}
            if logged and all(entry.epoch == self.epoch for entry in logged) and self.seq == first - 1:
                for seq, entry in own_entries.items():
                    self._relay(seq, entry.member.sid, entry.payload or b"")
                self.seq = last
            elif logged:
                self.catch_up({seq: entry.member.sid for seq, entry in own_entries.items()})
            for seq, entry in own_entries.items():
                entry.finish(seq)
            for entry in entries:
                if entry.payload is None:
                    entry.finish(self.seq)
            self._leave_flight(entries)

    def mark_failed(self, entries: list[PendingUpdate], error: str | None = None) -> None:
        """The entries did not reach the disk: the document in memory is discarded, and their writers get an error."""
        with self.lock:
            if any(entry.epoch == self.epoch for entry in entries):
                self.invalidate()
            for entry in entries:
                entry.finish(error=error or self._refusal_code(entry.member))
            self._leave_flight(entries)

    def invalidate(self) -> None:
        """Discard the document in memory; it is read from the log when it is needed again."""
        with self.lock:
            self.epoch += 1
            self.in_flight = 0
            self._replica = None
            self._condition.notify_all()

    def _leave_flight(self, entries: list[PendingUpdate]) -> None:
        self.in_flight -= sum(1 for entry in entries if entry.epoch == self.epoch)
        self._condition.notify_all()

    def _refusal_code(self, member: RoomMember) -> str:
        try:
            if self.members.get(member.sid) is not member:
                return events.FORBIDDEN
            self.require_write(member)
        except EventRefused as refusal:
            return refusal.code
        return events.UNAVAILABLE

    # The document in memory

    def catch_up(self, own: dict[int, str] | None = None, row: Document | None = None) -> None:
        """Apply what the log has beyond the document in memory, and relay it. Raises NoDocument when the document does
        not exist any more, or has another generation.

        `own`: {seq: sid} of rows that this process has just written; `row`: the document's, where it was just read.
        Waits for nothing but the room; the caller ensures that no update of this epoch is in flight other than those it
        names.
        """
        database.release_connection()
        with self.lock:
            if row is None:
                db.session.rollback()
                row = document_store.find_document(self.name)
            self.apply_access(row)
            if self._replica is None or row.upto > self.seq or row.id != self.id:
                self._load(row, own or {})
            elif row.seq > self.seq:
                rows = document_store.rows_after(row.id, self.seq)
                # Compacted after the row was read: the missing updates are in the state now.
                if rows and rows[0][0] != self.seq + 1:
                    self.catch_up(own)
                    return
                for seq, payload in rows:
                    self._append(seq, payload, (own or {}).get(seq, ""))
            database.release_connection()

    def _catch_up_for_member(self) -> None:
        """`catch_up` for a member's request. Without the document, the room is about to be closed, which notifies its
        members."""
        try:
            self.catch_up()
        except document_store.NoDocument:
            raise EventRefused(events.UNAVAILABLE) from None

    def apply_access(self, row: Document) -> None:
        """Take over the edit lock and `access_rev` of the row. When they changed, all members have to be rechecked
        (`access_stale`)."""
        if self.gen and row.gen != self.gen:
            raise document_store.NoDocument(self.name)
        if row.access_rev < self.access_rev:
            return  # read before waiting for the room; a newer one was read meanwhile
        changed = row.access_rev != self.access_rev
        if changed and self.id:
            self.access_stale = True
            self.invalidate()
        self.gen, self.access_rev = row.gen, row.access_rev
        self.locked, self.reason, self.by = row.locked, row.lock_reason, row.locked_by

    def _load(self, row: Document, own: dict[int, str]) -> None:
        log = document_store.read_log(row.id)
        old = self._replica.doc.get_state() if self._replica is not None else None
        self._replica = Replica(log, document_store.fragment_names(row.id))
        if self.id and self.relayed < log.upto:
            self._relay(log.upto, "", self._replica.doc.get_update(old))
        for seq, payload in log.rows:
            if self.id and seq > self.relayed:
                self._relay(seq, own.get(seq, ""), payload)
        self.id, self.seq = log.id, log.seq
        self.relayed = max(self.relayed, self.seq)

    def _append(self, seq: int, payload: bytes, sid: str) -> None:
        assert self._replica is not None
        self._replica.learn(payload)
        self.seq = seq
        self.changed_at = time.monotonic()
        self._relay(seq, sid, payload)

    def _apply(self, payload: bytes, affordable: Callable[[int], bool]) -> bool:
        """Apply a client's update. False when it changed nothing. Raises EventRefused."""
        assert self._replica is not None
        try:
            return self._replica.apply(payload, affordable)
        except BaseException as error:
            if not isinstance(error, EventRefused) or isinstance(error, ReplicaBroken):
                self.invalidate()
            raise

    def _relay(self, seq: int, sid: str, payload: bytes) -> None:
        if seq > self.relayed:
            self.delivery.add(RelayedUpdate(seq, sid, payload))
            self.relayed = seq
            self._output.relay_to_members(self)
