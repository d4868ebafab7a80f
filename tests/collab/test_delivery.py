"""Delivery: who gets which updates when, as a writer and as a reader."""

from __future__ import annotations

import pytest

from klimawerk.collab.room import delivery
from klimawerk.collab.room.delivery import BYTES_PER_WRITER, GROUP_DELAY, OWN_ACK_DELAY, DeliveryQueue
from klimawerk.collab.room.room_members import NO_ACCESS, RelayedUpdate, RoomMember

SentSeqs = dict[str, list[int]]


class MonotonicClock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


class DeliveryScene:
    """Two writers and a reader, who have got every update so far."""

    def __init__(self, clock: MonotonicClock) -> None:
        self.clock = clock
        self.members = {sid: RoomMember(sid, 1, NO_ACCESS) for sid in ("writer", "other", "reader")}
        self.members["writer"].wrote_at = self.members["other"].wrote_at = clock.now
        self.queue = DeliveryQueue(self.members)
        self.seq = 0

    def write(self, sid: str = "writer") -> None:
        self.seq += 1
        self.members[sid].wrote_at = self.clock.now
        self.queue.add(RelayedUpdate(self.seq, sid, b"x", self.clock.now))

    def send_due(self) -> SentSeqs:
        """{sid: numbers of the updates that are sent now}."""
        updates = self.queue.due(lambda _sid: False).updates
        return {sid: [relay.seq for relay in relays] for _, relays, sids in updates for sid in sids}

    def seconds_until_next(self) -> float:
        """Seconds until `due` is to be called again."""
        seconds_until_next = self.queue.due(lambda _sid: False).next_at
        assert seconds_until_next is not None
        return seconds_until_next - self.clock.now


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> DeliveryScene:
    clock = MonotonicClock()
    monkeypatch.setattr(delivery, "time", clock)
    return DeliveryScene(clock)


def test_the_first_word_after_a_pause_reaches_all_at_once_but_its_writer(room: DeliveryScene) -> None:
    room.write()
    assert room.send_due() == {"other": [1], "reader": [1]}


def test_who_only_reads_gets_what_writers_get_while_the_line_bears_it(room: DeliveryScene) -> None:
    frames = []
    for _ in range(4):
        room.write()
        frames.append(room.send_due())
        room.clock.now += 0.03
    assert [frame["other"] for frame in frames] == [[1], [2], [3], [4]]
    assert [frame["reader"] for frame in frames] == [[1], [2], [3], [4]]


def test_past_that_words_wait_for_company_and_come_within_half_a_second(room: DeliveryScene) -> None:
    room.queue.add(RelayedUpdate(1, "writer", b"x" * int(3 * BYTES_PER_WRITER), room.clock.now))
    room.seq = 1
    assert room.send_due()["reader"] == [1]
    room.write()
    assert room.send_due() == {"other": [2]}
    assert 0 < room.seconds_until_next() <= GROUP_DELAY
    room.write()
    room.clock.now += GROUP_DELAY
    assert room.send_due()["reader"] == [2, 3]


def test_a_writer_hears_of_own_words_with_those_of_others_or_after_a_while(room: DeliveryScene) -> None:
    room.write("writer")
    assert "writer" not in room.send_due()
    room.clock.now += 0.1
    room.write("other")
    assert room.send_due()["writer"] == [1, 2]
    room.clock.now += 0.1
    room.write("writer")
    assert "writer" not in room.send_due()
    room.clock.now += OWN_ACK_DELAY
    assert room.send_due()["writer"] == [3]
