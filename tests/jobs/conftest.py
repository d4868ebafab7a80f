"""Helpers of the tests of jobs: jobs in each state, and one whose server process ended while it stored."""

from __future__ import annotations

import io
from itertools import islice

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, update

from klimawerk import clock
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.exchange import import_slices
from klimawerk.exchange.import_steps import ROWS
from klimawerk.extensions import db
from klimawerk.jobs import service as jobs
from klimawerk.jobs import states, storing
from klimawerk.jobs.models import Job
from klimawerk.jobs.runner import JobRunner
from tests.exchange.conftest import census
from tests.jobs.large_import import large_file

__all__ = ["census"]

SMALL = large_file(goals=1, measures=2, steps=3)
TASK = {"max_bytes": 20_000_000, "languages": ["de", "en"]}


@pytest.fixture
def runner(app: Flask) -> JobRunner:
    return JobRunner(states.root())


def submitted_job(person: Person, data: bytes = SMALL, name: str = "programme.json") -> Job:
    """A job that waits for a runner."""
    return jobs.submit("import", "look", TASK, person_id=person.id, file_name=name, file=io.BytesIO(data))


def prepared_job(person: Person, data: bytes = SMALL, *, copy: bool = False) -> Job:
    """A job whose rows are prepared: a server could begin to store it."""
    runner = JobRunner(states.root())
    key = submitted_job(person, data).key
    runner.finish()
    assert jobs.queue_next_step(
        current_job(key), "prepare", {**TASK, "by": person.id, "copy": copy}, side="de", copy=copy
    )
    runner.finish()
    return current_job(key)


def current_job(key: str) -> Job:
    """The job's current state in the database."""
    db.session.rollback()
    job = db.session.scalars(select(Job).where(Job.key == key).execution_options(populate_existing=True)).one()
    return jobs.find(key, job.person_id or 0) or job


def partly_stored_job(person: Person, data: bytes = SMALL, pieces: int = 20) -> Job:
    """A job of which a server has stored that many pieces before it was killed."""
    return store_pieces(prepared_job(person, data), pieces)


def store_pieces(job: Job, pieces: int = 20) -> Job:
    """Claim the job and store that many pieces."""
    key, claim = job.key, storing.claim_job(job)
    assert claim
    engine = create_engine(f"sqlite:///{states.folder_of(job) / ROWS}")
    with engine.connect() as rows:
        copier = import_slices._RowCopier(rows, key)
        storing.in_slices(islice(copier.pieces(), pieces), lambda: claim.slice(progress=copier.percent))
    engine.dispose()
    return current_job(key)


def expire_claim(job: Job) -> None:
    """Let the claim expire: its server wrote last a minute ago."""
    with writing() as session:
        session.execute(update(Job).where(Job.id == job.id).values(heard_at=clock.now() - 2 * storing.CLAIM_TIMEOUT))
