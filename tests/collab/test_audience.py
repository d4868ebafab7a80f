"""Who is told what, and when: one who writes, and one who only reads."""

from __future__ import annotations

import pytest

from klimawerk.collab import audience
from klimawerk.collab.audience import OWN, READ, Audience
from klimawerk.collab.members import NOTHING, Member, Relay

Told = dict[str, list[int]]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


class Room:
    """A writer and a reader, both told everything so far."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.members = {sid: Member(sid, 1, NOTHING) for sid in ("writer", "other", "reader")}
        self.members["writer"].wrote_at = self.members["other"].wrote_at = clock.now
        self.audience = Audience(self.members)
        self.seq = 0

    def write(self, sid: str = "writer") -> None:
        self.seq += 1
        self.members[sid].wrote_at = self.clock.now
        self.audience.add(Relay(self.seq, sid, b"x", self.clock.now))

    def told(self) -> Told:
        """{sid: numbers of what it is told now}."""
        words = self.audience.due(lambda _sid: False).words
        return {sid: [relay.seq for relay in relays] for _, relays, sids in words for sid in sids}

    def again(self) -> float:
        """Seconds until the next look."""
        again = self.audience.due(lambda _sid: False).again
        assert again is not None
        return again - self.clock.now


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    clock = Clock()
    monkeypatch.setattr(audience, "time", clock)
    return Room(clock)


def test_the_first_word_after_a_pause_reaches_all_at_once_but_its_writer(room: Room) -> None:
    room.write()
    assert room.told() == {"other": [1], "reader": [1]}


def test_readers_get_every_second_frame_of_those_that_writers_get(room: Room) -> None:
    room.write()
    room.told()
    frames = []
    for _ in range(4):
        room.clock.now += 0.02
        room.write()
        frames.append(room.told())
    assert [frame["other"] for frame in frames] == [[2], [3], [4], [5]]
    assert [frame.get("reader") for frame in frames] == [None, [2, 3], None, [4, 5]]


def test_the_last_word_does_not_wait_for_another_one(room: Room) -> None:
    room.write()
    room.told()
    room.clock.now += 0.02
    room.write()
    room.told()
    assert 0 < room.again() < READ
    room.clock.now += room.again() + 0.001
    assert room.told() == {"reader": [2]}


def test_a_writer_hears_of_own_words_with_those_of_others_or_after_a_while(room: Room) -> None:
    room.write("writer")
    assert "writer" not in room.told()
    room.clock.now += 0.1
    room.write("other")
    assert room.told()["writer"] == [1, 2]
    room.clock.now += 0.1
    room.write("writer")
    assert "writer" not in room.told()
    room.clock.now += OWN
    assert room.told()["writer"] == [3]
