"""Jobs as servers have them, and one whose server dies in the middle of storing."""

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
from klimawerk.jobs.models import Job
from klimawerk.jobs.runner import JobRunner
from tests.exchange.conftest import census
from tests.jobs.large_import import large

__all__ = ["census"]

SMALL = large(goals=1, measures=2, steps=3)
TASK = {"max_bytes": 20_000_000, "languages": ["de", "en"]}


@pytest.fixture
def runner(app: Flask) -> JobRunner:
    return JobRunner(jobs.root())


def submitted(person: Person, data: bytes = SMALL, name: str = "programme.json") -> Job:
    return jobs.submit("import", "look", TASK, person_id=person.id, file_name=name, file=io.BytesIO(data))


def computed(person: Person, data: bytes = SMALL, *, copy: bool = False) -> Job:
    """Looked at, decided on, prepared: a server could begin to store it."""
    runner = JobRunner(jobs.root())
    key = submitted(person, data).key
    runner.finish()
    assert jobs.queue_next_step(now(key), "prepare", {**TASK, "by": person.id, "copy": copy}, side="de", copy=copy)
    runner.finish()
    return now(key)


def now(key: str) -> Job:
    """The job as it is."""
    db.session.rollback()
    job = db.session.scalars(select(Job).where(Job.key == key).execution_options(populate_existing=True)).one()
    return jobs.find(key, job.person_id or 0) or job


def half_stored(person: Person, data: bytes = SMALL, pieces: int = 20) -> Job:
    """A server has stored that many pieces of it, and was killed."""
    return store_some(computed(person, data), pieces)


def store_some(job: Job, pieces: int = 20) -> Job:
    """A server claims it and stores that many pieces."""
    key, claim = job.key, jobs._claim(job)
    assert claim
    engine = create_engine(f"sqlite:///{jobs.folder_of(job) / ROWS}")
    with engine.connect() as rows:
        copier = import_slices._RowCopier(rows, key)
        jobs.in_slices(islice(copier.pieces(), pieces), lambda: claim.slice(progress=copier.percent))
    engine.dispose()
    return now(key)


def silence(job: Job) -> None:
    """Its server was last heard of a minute ago."""
    with writing() as session:
        session.execute(update(Job).where(Job.id == job.id).values(heard_at=clock.now() - 2 * jobs.CLAIM_TIMEOUT))
