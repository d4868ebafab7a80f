"""One document that is open in this process, with those who have it open.

A room's document is a cache of the log. It holds what is on disk and what is on its way there (`in_flight`); a reader
therefore waits until nothing is on its way (`settled`), while writers wait for the reader. One lock per room guards
everything in it; it is never held over a commit.
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
from klimawerk.collab import access, document_store
from klimawerk.collab.delivery import DeliveryQueue
from klimawerk.collab.models import Document
from klimawerk.collab.replica import Replica, ReplicaBroken
from klimawerk.collab.room_members import NO_ACCESS, RelayedUpdate, RoomMember
from klimawerk.extensions import db
from klimawerk.live import events
from klimawerk.live.handlers import COMMIT_TIMEOUT, EventRefused, EventReply


@dataclass(eq=False)
class PendingUpdate:
    """An update on its way to the disk; `payload` None: it brought nothing new, and waits for what it doubles.

    `since`: when it came, in monotonic seconds.
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
        """Tell the writer how it went."""
        self.finished = True
        if error:
            self.reply.no(error)
        else:
            self.reply.ok(seq=seq)


class RoomOutput(Protocol):
    """Where a room puts what leaves it."""

    def to_disk(self, entry: PendingUpdate) -> None:
        """An update wants to be stored."""

    def to_members(self, room: Room) -> None:
        """Something waits for the room's members."""

    def at_database(self) -> AbstractContextManager[object]:
        """In here the database may be asked; whoever sends a letter has not entered it."""

    def affords(self, person_id: int, steps: int) -> bool:
        """Whether the person's words may take so many steps of merging now."""


