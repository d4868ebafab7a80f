"""Operations on jobs: submit, continue, cancel, process, store, clean up. The only module that writes a job's row."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeAlias

from flask import current_app
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from klimawerk import cooperative
from klimawerk.accounts import existing_accounts
from klimawerk.clock import now
from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.extensions import db
from klimawerk.jobs import folders
from klimawerk.jobs.folders import JobOrder
from klimawerk.jobs.models import (
    ACTIVE,
    CANCELLED,
    DONE,
    FAILED,
    QUEUED,
    READY,
    RUNNING,
    STORING,
    Job,
)
from klimawerk.registry import Registry
from klimawerk.text import truncate

RETENTION = timedelta(minutes=30)
"""How long a job's row, and the files still needed, are kept after its state last changed."""

MAX_JOBS = 20
"""Active jobs of all users together."""

CLAIM_TIMEOUT = timedelta(seconds=30)
"""A storing process that has not written for this long counts as dead, and another one takes over."""

MAX_CLAIMS = 3
"""How many processes may try to store the same job: the job may be what killed them."""

SLICE_SECONDS = 0.006
"""Seconds after which a storing transaction starts no further piece; the commit takes additional time."""

MAX_PAUSE = 0.1  # seconds between two slices, at most
COPY_CHUNK = 64_000  # bytes

PROBLEMS: dict[str, LazyString] = {
    "memory": _("This needed more memory than one job may take. Nothing was stored."),
    "time": _("This took longer than one job may take. Nothing was stored."),
    "died": _("The job was ended before it was finished. Nothing was stored. Please try again."),
    "error": _("This file could not be read. The operator's log says why."),
}

BeginStoring: TypeAlias = Callable[[], AbstractContextManager[Session]]
"""Begins a transaction in which pieces of a job are stored or removed."""

log = logging.getLogger(__name__)


class JobAlreadyRunning(Exception):
    """The user has an active job of this kind already: `job`."""

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(job.key)


class QueueFull(Exception):
    """The maximum number of active jobs is reached (MAX_JOBS)."""


class StoreRefused(Exception):
    """The job cannot be stored. `problem` is shown to the user: {"place", "sentence": {language: text}}."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(problem)


class ClaimLost(Exception):
    """The job no longer belongs to this process: it was cancelled, or another process took over."""


@dataclass(frozen=True)
class JobKind:
    """What the server does with one kind of job.

    `state_after`: the job's state after each step (READY: the user decides; STORING). `store(job, claim)` stores what
    was computed in slices; its last slice sets the state DONE. It raises StoreRefused if that is not possible.
    `undo(key, begin)` removes, in slices, what was stored of a job and is not visible yet; `begin` begins a
    transaction, or raises ClaimLost. `abandoned_keys()` returns the keys of all jobs of which such data exists.
    """

    state_after: dict[str, str]
    store: Callable[[Job, StoreClaim], None]
    undo: Callable[[str, BeginStoring], None]
    abandoned_keys: Callable[[], set[str]]


job_kinds: Registry[str, JobKind] = Registry("job kinds")


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


def root() -> Path:
    """The folder of all jobs of this installation."""
    return folders.root(current_app.extensions["klimawerk"].instance)


def folder_of(job: Job) -> Path:
    """The folder of a job."""
    return root() / job.key


def submit(
    kind: str, step: str, task: dict[str, Any], *, person_id: int, file_name: str, file: IO[bytes] | None = None
) -> Job:
    """Queue a new job; the file is copied into the job's folder in chunks.

    The user's inactive jobs of this kind are deleted. Raises JobAlreadyRunning, QueueFull.
    """
    active_job = running(kind, person_id)
    if active_job:
        raise JobAlreadyRunning(active_job)
    key = secrets.token_urlsafe(16)
    folder = root() / key
    folder.mkdir(mode=0o700)
    try:
        size = _copy(file, folder / folders.INPUT) if file else 0
        with writing() as session:
            existing_accounts.lock_account(person_id)
            if (session.scalar(select(func.count()).where(Job.state.in_(ACTIVE))) or 0) >= MAX_JOBS:
                raise QueueFull
            old_keys = _delete_rows(session, Job.person_id == person_id, Job.kind == kind, Job.state.not_in(ACTIVE))
            asked = {"file_name": truncate(file_name, 200), "size": size}
            job = Job(key=key, person_id=person_id, kind=kind, step=step, asked=asked)
            session.add(job)
    except IntegrityError as error:
        folders.remove(folder)
        concurrent_job = running(kind, person_id)
        if concurrent_job is None:
            raise
        raise JobAlreadyRunning(concurrent_job) from error
    except BaseException:
        folders.remove(folder)
        raise
    for old_key in old_keys:
        folders.remove(root() / old_key)
    _order(job, step, {"kind": kind, **task})
    return job


def find(key: str, person_id: int) -> Job | None:
    """The user's job in its current state; None if it does not exist or its retention period is over."""
    query = select(Job).where(Job.key == key, Job.person_id == person_id)
    job: Job | None = db.session.scalar(query.execution_options(populate_existing=True))
    if job is None or (not job.is_active and job.changed_at < now() - RETENTION):
        return None
    if job.state in (QUEUED, RUNNING) and _read_answer(job):
        job = db.session.scalar(query.execution_options(populate_existing=True))
    return job


