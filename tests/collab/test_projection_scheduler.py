"""Documents that were edited at the same time are projected one by one, at different moments."""

from __future__ import annotations

from typing import Any, cast

import pytest
from flask import Flask

from klimawerk.collab.room import projection_scheduler
from klimawerk.collab.room.projection_scheduler import MAX_DELAY, ProjectionScheduler
from klimawerk.collab.room.room import Room
from klimawerk.collab.storage import document_store, projection, retry_backoff
from klimawerk.extensions import db
from tests.live.engine_server import FRAGMENT, EngineServer, ReplicaClient, until

NAMES = [f"measure:{number}" for number in range(100)]


def at_once(run: Any) -> None:
    run()


def busy(name: str) -> Room:
    """A room that is edited all the time."""
    room = Room(name, cast(Any, None))
    room.changed_at += 3600
    return room


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the scheduler alone; `sleep` advances it."""
    clock = [0.0]

    class Time:
        monotonic = staticmethod(lambda: clock[0])

        @staticmethod
        def sleep(seconds: float) -> None:
            clock[0] += seconds

    monkeypatch.setattr(projection_scheduler, "time", Time)
    monkeypatch.setattr(retry_backoff, "time", Time)
    return clock


def test_a_hundred_that_begin_together_are_spread_and_none_waits_longer_than_it_may(
    app: Flask, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    projected_at: list[float] = []
    monkeypatch.setattr(projection, "project_now", lambda name: projected_at.append(clock[0]))
    scheduler = ProjectionScheduler(app, at_once)
    for room in map(busy, NAMES):
        scheduler.note(room)
        scheduler.note(room)  # another edit does not delay it
    while clock[0] < MAX_DELAY[1] + 1:
        before = len(projected_at)
        scheduler.poll()
        assert len(projected_at) - before < 50, "half of them came at once"
        clock[0] += 1
    assert len(projected_at) == len(NAMES)
    assert min(projected_at) >= MAX_DELAY[0]


def test_one_that_fails_is_tried_again_and_holds_nobody_up(
    app: Flask, clock: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    projected: list[str] = []

    def project(name: str) -> None:
        projected.append(name)
        if projected.count(NAMES[0]) == 1 and name == NAMES[0]:
            raise RuntimeError("no luck")
        if name == NAMES[1]:
            raise document_store.NoDocument(name)

    monkeypatch.setattr(projection, "project_now", project)
    scheduler = ProjectionScheduler(app, at_once)
    rooms = [busy(name) for name in NAMES[:3]]
    for room in rooms:
        scheduler.note(room)
    for _ in range(30):
        scheduler.poll()
        clock[0] += 1
    assert sorted(projected) == [NAMES[0], NAMES[0], NAMES[1], NAMES[2]]
    assert not any(room in scheduler for room in rooms)
    assert "measure:0 could not be projected" in caplog.text


def test_after_the_last_word_it_is_soon(writer: Any, engine: EngineServer, doc: str) -> None:
    akosua: ReplicaClient = writer(1)
    akosua.type("sicher")

    def shown() -> bool:
        db.session.rollback()
        return document_store.texts([doc])[doc][FRAGMENT].plain == "sicher"

    until(shown, 4.5)  # less than MAX_DELAY
