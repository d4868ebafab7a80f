"""Updates share a transaction, and none waits for others longer than MAX_BATCH_DELAY."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from flask import Flask

from klimawerk.collab.room import committer
from klimawerk.collab.room.committer import MAX_BATCH_DELAY, PAUSE_WITHOUT_DELAY, Committer
from klimawerk.collab.room.room import PendingUpdate


class SleepClock:
    """A clock that advances only in `sleep`; `slept`: seconds of the last sleep."""

    def __init__(self) -> None:
        self.now, self.slept = 1_000.0, 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += seconds


class ArrivedUpdate:
    """The part of a PendingUpdate that `Committer._gather` reads."""

    def __init__(self, since: float) -> None:
        self.since = since


class ObservedCommitter(Committer):
    def __init__(self, clock: SleepClock) -> None:
        super().__init__(Flask(__name__), lambda _run: threading.Thread(), lambda _rooms: None, lambda _room: None)
        self._clock = clock

    def waits(self, arrived_at: float) -> float:
        """Seconds that the committer sleeps for an update that arrived at `arrived_at`."""
        self.put(cast(PendingUpdate, ArrivedUpdate(arrived_at)))
        self._clock.slept = 0.0
        batch: list[Any] = self._gather()
        assert [entry.since for entry in batch] == [arrived_at]
        return self._clock.slept


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SleepClock:
    clock = SleepClock()
    monkeypatch.setattr(committer, "time", clock)
    return clock


def test_the_first_letter_after_a_pause_waits_for_nobody(clock: SleepClock) -> None:
    committer_under_test = ObservedCommitter(clock)
    assert committer_under_test.waits(clock.now) == 0
    clock.now += PAUSE_WITHOUT_DELAY
    assert committer_under_test.waits(clock.now) == 0


def test_a_letter_of_a_busy_moment_waits_for_others_but_no_longer_than_agreed(clock: SleepClock) -> None:
    committer_under_test = ObservedCommitter(clock)
    committer_under_test.waits(clock.now)
    clock.now += PAUSE_WITHOUT_DELAY / 2
    assert committer_under_test.waits(clock.now) == pytest.approx(MAX_BATCH_DELAY)


def test_what_it_waited_while_the_disk_was_slow_counts(clock: SleepClock) -> None:
    committer_under_test = ObservedCommitter(clock)
    committer_under_test.waits(clock.now)
    arrived_at = clock.now
    clock.now += MAX_BATCH_DELAY * 0.75
    assert committer_under_test.waits(arrived_at) == pytest.approx(MAX_BATCH_DELAY / 4)
    arrived_at = clock.now
    clock.now += MAX_BATCH_DELAY * 2
    assert committer_under_test.waits(arrived_at) == 0


def test_company_is_no_longer_than_what_was_promised() -> None:
    assert MAX_BATCH_DELAY <= 0.02