def running(kind: str, person_id: int) -> Job | None:
    """The user's active job of this kind, if any."""
    query = select(Job).where(Job.person_id == person_id, Job.kind == kind, Job.state.in_(ACTIVE))
    job: Job | None = db.session.scalar(query)
    return job


def answer(job: Job, step: str) -> dict[str, Any] | None:
    """The result of a step; None if there is none."""
    content = JobOrder(folder_of(job), step).answer()
    return content.get("result") if content else None


def queue_next_step(job: Job, step: str, task: dict[str, Any], **asked: Any) -> bool:
    """Queue the next step of a job that waits for a decision; False if it no longer does. Raises JobAlreadyRunning."""
    values = {"state": QUEUED, "step": step, "progress": 0, "asked": {**job.asked, **asked}, "problem": None}
    try:
        if not _change(job, (READY,), **values):
            return False
    except IntegrityError as error:
        raise JobAlreadyRunning(job) from error
    return _order(job, step, {"kind": job.kind, **task})


def cancel(job: Job) -> bool:
    """End the job in any state; nothing of it remains. False if it has ended already."""
    if not _change(job, (*ACTIVE, READY), state=CANCELLED):
        return False
    folders.remove(folder_of(job))  # the runner kills a child whose folder was removed
    return True


def waits_for_runner(job: Job) -> bool:
    """Whether the job waits for a runner process that is not running: it died, and the launcher will restart it."""
    return job.state in (QUEUED, RUNNING) and not folders.is_runner_alive(root())


def problem_of(job: Job) -> LazyString | None:
    """Why the job itself failed, independent of the content of its file."""
    return PROBLEMS.get((job.problem or {}).get("code", ""))


def process_jobs(spawn: Callable[[Callable[[], None]], object]) -> None:
    """Read answers into the rows and store the jobs that no live process stores; once a second in every server.

    `spawn` runs a storing task in the background.
    """
    query = select(Job).where(Job.state.in_(ACTIVE)).execution_options(populate_existing=True)
    for job in db.session.scalars(query).all():
        if job.state in (QUEUED, RUNNING):
            _read_answer(job)
        if job.state == STORING:
            claim = _claim(job)
            if claim:
                spawn(_store_task(job.key, claim))
    db.session.rollback()


