"""Documents that were written in at the same time are projected one by one, and not all at the same moment."""

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
    """Somebody writes in it all the time."""
    room = Room(name, cast(Any, None))
    room.changed_at += 3600
    return room


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is, for the projector alone; sleeping lets it pass."""
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
    app: Flask, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[float] = []
    monkeypatch.setattr(projection, "project_now", lambda name: done.append(waits[0]))
    mine = ProjectionScheduler(app, at_once)
    for room in map(busy, NAMES):
        mine.note(room)
        mine.note(room)  # a second word does not put it off
    while waits[0] < MAX_DELAY[1] + 1:
        before = len(done)
        mine.poll()
        assert len(done) - before < 50, "half of them came at once"
        waits[0] += 1
    assert len(done) == len(NAMES)
    assert min(done) >= MAX_DELAY[0]


def test_one_that_fails_is_tried_again_and_holds_nobody_up(
    app: Flask, waits: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def project(name: str) -> None:
        done.append(name)
        if done.count(NAMES[0]) == 1 and name == NAMES[0]:
            raise RuntimeError("no luck")
        if name == NAMES[1]:
            raise document_store.NoDocument(name)

    monkeypatch.setattr(projection, "project_now", project)
    mine = ProjectionScheduler(app, at_once)
    rooms = [busy(name) for name in NAMES[:3]]
    for room in rooms:
        mine.note(room)
    for _ in range(30):
        mine.poll()
        waits[0] += 1
    assert sorted(done) == [NAMES[0], NAMES[0], NAMES[1], NAMES[2]]
    assert not any(room in mine for room in rooms)
    assert "measure:0 could not be projected" in caplog.text


def test_after_the_last_word_it_is_soon(writer: Any, engine: EngineServer, doc: str) -> None:
    akosua: ReplicaClient = writer(1)
    akosua.type("sicher")

    def shown() -> bool:
        db.session.rollback()
        return document_store.texts([doc])[doc][FRAGMENT].plain == "sicher"

    until(shown, 4.5)  # sooner than after LATEST
