"""Updates share a transaction, but none waits for others longer than it may."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from flask import Flask

from klimawerk.collab.room import committer
from klimawerk.collab.room.committer import MAX_BATCH_DELAY, PAUSE_WITHOUT_DELAY, Committer
from klimawerk.collab.room.room import PendingUpdate


class Clock:
    """Time that passes only while somebody sleeps; `slept`: how long the last time."""

    def __init__(self) -> None:
        self.now, self.slept = 1_000.0, 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += seconds


class Coming:
    """An update, as far as the one who gathers looks at it."""

    def __init__(self, since: float) -> None:
        self.since = since


class Gathering(Committer):
    def __init__(self, clock: Clock) -> None:
        super().__init__(Flask(__name__), lambda _run: threading.Thread(), lambda _rooms: None, lambda _room: None)
        self._clock = clock

    def waits(self, came: float) -> float:
        """How long (seconds) it is waited when an update is found that came at `came`."""
        self.put(cast(PendingUpdate, Coming(came)))
        self._clock.slept = 0.0
        batch: list[Any] = self._gather()
        assert [entry.since for entry in batch] == [came]
        return self._clock.slept


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(committer, "time", clock)
    return clock


def test_the_first_letter_after_a_pause_waits_for_nobody(clock: Clock) -> None:
    gathering = Gathering(clock)
    assert gathering.waits(clock.now) == 0
    clock.now += PAUSE_WITHOUT_DELAY
    assert gathering.waits(clock.now) == 0


def test_a_letter_of_a_busy_moment_waits_for_others_but_no_longer_than_agreed(clock: Clock) -> None:
    gathering = Gathering(clock)
    gathering.waits(clock.now)
    clock.now += PAUSE_WITHOUT_DELAY / 2
    assert gathering.waits(clock.now) == pytest.approx(MAX_BATCH_DELAY)


def test_what_it_waited_while_the_disk_was_slow_counts(clock: Clock) -> None:
    gathering = Gathering(clock)
    gathering.waits(clock.now)
    came = clock.now
    clock.now += MAX_BATCH_DELAY * 0.75
    assert gathering.waits(came) == pytest.approx(MAX_BATCH_DELAY / 4)
    came = clock.now
    clock.now += MAX_BATCH_DELAY * 2
    assert gathering.waits(came) == 0


def test_company_is_no_longer_than_what_was_promised() -> None:
    assert MAX_BATCH_DELAY <= 0.02
