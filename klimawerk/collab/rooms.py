"""The documents that are open in this process, each in its room.

A room's document is a cache of the log. It holds what is on disk and what is on its way there (`in_flight`); a reader
therefore waits until nothing is on its way (`settled`), while writers wait for the reader. One lock per room guards
everything in it; it is never held over a commit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from pycrdt import Doc, XmlFragment

from klimawerk.collab import access, store
from klimawerk.collab.access import Access
from klimawerk.collab.knowledge import Knowledge
from klimawerk.collab.models import Document
from klimawerk.extensions import db
from klimawerk.live import events
from klimawerk.live.doors import Refused

log = logging.getLogger(__name__)
LARGEST, SMALL = 4_000_000, 200  # bytes of a document's state; of an update that may still come in, to delete
NOTHING = Access(read=False, write=False)
PATIENCE = 10.0  # seconds until a wish that waits for the disk is answered with "unavailable"


class Desk(Protocol):
    """Where a room puts what leaves it."""

    def to_disk(self, entry: Entry) -> None:
        """An update wants to be stored."""

    def to_members(self, room: Room) -> None:
        """Something lies in the room's outbox."""


@dataclass(eq=False)
class Member:
    """A socket that joined. `told`: the last (write, reason, by) it was told."""

    sid: str
    person_id: int
    access: Access
    told: tuple[bool, str, str] = (False, "", "")


@dataclass(eq=False)
class Entry:
    """An update on its way to the disk; `payload` None: it brought nothing new, and waits for what it doubles."""

    room: Room
    member: Member
    payload: bytes | None
    epoch: int
    access_rev: int
    done: threading.Event = field(default_factory=threading.Event)
    seq: int = 0
    error: str = ""

    def finish(self, seq: int = 0, error: str = "") -> None:
        self.seq, self.error = seq, error
        self.done.set()


@dataclass(frozen=True)
class Relay:
    """An update for the others: `sid` is its writer's, "" for one that came from elsewhere."""

    seq: int
    sid: str
    payload: bytes