def clean_up() -> None:
    """Remove what is no longer needed: expired rows, folders without a job, partly stored data of dead processes."""
    expired = (Job.state.not_in(ACTIVE), Job.changed_at < now() - RETENTION)
    expired_keys: list[str] = []
    if db.session.scalar(select(Job.id).where(*expired).limit(1)):
        with writing() as session:
            expired_keys = _delete_rows(session, *expired)
    job_folders = list(folders.folder_keys(root()))
    states: dict[str, str] = dict(db.session.execute(select(Job.key, Job.state)).all())  # read after the folders
    for key in expired_keys:
        folders.remove(root() / key)
    for key, modified_at in job_folders:
        ended = states.get(key) in (DONE, FAILED, CANCELLED)
        if ended or (key not in states and time.time() - modified_at > 60):  # a younger one may get its row now
            folders.remove(root() / key)
    for undo, abandoned_keys in {(kind.undo, kind.abandoned_keys) for kind in job_kinds.values()}:
        for key in abandoned_keys():
            with suppress(ClaimLost):
                undo(key, partial(abandoned, key))


def _order(job: Job, step: str, task: dict[str, Any]) -> bool:
    """Write the order of a step that the row already says is queued; False if the job was ended meanwhile."""
    try:
        JobOrder(folder_of(job), step).write(task)
    except FileNotFoundError:
        return False
    except OSError:
        cancel(job)  # otherwise it would stay queued for ever
        raise
    return True


def _read_answer(job: Job) -> bool:
    """Update the row from the runner's progress or answer; True if the row changed."""
    order = JobOrder(folder_of(job), job.step)
    content = order.answer()
    if content is None:
        progress, state = order.progress(), RUNNING if order.attempts() else QUEUED
        if not order.folder.exists():
            return _fail(job, {"code": "died"})
        if (progress, state) == (job.progress, job.state):
            return False
        return _change(job, (QUEUED, RUNNING), state=state, progress=progress)
    if "result" not in content:
        return _fail(job, content.get("problem") or {"code": content.get("failed", "error")})
    next_state = job_kinds[job.kind].state_after[job.step]
    return _change(job, (QUEUED, RUNNING), state=next_state, progress=0, claimed_by="", claims=0)


def _fail(job: Job, problem: dict[str, Any]) -> bool:
    """Set the state FAILED and remove the files."""
    failed = _change(job, ACTIVE, state=FAILED, problem=problem)
    if failed:
        folders.remove(folder_of(job))
    return failed


def _change(job: Job, states: tuple[str, ...], **values: Any) -> bool:
    """Set values if the job is still in one of these states; of several concurrent processes one succeeds."""
    change_time = {"changed_at": now()} if values.get("state", job.state) != job.state else {}
    with writing() as session:
        unchanged = (Job.id == job.id, Job.state == job.state, Job.state.in_(states), Job.step == job.step)
        result = session.execute(update(Job).where(*unchanged).values(**values, **change_time))
        changed = bool(result.rowcount)  # type: ignore[attr-defined]
    db.session.refresh(job)
    return changed


def _claim(job: Job) -> StoreClaim | None:
    """Claim the job for storing; None if another live process has claimed it, or MAX_CLAIMS is reached."""
    if job.claimed_by and job.heard_at > now() - CLAIM_TIMEOUT:
        return None
    if job.claims >= MAX_CLAIMS:
        _fail(job, {"code": "died"})
        return None
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    with writing() as session:
        unchanged = (Job.id == job.id, Job.state == STORING, Job.claims == job.claims, Job.heard_at == job.heard_at)
        statement = (
            update(Job).where(*unchanged).values(claimed_by=name, claims=job.claims + 1, heard_at=now(), progress=0)
        )
        claimed = session.execute(statement).rowcount  # type: ignore[attr-defined]
    return StoreClaim(job, name) if claimed else None


def _store_task(key: str, claim: StoreClaim) -> Callable[[], None]:
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


def _delete_rows(session: Session, *conditions: ColumnElement[bool]) -> list[str]:
    """Delete the matching rows and return their keys, so that the caller can remove the folders."""
    keys = list(session.scalars(select(Job.key).where(*conditions)))
    session.execute(delete(Job).where(Job.key.in_(keys)))
    return keys


def _copy(source: IO[bytes], target: Path) -> int:
    """Copy in chunks into a file readable by its owner alone; returns the number of bytes."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(COPY_CHUNK):
            file.write(chunk)
            cooperative.yield_if_due()
        return file.tell()
