"""Operations on jobs: submit, continue, cancel, process, clean up. Nothing outside this folder writes a job's row."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from klimawerk import cooperative
from klimawerk.accounts import existing_accounts
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.jobs import folders
from klimawerk.jobs.folders import JobOrder
from klimawerk.jobs.job_kinds import job_kinds
from klimawerk.jobs.models import ACTIVE, CANCELLED, DONE, FAILED, QUEUED, READY, RUNNING, STORING, Job
from klimawerk.jobs.states import change, folder_of, read_answer, root
from klimawerk.jobs.storing import ClaimLost, abandoned, claim_job, store_task
from klimawerk.text import truncate

RETENTION = timedelta(minutes=30)
"""How long a job's row, and the files still needed, are kept after its state last changed."""

MAX_JOBS = 20
"""Active jobs of all users together."""

COPY_CHUNK = 64_000  # bytes

PROBLEMS: dict[str, LazyString] = {
    "memory": _("This needed more memory than one job may take. Nothing was stored."),
    "time": _("This took longer than one job may take. Nothing was stored."),
    "died": _("The job was ended before it was finished. Nothing was stored. Please try again."),
    "error": _("This file could not be read. The operator's log says why."),
}


class JobAlreadyRunning(Exception):
    """The user has an active job of this kind already: `job`."""

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(job.key)


class QueueFull(Exception):
    """The maximum number of active jobs is reached (MAX_JOBS)."""


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
    if job.state in (QUEUED, RUNNING) and read_answer(job):
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
        if not change(job, (READY,), **values):
            return False
    except IntegrityError as error:
        raise JobAlreadyRunning(job) from error
    return _order(job, step, {"kind": job.kind, **task})


def cancel(job: Job) -> bool:
    """End the job in any state; nothing of it remains. False if it has ended already."""
    if not change(job, (*ACTIVE, READY), state=CANCELLED):
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
            read_answer(job)
        if job.state == STORING:
            claim = claim_job(job)
            if claim:
                spawn(store_task(job.key, claim))
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
