"""Storing what a job computed: the claim of one process, transactions of a few milliseconds, all of it or nothing."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from klimawerk.clock import now
from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.extensions import db
from klimawerk.jobs import folders
from klimawerk.jobs.job_kinds import BeginStoring, job_kinds
from klimawerk.jobs.models import ACTIVE, DONE, FAILED, STORING, Job
from klimawerk.jobs.states import fail, root

CLAIM_TIMEOUT = timedelta(seconds=30)
"""A storing process that has not written for this long counts as dead, and another one takes over."""

MAX_CLAIMS = 3
"""How many processes may try to store the same job: the job may be what killed them."""

SLICE_SECONDS = 0.006
"""Seconds after which a storing transaction starts no further piece; the commit takes additional time."""

MAX_PAUSE = 0.1  # seconds between two slices, at most

log = logging.getLogger(__name__)


class StoreRefused(Exception):
    """The job cannot be stored. `problem` is shown to the user: {"place", "sentence": {language: text}}."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(problem)


class ClaimLost(Exception):
    """The job no longer belongs to this process: it was cancelled, or another process took over."""


class StoreClaim:
    """The right of one process to store a job, in slices."""

    def __init__(self, job: Job, name: str) -> None:
        self._id, self._name = job.id, name

    @contextmanager
    def slice(self, **values: Any) -> Iterator[Session]:
        """One short transaction that renews the claim and sets `values` in the job's row.

        Raises ClaimLost, and nothing is stored, if the job no longer belongs to this process.
        """
        with writing() as session:
            still_claimed = (Job.id == self._id, Job.claimed_by == self._name, Job.state == STORING)
            renewed = session.execute(update(Job).where(*still_claimed).values(heard_at=now(), **values))
            if not renewed.rowcount:  # type: ignore[attr-defined]
                raise ClaimLost(self._name)
            yield session


@contextmanager
def abandoned(key: str) -> Iterator[Session]:
    """One short transaction in which no process stores the job or starts to (its row is locked).

    Raises ClaimLost if the job is active or done.
    """
    with writing() as session:
        state = session.scalar(select(Job.state).where(Job.key == key).with_for_update())
        if state in (*ACTIVE, DONE):
            raise ClaimLost(key)
        yield session


def in_slices(pieces: Iterator[Callable[[Session], None]], begin: BeginStoring) -> None:
    """Run all pieces, as many per transaction as fit into SLICE_SECONDS; a piece takes some milliseconds at most.

    After each transaction it sleeps as long as the transaction took (at most MAX_PAUSE). Only yielding (cooperative.py)
    is not enough: the job would resume before each waiting request, and a page that yields at every statement would
    wait until the whole job is stored.
    """
    for piece in pieces:
        started_at = time.monotonic()
        with begin() as session:
            piece(session)
            while time.monotonic() - started_at < SLICE_SECONDS and (next_piece := next(pieces, None)):
                next_piece(session)
        time.sleep(min(MAX_PAUSE, time.monotonic() - started_at))


def claim_job(job: Job) -> StoreClaim | None:
    """Claim the job for storing; None if another live process has claimed it, or MAX_CLAIMS is reached."""
    if job.claimed_by and job.heard_at > now() - CLAIM_TIMEOUT:
        return None
    if job.claims >= MAX_CLAIMS:
        fail(job, {"code": "died"})
        return None
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    with writing() as session:
        unchanged = (Job.id == job.id, Job.state == STORING, Job.claims == job.claims, Job.heard_at == job.heard_at)
        statement = (
            update(Job).where(*unchanged).values(claimed_by=name, claims=job.claims + 1, heard_at=now(), progress=0)
        )
        claimed = session.execute(statement).rowcount  # type: ignore[attr-defined]
    return StoreClaim(job, name) if claimed else None


def store_task(key: str, claim: StoreClaim) -> Callable[[], None]:
    """The background task that stores a job: all of it, or nothing."""

    def store() -> None:
        job = db.session.scalar(select(Job).where(Job.key == key))
        if job is None:
            return
        kind = job_kinds[job.kind]
        try:
            kind.undo(key, claim.slice)  # data of a dead process
            kind.store(job, claim)
        except Exception as error:
            db.session.rollback()
            with suppress(ClaimLost):
                if not isinstance(error, ClaimLost):
                    _stop(claim, error)
            with suppress(ClaimLost):
                kind.undo(key, partial(abandoned, key))
        if _state_of(key) != STORING:
            folders.remove(root() / key)

    return store


def _stop(claim: StoreClaim, error: Exception) -> None:
    if isinstance(error, WRITE_FAILURES):
        raise error  # the database is unavailable: the next claim tries again
    if not isinstance(error, StoreRefused):
        log.error("a job could not be stored", exc_info=error)
    problem = error.problem if isinstance(error, StoreRefused) else {"code": "error"}
    with claim.slice(state=FAILED, problem=problem, changed_at=now()):
        pass


def _state_of(key: str) -> str | None:
    state: str | None = db.session.scalar(select(Job.state).where(Job.key == key))
    db.session.rollback()
    return state
