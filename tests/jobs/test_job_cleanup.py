"""Clean-up in one process while another one stores; the order of events is forced."""

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
from klimawerk.jobs.job_kinds import job_kinds
from klimawerk.jobs.models import DONE, RUNNING, STORING, Job
from klimawerk.sheets.models import Frame, Item
from klimawerk.versions import verification
from tests import factories
from tests.jobs.conftest import current_job, expire_claim, partly_stored_job, prepared_job, store_pieces

P = ParamSpec("P")
T = TypeVar("T")
Action = Callable[[], object]
DuringCleanUp = Callable[[str, Action], None]


def item_count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Item)) or 0


def set_state(key: str, state: str) -> None:
    with writing() as session:
        session.execute(update(Job).where(Job.key == key).values(state=state))


def is_whole(key: str) -> bool:
    """Whether the job is done and all of it is stored and visible."""
    arriving_frame = db.session.scalar(select(Frame.id).where(Frame.arriving.is_not(None)))
    return (
        current_job(key).state == DONE
        and arriving_frame is None
        and item_count() == 4
        and list(verification.version_faults()) == []
    )


def finish(key: str) -> None:
    expire_claim(current_job(key))
    jobs.process_jobs(lambda work: work())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database(request: pytest.FixtureRequest) -> str:
    """On SQLite jobs and stored data are read from one snapshot; on PostgreSQL they are not."""
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def during_clean_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> DuringCleanUp:
    """Run the clean-up; right after it has read at `place`, an action runs as in another process."""

    def between(place: str, action: Action) -> None:
        actions = iter([action])

        def then_act(function: Callable[P, T]) -> Callable[P, T]:
            def wrapped(*arguments: P.args, **options: P.kwargs) -> T:
                result = function(*arguments, **options)
                for pending_action in actions:
                    with app.app_context():
                        pending_action()
                return result

            return wrapped

        keys = folders.folder_keys

        def all_keys(folder: Path) -> list[tuple[str, float]]:
            return list(keys(folder))

        if place == "folders":
            monkeypatch.setattr(folders, "folder_keys", then_act(all_keys))
        elif place == "left behind":
            for name, kind in job_kinds.items():
                changed = replace(kind, abandoned_keys=then_act(kind.abandoned_keys))
                monkeypatch.setitem(job_kinds.of(app), name, changed)
        else:
            monkeypatch.setattr(import_slices, "removal_pieces", then_act(import_slices.removal_pieces))
        jobs.clean_up()
        assert next(actions, None) is None, "the sweep did not come there"

    return between


@pytest.mark.parametrize("place", ["folders", "left behind"])
def test_what_begins_to_be_stored_while_another_process_sweeps_stays(
    any_database: str, during_clean_up: DuringCleanUp, place: str
) -> None:
    """The data was removed, and the import failed: "Somebody else has imported a part of this file ..."."""
    key = prepared_job(factories.person()).key
    set_state(key, RUNNING)

    def begins() -> None:
        set_state(key, STORING)
        store_pieces(current_job(key))

    during_clean_up(place, begins)
    assert item_count() == 4
    finish(key)
    assert is_whole(key)


def test_what_was_stored_whole_while_another_process_sweeps_stays(
    any_database: str, during_clean_up: DuringCleanUp
) -> None:
    key = partly_stored_job(factories.person()).key
    set_state(key, RUNNING)  # as it was when the clean-up read it

    def ends() -> None:
        set_state(key, STORING)
        finish(key)

    during_clean_up("removals", ends)
    assert is_whole(key)


def test_what_is_cancelled_while_another_process_sweeps_goes(any_database: str, during_clean_up: DuringCleanUp) -> None:
    key = partly_stored_job(factories.person()).key
    during_clean_up("left behind", lambda: jobs.cancel(current_job(key)))
    assert item_count() == 0


def test_a_process_that_was_slow_to_begin_takes_nothing_away_from_the_next_one(app: Flask, any_database: str) -> None:
    key = prepared_job(factories.person()).key
    delayed: list[Action] = []
    jobs.process_jobs(delayed.append)
    expire_claim(current_job(key))
    store_pieces(current_job(key))
    [begin] = delayed
    begin()
    assert item_count() == 4
    finish(key)
    assert is_whole(key)
