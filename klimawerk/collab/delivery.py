"""Who is to be told what, and when: those who write at once, those who read in groups, quiet pages now and then.

A member is told everything in order, each time from where it was told last (`Member.sent`); only the moment differs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from klimawerk.collab.room_members import RelayedUpdate, RoomMember
from klimawerk.live.rate_limits import TokenBucket

WRITING_SECONDS = 5.0  # seconds that somebody counts as writing after an edit
GROUPED, QUIET = 0.5, 10.0  # seconds that words may wait for those who only read, and for quiet pages
OWN_ACK_DELAY = (
    0.5  # seconds until somebody hears that all that is new is their own (a gap of two would make them join again)
)
BYTES_PER_WRITER = 500.0  # bytes a second that one writer may cost each reader; past that readers get words in groups
CARET, CARET_READ = 0.2, 2.0  # seconds between two carets of one person, for those who write and who read
MAX_QUEUED_BYTES = 1_000_000  # bytes that may wait for the last of them
FRAME_OVERHEAD = 90  # bytes around the updates of a frame


@dataclass
class Delivery:
    """What leaves now, by receiver, and when to look again (monotonic seconds; None: when something happens)."""

    words: list[tuple[int, list[RelayedUpdate], list[str]]] = field(default_factory=list)
    carets: list[tuple[str, Any, list[str]]] = field(default_factory=list)
    again: float | None = None


class DeliveryQueue:
    """What waits for the members of one room. Whoever calls holds the room's lock."""

    def __init__(self, members: dict[str, RoomMember]) -> None:
        self._members = members
        self._waiting: list[RelayedUpdate] = []
        self._readers = TokenBucket(BYTES_PER_WRITER, BYTES_PER_WRITER)
        self._carets: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        self._caret_at: dict[tuple[bool, str], float] = {}
        self._read = 0

    def add(self, relay: RelayedUpdate) -> None:
        self._waiting.append(relay)

    def move(self, sid: str, caret: Any) -> None:
        for owed in self._carets:
            owed[sid] = caret

    def due(self, quiet: Callable[[str], bool]) -> Delivery:
        """What leaves now. `quiet(sid)` says whether that page wants to hear little."""
        now, due = time.monotonic(), Delivery()
        writing = {sid for sid, member in self._members.items() if now - member.wrote_at < WRITING_SECONDS}
        if self._waiting:
            self._words(due, now, writing, quiet)
        if any(self._carets):
            silent = {sid for sid in self._members if quiet(sid)}
            self._move_carets(due, now, writing - silent, self._members.keys() - writing - silent)
        return due

    def _words(self, due: Delivery, now: float, writing: set[str], quiet: Callable[[str], bool]) -> None:
        last, told_readers = self._waiting[-1].seq, False
        heavy = sum(len(relay.payload) for relay in self._waiting) > MAX_QUEUED_BYTES
        costly = self._read < last and len(self._members) > len(writing) and not self._affordable(len(writing))
        for sent, sids in self._behind(last).items():
            relays, ready = self._after(sent), []
            since, writer = relays[0].at, _sole_writer(relays)
            read_at = since + GROUPED if costly else since
            for sid in sids:
                reads = sid not in writing
                at = read_at if reads else since + OWN_ACK_DELAY if sid == writer else since
                if reads and now >= at and quiet(sid):
                    at = since + QUIET
                if now >= at or heavy:
                    ready.append(sid)
                    told_readers |= reads
                else:
                    due.again = min(due.again or at, at)
            for sid in ready:
                self._members[sid].sent = last
            if ready:
                due.words.append((sent, relays, ready))
        if told_readers:
            self._read = last
        self._waiting = self._after(min((member.sent for member in self._members.values()), default=last))

    def _behind(self, last: int) -> dict[int, list[str]]:
        """Who still lacks something, by what they were told last."""
        behind: dict[int, list[str]] = {}
        for sid, member in self._members.items():
            if member.sent < last:
                behind.setdefault(member.sent, []).append(sid)
        return behind

    def _affordable(self, writers: int) -> bool:
        """Whether readers may have what is new to them at once."""
        self._readers.rate = self._readers.size = BYTES_PER_WRITER * max(1, writers)
        return self._readers.take(FRAME_OVERHEAD + sum(len(relay.payload) * 1.4 for relay in self._after(self._read)))

    def _after(self, seq: int) -> list[RelayedUpdate]:
        return [relay for relay in self._waiting if relay.seq > seq]

    def _move_carets(self, due: Delivery, now: float, writing: set[str], reading: set[str]) -> None:
        for owed, pause, sids in zip(self._carets, (CARET, CARET_READ), (writing, reading), strict=True):
            for sid in list(owed):
                next_at = self._caret_at.get((pause == CARET, sid), 0.0) + pause
                if now < next_at:
                    due.again = min(due.again or next_at, next_at)
                    continue
                caret = owed.pop(sid)
                self._caret_at[pause == CARET, sid] = now
                if receivers := sorted(sids - {sid}):
                    due.carets.append((sid, caret, receivers))

    def forget(self, sid: str) -> None:
        """A member has left."""
        for owed in self._carets:
            owed.pop(sid, None)
        for key in [key for key in self._caret_at if key[1] == sid]:
            del self._caret_at[key]


def _sole_writer(relays: list[RelayedUpdate]) -> str:
    """Whose all of them are; empty where several wrote."""
    writers = {relay.sid for relay in relays}
    return writers.pop() if len(writers) == 1 else ""