class Room:
    """One open document. `epoch` grows whenever what is in flight can no longer be trusted."""

    def __init__(self, name: str, desk: RoomOutput) -> None:
        self.name = name
        self.members: dict[str, RoomMember] = {}
        self.lock = threading.RLock()
        self.audience = DeliveryQueue(self.members)
        self.carets: dict[str, Any] = {}
        self.relayed = 0
        self.relay_after = 0.0
        self.undecided = False
        self.used_at = self.changed_at = time.monotonic()
        self.id = self.seq = self.epoch = self.access_rev = self.in_flight = 0
        self.gen = ""
        self.locked, self.reason, self.by = False, "", ""
        self._desk = desk
        self._turn = threading.Condition(self.lock)
        self._readers = 0
        self._replica: Replica | None = None

    # What members do

    @contextmanager
    def settled(self, row: Document) -> Iterator[Doc[XmlFragment]]:
        """The document as it is on disk, at least as new as its `row`, which was just read. Refused("unavailable") when
        the disk is too slow.

        The first one reads it from the log; the others wait for that, and then find it. Nothing inside the block may
        ask the database, or wait: everybody in the room waits for it.
        """
        database.release_connection()
        with self.lock:
            self._readers += 1
            try:
                if not self._turn.wait_for(lambda: self.in_flight == 0, COMMIT_TIMEOUT):
                    raise EventRefused(events.UNAVAILABLE)
                if not self._has(row):
                    self._catch_up()
                assert self._replica is not None
                yield self._replica.doc
            finally:
                self._readers -= 1
                self._turn.notify_all()

    def submit(self, sid: str, payload: bytes, reply: EventReply) -> None:
        """Judge an update, apply it, and send it on its way to the disk; then `reply` is given. Raises Refused."""
        with self.lock:
            if not self._turn.wait_for(lambda: self._readers == 0, COMMIT_TIMEOUT):
                raise EventRefused(events.UNAVAILABLE)
            member = self.members.get(sid)
            if member is None:
                raise EventRefused(events.NOT_JOINED)
            if self._replica is None or self.undecided:
                self._be_ready(member)
            self.require_write(member)
            new = self._apply(payload, lambda steps: self._desk.affords(member.person_id, steps))
            self.in_flight += 1
            self.used_at = time.monotonic()
            if new:
                self.changed_at = member.wrote_at = self.used_at
            known = self.epoch, self.access_rev
            self._desk.to_disk(PendingUpdate(self, member, payload if new else None, *known, self.used_at, reply))

    def _has(self, row: Document) -> bool:
        """Whether what is in memory is as new as the row."""
        same = self._replica is not None and (self.id, self.gen) == (row.id, row.gen)
        return same and row.seq <= self.seq and row.access_rev <= self.access_rev

    def _be_ready(self, member: RoomMember) -> None:
        with self._desk.at_database():
            if self._replica is None:
                self._catch_up()
            if self.undecided:
                member.access = access.access_of(member.person_id, self.name) or NO_ACCESS

    def require_writer(self, sid: str) -> None:
        """`require_write` for a socket; Refused("not_joined") for one that is not in the room."""
        with self.lock:
            member = self.members.get(sid)
            if member is None:
                raise EventRefused(events.NOT_JOINED)
            if self.undecided:
                self._be_ready(member)
            self.require_write(member)

    def require_write(self, member: RoomMember) -> None:
        """Refused("forbidden") or ("locked") unless the member may write now."""
        if not member.access.write:
            raise EventRefused(events.FORBIDDEN)
        if self.locked:
            raise EventRefused(events.LOCKED)

    def may(self, member: RoomMember) -> tuple[bool, str, str]:
        """(write, reason, by) as the member is told."""
        if not member.access.write:
            return False, member.access.reason, ""
        return not self.locked, self.reason, self.by

    def stored(self, entries: list[PendingUpdate], last: int) -> None:
        """The entries are on disk; `last` is the number of the last one that was logged. Readers may go on."""
        with self.lock:
            logged = [entry for entry in entries if entry.payload is not None]
            first = last - len(logged) + 1
            own = {first + index: entry for index, entry in enumerate(logged)}
            if logged and all(entry.epoch == self.epoch for entry in logged) and self.seq == first - 1:
                for seq, entry in own.items():
                    self._relay(seq, entry.member.sid, entry.payload or b"")
                self.seq = last
            elif logged:
                self.follow({seq: entry.member.sid for seq, entry in own.items()})
            for seq, entry in own.items():
                entry.finish(seq)
            for entry in entries:
                if entry.payload is None:
                    entry.finish(self.seq)
            self._landed(entries)

    def lost(self, entries: list[PendingUpdate], error: str | None = None) -> None:
        """The entries did not reach the disk: nothing in memory can be trusted, their writers are told why."""
        with self.lock:
            if any(entry.epoch == self.epoch for entry in entries):
                self.invalidate()
            for entry in entries:
                entry.finish(error=error or self._why_not(entry.member))
            self._landed(entries)

    def invalidate(self) -> None:
        """Forget the document in memory; it is read again from the log when somebody needs it."""
        with self.lock:
            self.epoch += 1
            self.in_flight = 0
            self._replica = None
            self._turn.notify_all()

    def _landed(self, entries: list[PendingUpdate]) -> None:
        self.in_flight -= sum(1 for entry in entries if entry.epoch == self.epoch)
        self._turn.notify_all()

    def _why_not(self, member: RoomMember) -> str:
        try:
            if self.members.get(member.sid) is not member:
                return events.FORBIDDEN
            self.require_write(member)
        except EventRefused as refusal:
            return refusal.code
        return events.UNAVAILABLE

    # The document in memory

    def follow(self, own: dict[int, str] | None = None, row: Document | None = None) -> None:
        """Catch up with the log, and have the others' updates relayed. Raises NoDocument when it is gone.

        `own`: {seq: sid} of rows this process has just written; `row`: the document's, where it was just read. Waits
        for nothing but the room; the caller sees to it that nothing of this epoch is in flight which it does not name.
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
                # Compacted after the row was read: what is missing is in the state now.
                if rows and rows[0][0] != self.seq + 1:
                    self.follow(own)
                    return
                for seq, payload in rows:
                    self._take_over(seq, payload, (own or {}).get(seq, ""))
            database.release_connection()

    def _catch_up(self) -> None:
        """For a member's wish: when the document is gone, the room is about to be closed, which tells them."""
        try:
            self.follow()
        except document_store.NoDocument:
            raise EventRefused(events.UNAVAILABLE) from None

    def apply_access(self, row: Document) -> None:
        """Take note of locks and rights. When they changed, all members have to be decided anew (`undecided`)."""
        if self.gen and row.gen != self.gen:
            raise document_store.NoDocument(self.name)
        if row.access_rev < self.access_rev:
            return  # read before the room was waited for, where somebody else has read a newer one
        changed = row.access_rev != self.access_rev
        if changed and self.id:
            self.undecided = True
            self.invalidate()
        self.gen, self.access_rev = row.gen, row.access_rev
        self.locked, self.reason, self.by = row.locked, row.lock_reason, row.locked_by

    def _load(self, row: Document, own: dict[int, str]) -> None:
        stored = document_store.read_log(row.id)
        old = self._replica.doc.get_state() if self._replica is not None else None
        self._replica = Replica(stored, document_store.fragment_names(row.id))
        if self.id and self.relayed < stored.upto:
            self._relay(stored.upto, "", self._replica.doc.get_update(old))
        for seq, payload in stored.rows:
            if self.id and seq > self.relayed:
                self._relay(seq, own.get(seq, ""), payload)
        self.id, self.seq = stored.id, stored.seq
        self.relayed = max(self.relayed, self.seq)

    def _take_over(self, seq: int, payload: bytes, sid: str) -> None:
        assert self._replica is not None
        self._replica.learn(payload)
        self.seq = seq
        self.changed_at = time.monotonic()
        self._relay(seq, sid, payload)

    def _apply(self, payload: bytes, affordable: Callable[[int], bool]) -> bool:
        """Apply a client's update. False when it brought nothing new. Raises Refused."""
        assert self._replica is not None
        try:
            return self._replica.apply(payload, affordable)
        except BaseException as error:
            if not isinstance(error, EventRefused) or isinstance(error, ReplicaBroken):
                self.invalidate()
            raise

    def _relay(self, seq: int, sid: str, payload: bytes) -> None:
        if seq > self.relayed:
            self.audience.add(RelayedUpdate(seq, sid, payload))
            self.relayed = seq
            self._desk.to_members(self)