class Room:
    """One open document. `epoch` grows whenever what is in flight can no longer be trusted."""

    def __init__(self, name: str, desk: Desk) -> None:
        self.name = name
        self.members: dict[str, Member] = {}
        self.lock = threading.RLock()
        self.outbox: list[Relay] = []
        self.carets: dict[str, str] = {}
        self.moved_carets: set[str] = set()
        self.relayed = self.sent = 0
        self.relay_after = 0.0
        self.undecided = False
        self.used_at = self.changed_at = time.monotonic()
        self.id = self.seq = self.epoch = self.access_rev = self.in_flight = 0
        self.gen = ""
        self.locked, self.reason, self.by = False, "", ""
        self._desk = desk
        self._turn = threading.Condition(self.lock)
        self._readers = 0
        self._doc: Doc[XmlFragment] | None = None
        self._fired: list[int] = []
        self._size = 0

    # What members do

    @contextmanager
    def settled(self) -> Iterator[Doc[XmlFragment]]:
        """The document as it is on disk, current up to the log. Refused("unavailable") when the disk is too slow."""
        with self.lock:
            self._readers += 1
            try:
                if not self._turn.wait_for(lambda: self.in_flight == 0, PATIENCE):
                    raise Refused(events.UNAVAILABLE)
                self._catch_up()
                assert self._doc is not None
                yield self._doc
            finally:
                self._readers -= 1
                self._turn.notify_all()

    def submit(self, sid: str, payload: bytes) -> Entry:
        """Judge an update, apply it, and send it on its way to the disk. Raises Refused."""
        with self.lock:
            if not self._turn.wait_for(lambda: self._readers == 0, PATIENCE):
                raise Refused(events.UNAVAILABLE)
            member = self.members.get(sid)
            if member is None:
                raise Refused(events.NOT_JOINED)
            if self._doc is None:
                self._catch_up()
            if self.undecided:
                member.access = access.of(member.person_id, self.name) or NOTHING
            self.require_write(member)
            new = self._apply(payload)
            entry = Entry(self, member, payload if new else None, self.epoch, self.access_rev)
            self.in_flight += 1
            self.used_at = time.monotonic()
            if new:
                self.changed_at = self.used_at
            self._desk.to_disk(entry)
            return entry

    def require_write(self, member: Member) -> None:
        """Refused("forbidden") or ("locked") unless the member may write now."""
        if not member.access.write:
            raise Refused(events.FORBIDDEN)
        if self.locked:
            raise Refused(events.LOCKED)

    def may(self, member: Member) -> tuple[bool, str, str]:
        """(write, reason, by) as the member is told."""
        if not member.access.write:
            return False, member.access.reason, ""
        return not self.locked, self.reason, self.by

    def stored(self, entries: list[Entry], last: int) -> None:
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

    def lost(self, entries: list[Entry], error: str | None = None) -> None:
        """The entries did not reach the disk: nothing in memory can be trusted, their writers are told why."""
        with self.lock:
            if any(entry.epoch == self.epoch for entry in entries):
                self.distrust()
            for entry in entries:
                entry.finish(error=error or self._why_not(entry.member))
            self._landed(entries)

    def distrust(self) -> None:
        """Forget the document in memory; it is read again from the log when somebody needs it."""
        with self.lock:
            self.epoch += 1
            self.in_flight = 0
            self._doc = None
            self._turn.notify_all()

    def _landed(self, entries: list[Entry]) -> None:
        self.in_flight -= sum(1 for entry in entries if entry.epoch == self.epoch)
        self._turn.notify_all()

    def _why_not(self, member: Member) -> str:
        try:
            if self.members.get(member.sid) is not member:
                return events.FORBIDDEN
            self.require_write(member)
        except Refused as refusal:
            return refusal.code
        return events.UNAVAILABLE

    # The document in memory

    def follow(self, own: dict[int, str] | None = None) -> None:
        """Catch up with the log, and have the others' updates relayed. Raises NoDocument when it is gone.

        `own`: {seq: sid} of rows this process has just written. Waits for nothing; the caller sees to it that nothing
        of this epoch is in flight which it does not name.
        """
        with self.lock:
            db.session.rollback()
            row = store.find(self.name)
            self.take_access(row)
            if self._doc is None or row.upto > self.seq or row.id != self.id:
                self._load(row, own or {})
            elif row.seq > self.seq:
                for seq, payload in store.rows_after(row.id, self.seq):
                    self._take_over(seq, payload, (own or {}).get(seq, ""))

    def _catch_up(self) -> None:
        """For a member's wish: when the document is gone, the room is about to be closed, which tells them."""
        try:
            self.follow()
        except store.NoDocument:
            raise Refused(events.UNAVAILABLE) from None

    def take_access(self, row: Document) -> None:
        """Take note of locks and rights. When they changed, all members have to be decided anew (`undecided`)."""
        if self.gen and row.gen != self.gen:
            raise store.NoDocument(self.name)
        changed = row.access_rev != self.access_rev
        if changed and self.id:
            self.undecided = True
            self.distrust()
        self.gen, self.access_rev = row.gen, row.access_rev
        self.locked, self.reason, self.by = row.locked, row.lock_reason, row.locked_by

    def _load(self, row: Document, own: dict[int, str]) -> None:
        stored = store.read_log(row.id)
        self._knowledge = Knowledge(store.fragment_names(row.id))
        old = self._doc.get_state() if self._doc is not None else None
        self._doc = Doc()
        self._size = len(stored.state)
        self._learn(stored.state)
        for _, payload in stored.rows:
            self._learn(payload)
        if self.id and self.relayed < stored.upto:
            self._relay(stored.upto, "", self._doc.get_update(old))
        for seq, payload in stored.rows:
            if self.id and seq > self.relayed:
                self._relay(seq, own.get(seq, ""), payload)
        self.id, self.seq = stored.id, stored.seq
        self.relayed = max(self.relayed, self.seq)
        self.sent = self.sent or self.relayed
        self._doc.observe(lambda _event: self._fired.append(1))

    def _take_over(self, seq: int, payload: bytes, sid: str) -> None:
        self._learn(payload)
        self.seq = seq
        self.changed_at = time.monotonic()
        self._relay(seq, sid, payload)

    def _learn(self, payload: bytes) -> None:
        assert self._doc is not None
        self._knowledge.learn(payload)
        self._doc.apply_update(payload)
        self._size += len(payload)

    def _apply(self, payload: bytes) -> bool:
        """Apply a client's update. False when it brought nothing new. Raises Refused."""
        assert self._doc is not None
        if self._size + len(payload) > LARGEST:
            self._size = len(self._doc.get_update())
            if self._size + len(payload) > LARGEST and len(payload) > SMALL:
                raise Refused(events.TOO_LARGE)
        self._knowledge.judge(payload)
        self._fired.clear()
        try:
            self._doc.apply_update(payload)
        except BaseException as error:  # the library's panics are no Exceptions
            self.distrust()
            if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
                raise
            log.warning("%s: an update was not applied: %s", self.name, type(error).__name__)
            raise Refused(events.INVALID) from None
        self._size += len(payload)
        return bool(self._fired)

    def _relay(self, seq: int, sid: str, payload: bytes) -> None:
        if seq > self.relayed:
            self.outbox.append(Relay(seq, sid, payload))
            self.relayed = seq
            self._desk.to_members(self)


class Rooms:
    """The register of open rooms."""

    def __init__(self, desk: Desk) -> None:
        self._rooms: dict[str, Room] = {}
        self._lock = threading.Lock()
        self._desk = desk

    def open(self, name: str) -> Room:
        """The document's room. Refused("not_found") when there is none, or it is deleted."""
        with self._lock:
            room = self._rooms.get(name)
            if room is None:
                room = self._rooms[name] = Room(name, self._desk)
        try:
            with room.lock:
                row = store.find(name)
                if row.deleted:
                    raise store.NoDocument(name)
                if not room.id:
                    room.follow()
        except store.NoDocument:
            self.forget(room)
            raise Refused(events.NOT_FOUND) from None
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


def member(page_sid: str, person_id: int, doc: str) -> Member:
    """A member for the room. Refused("not_found") where the person may not know of the document."""
    found = access.of(person_id, doc)
    if found is None:
        raise Refused(events.NOT_FOUND)
    return Member(page_sid, person_id, found)
