"""A sweep of one process while another one stores: what happens in between is staged by order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from klimawerk.database import writing
from klimawerk.exchange import import_slices
from klimawerk.extensions import db
from klimawerk.jobs import folders
from klimawerk.jobs import service as jobs
from klimawerk.jobs.models import DONE, RUNNING, STORING, Job
from klimawerk.sheets.models import Frame, Item
from klimawerk.versions import verification
from tests import factories
from tests.jobs.conftest import computed, half_stored, now, silence, store_some

P = ParamSpec("P")
T = TypeVar("T")
Act = Callable[[], object]
Between = Callable[[str, Act], None]


def rows() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Item)) or 0


def set_state(key: str, state: str) -> None:
    with writing() as session:
        session.execute(update(Job).where(Job.key == key).values(state=state))


def is_whole(key: str) -> bool:
    """Whether the job is done and all of it is here and seen."""
    still = db.session.scalar(select(Frame.id).where(Frame.arriving.is_not(None)))
    return now(key).state == DONE and still is None and rows() == 4 and list(verification.version_faults()) == []


def finish(key: str) -> None:
    silence(now(key))
    jobs.process_jobs(lambda work: work())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database(request: pytest.FixtureRequest) -> str:
    """On SQLite what is read of jobs and of what was stored is of one moment; on PostgreSQL it is not."""
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def sweep_and(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Between:
    """Sweep; right after it has looked at the `place`, something happens in another process."""

    def between(place: str, act: Act) -> None:
        acts = iter([act])

        def look(real: Callable[P, T]) -> Callable[P, T]:
            def looked(*given: P.args, **named: P.kwargs) -> T:
                answer = real(*given, **named)
                for one in acts:
                    with app.app_context():
                        one()
                return answer

            return looked

        keys = folders.folder_keys

        def all_keys(folder: Path) -> list[tuple[str, float]]:
            return list(keys(folder))

        if place == "folders":
            monkeypatch.setattr(folders, "folder_keys", look(all_keys))
        elif place == "left behind":
            kinds = {
                name: replace(kind, abandoned_keys=look(kind.abandoned_keys)) for name, kind in jobs._job_kinds.items()
            }
            monkeypatch.setattr(jobs, "_job_kinds", kinds)
        else:
            monkeypatch.setattr(import_slices, "removal_pieces", look(import_slices.removal_pieces))
        jobs.clean_up()
        assert next(acts, None) is None, "the sweep did not come there"

    return between


@pytest.mark.parametrize("place", ["folders", "left behind"])
def test_what_begins_to_be_stored_while_another_process_sweeps_stays(
    any_database: str, sweep_and: Between, place: str
) -> None:
    """It was undone, and the import failed: "Somebody else has imported a part of this file at the same moment"."""
    key = computed(factories.person()).key
    set_state(key, RUNNING)

    def begins() -> None:
        set_state(key, STORING)
        store_some(now(key))

    sweep_and(place, begins)
    assert rows() == 4
    finish(key)
    assert is_whole(key)


def test_what_was_stored_whole_while_another_process_sweeps_stays(any_database: str, sweep_and: Between) -> None:
    key = half_stored(factories.person()).key
    set_state(key, RUNNING)  # as it was when the sweep looked

    def ends() -> None:
        set_state(key, STORING)
        finish(key)

    sweep_and("removals", ends)
    assert is_whole(key)


def test_what_is_cancelled_while_another_process_sweeps_goes(any_database: str, sweep_and: Between) -> None:
    key = half_stored(factories.person()).key
    sweep_and("left behind", lambda: jobs.cancel(now(key)))
    assert rows() == 0


def test_a_process_that_was_slow_to_begin_takes_nothing_away_from_the_next_one(app: Flask, any_database: str) -> None:
    key = computed(factories.person()).key
    late: list[Act] = []
    jobs.process_jobs(late.append)
    silence(now(key))
    store_some(now(key))
    [begin] = late
    begin()
    assert rows() == 4
    finish(key)
    assert is_whole(key)
