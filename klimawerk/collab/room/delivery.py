"""Delivery of updates and carets: writers get them at once, readers in groups, quiet pages now and then.

Each member gets all updates in order, each time from its last one (`RoomMember.sent_seq`); only the moment differs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from klimawerk.collab.room.room_members import RelayedUpdate, RoomMember
from klimawerk.live.rate_limits import TokenBucket

WRITING_SECONDS = 5.0  # seconds for which a member counts as writing after an edit
GROUP_DELAY, QUIET_DELAY = 0.5, 10.0  # longest delay in seconds: for readers, for quiet pages
OWN_ACK_DELAY = 0.5  # seconds until a writer gets the numbers of own updates alone (a gap of two makes a client rejoin)
BYTES_PER_WRITER = 500.0  # bytes a second that one writer may cost each reader; above that updates are grouped
CARET_PAUSE, CARET_PAUSE_READING = 0.2, 2.0  # seconds between two carets of a person: for writers, readers
MAX_QUEUED_BYTES = 1_000_000  # bytes of waiting updates above which all members get them at once
FRAME_OVERHEAD = 90  # bytes around the updates of a frame


@dataclass
class Delivery:
    """What is sent now, by receivers, and when to call again (monotonic seconds; None: when something is added).

    `updates`: (number before them, updates, sids); `carets`: (sid, caret, sids of the receivers).
    """

    updates: list[tuple[int, list[RelayedUpdate], list[str]]] = field(default_factory=list)
    carets: list[tuple[str, Any, list[str]]] = field(default_factory=list)
    next_at: float | None = None


class DeliveryQueue:
    """Updates and carets that wait for the members of one room. The caller holds the room's lock."""

    def __init__(self, members: dict[str, RoomMember]) -> None:
        self._members = members
        self._queue: list[RelayedUpdate] = []
        self._reader_budget = TokenBucket(BYTES_PER_WRITER, BYTES_PER_WRITER)
        self._carets: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        self._caret_sent_at: dict[tuple[bool, str], float] = {}
        self._readers_sent_seq = 0

    def add(self, relay: RelayedUpdate) -> None:
        self._queue.append(relay)

    def set_caret(self, sid: str, caret: Any) -> None:
        for pending in self._carets:
            pending[sid] = caret

    def due(self, is_quiet: Callable[[str], bool]) -> Delivery:
        """What is sent now. `is_quiet(sid)`: whether that page wants few messages."""
        now, outgoing = time.monotonic(), Delivery()
        writing = {sid for sid, member in self._members.items() if now - member.wrote_at < WRITING_SECONDS}
        if self._queue:
            self._add_updates(outgoing, now, writing, is_quiet)
        if any(self._carets):
            quiet_members = {sid for sid in self._members if is_quiet(sid)}
            self._add_carets(outgoing, now, writing - quiet_members, self._members.keys() - writing - quiet_members)
        return outgoing

    def _add_updates(self, due: Delivery, now: float, writing: set[str], is_quiet: Callable[[str], bool]) -> None:
        last, reached_readers = self._queue[-1].seq, False
        heavy = sum(len(relay.payload) for relay in self._queue) > MAX_QUEUED_BYTES
        costly = (
            self._readers_sent_seq < last
            and len(self._members) > len(writing)
            and not self._within_reader_budget(len(writing))
        )
        for sent_seq, sids in self._members_behind(last).items():
            relays, ready = self._updates_after(sent_seq), []
            since, writer = relays[0].at, _sole_writer(relays)
            read_at = since + GROUP_DELAY if costly else since
            for sid in sids:
                reads = sid not in writing
                at = read_at if reads else since + OWN_ACK_DELAY if sid == writer else since
                if reads and now >= at and is_quiet(sid):
                    at = since + QUIET_DELAY
                if now >= at or heavy:
                    ready.append(sid)
                    reached_readers |= reads
                else:
                    due.next_at = min(due.next_at or at, at)
            for sid in ready:
                self._members[sid].sent_seq = last
            if ready:
                due.updates.append((sent_seq, relays, ready))
        if reached_readers:
            self._readers_sent_seq = last
        self._queue = self._updates_after(min((member.sent_seq for member in self._members.values()), default=last))

    def _members_behind(self, last: int) -> dict[int, list[str]]:
        """Members that lack updates, by the number of their last one."""
        behind: dict[int, list[str]] = {}
        for sid, member in self._members.items():
            if member.sent_seq < last:
                behind.setdefault(member.sent_seq, []).append(sid)
        return behind

    def _within_reader_budget(self, writers: int) -> bool:
        """Whether readers may get the new updates at once."""
        self._reader_budget.rate = self._reader_budget.size = BYTES_PER_WRITER * max(1, writers)
        return self._reader_budget.take(
            FRAME_OVERHEAD + sum(len(relay.payload) * 1.4 for relay in self._updates_after(self._readers_sent_seq))
        )

    def _updates_after(self, seq: int) -> list[RelayedUpdate]:
        return [relay for relay in self._queue if relay.seq > seq]

    def _add_carets(self, due: Delivery, now: float, writing: set[str], reading: set[str]) -> None:
        for pending, pause, sids in zip(
            self._carets, (CARET_PAUSE, CARET_PAUSE_READING), (writing, reading), strict=True
        ):
            for sid in list(pending):
                next_at = self._caret_sent_at.get((pause == CARET_PAUSE, sid), 0.0) + pause
                if now < next_at:
                    due.next_at = min(due.next_at or next_at, next_at)
                    continue
                caret = pending.pop(sid)
                self._caret_sent_at[pause == CARET_PAUSE, sid] = now
                if receivers := sorted(sids - {sid}):
                    due.carets.append((sid, caret, receivers))

    def forget(self, sid: str) -> None:
        """A member has left."""
        for pending in self._carets:
            pending.pop(sid, None)
        for key in [key for key in self._caret_sent_at if key[1] == sid]:
            del self._caret_sent_at[key]


def _sole_writer(relays: list[RelayedUpdate]) -> str:
    """The sid of the only writer of all these updates; empty where there are several."""
    writers = {relay.sid for relay in relays}
    return writers.pop() if len(writers) == 1 else ""
