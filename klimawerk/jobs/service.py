"""Verbs of jobs: submit, go on, cancel, look after, clean up. The only place that writes a job's row."""

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
from klimawerk.text import truncate

KEEP_SECONDS = timedelta(minutes=30)
"""How long a job is kept after its state last changed, with its files as far as they are still needed."""

MAX_JOBS = 20
"""Jobs of all persons that wait or run."""

CLAIM_TIMEOUT = timedelta(seconds=30)
"""A process that stores and was not heard of for so long is dead, and another one takes over."""

MAX_CLAIMS = 3
"""So many processes may try to store the same job: it may be what killed them."""

SLICE_SECONDS = 0.006
"""Seconds after which a transaction of a storing process takes nothing more in; a commit comes on top."""

MAX_PAUSE = 0.1  # seconds between two slices
COPY_CHUNK = 64_000  # bytes copied at once

PROBLEMS: dict[str, LazyString] = {
    "memory": _("This needed more memory than one job may take. Nothing was stored."),
    "time": _("This took longer than one job may take. Nothing was stored."),
    "died": _("The job was ended before it was finished. Nothing was stored. Please try again."),
    "error": _("This file could not be read. The operator's log says why."),
}

BeginStoring: TypeAlias = Callable[[], AbstractContextManager[Session]]
"""Begins a transaction."""

log = logging.getLogger(__name__)


class JobAlreadyRunning(Exception):
    """The person has such a job already: `job`."""

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(job.key)


class QueueFull(Exception):
    """As many jobs wait as may."""


class StoreRefused(Exception):
    """It cannot be stored, for a reason that its person has to hear: {"place", "sentence": {language: words}}."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(problem)


class ClaimLost(Exception):
    """The job is no longer this process's: it was cancelled, or another process took over."""


@dataclass(frozen=True)
class JobKind:
    """What a kind of job does in the server.

    `after`: the state of a job whose step was computed (READY: its person decides, or fetches; STORING). `store(job,
    claim)` stores what was computed in slices; its last one sets the state DONE. It raises Stop where that cannot be.
    `undo(key, begin)` takes away, in slices, all that was stored of a job that nobody may see yet; `begin` begins a
    transaction, or raises Lost. `left_behind()` are the keys of all jobs of which such a thing is there.
    """

    after: dict[str, str]
    store: Callable[[Job, StoreClaim], None]
    undo: Callable[[str, BeginStoring], None]
    left_behind: Callable[[], set[str]]


_job_kinds: dict[str, JobKind] = {}


def register(name: str, kind: JobKind) -> None:
    _job_kinds[name] = kind


class StoreClaim:
    """The right of this process to store a job, in slices."""

    def __init__(self, job: Job, name: str) -> None:
        self._id, self._name = job.id, name

    @contextmanager
    def slice(self, **values: Any) -> Iterator[Session]:
        """One short transaction; `values` of the job's row are set in it.

        Raises Lost, and nothing is stored, when the job is no longer ours.
        """
        with writing() as session:
            ours = (Job.id == self._id, Job.claimed_by == self._name, Job.state == STORING)
            held = session.execute(update(Job).where(*ours).values(heard_at=now(), **values))
            if not held.rowcount:  # type: ignore[attr-defined]
                raise ClaimLost(self._name)
            yield session


@contextmanager
def abandoned(key: str) -> Iterator[Session]:
    """One short transaction in which nobody stores that job, nor begins to (its row is locked). Raises Lost when
    somebody does, or has stored all of it."""
    with writing() as session:
        state = session.scalar(select(Job.state).where(Job.key == key).with_for_update())
        if state in (*ACTIVE, DONE):
            raise ClaimLost(key)
        yield session


def in_slices(pieces: Iterator[Callable[[Session], None]], begin: BeginStoring) -> None:
    """Do all pieces, as many in each transaction as fit into SLICE; a piece takes some milliseconds at most.

    Between two transactions others have as much time as the last one took: whoever only gave way (cooperative.py) would
    come before each of them again, and a page that waits for its turn at every statement would wait until all is
    stored. `begin` begins a transaction.
    """
    for piece in pieces:
        began = time.monotonic()
        with begin() as session:
            piece(session)
            while time.monotonic() - began < SLICE_SECONDS and (another := next(pieces, None)):
                another(session)
        time.sleep(min(MAX_PAUSE, time.monotonic() - began))


def root() -> Path:
    return folders.root(current_app.extensions["klimawerk"].instance)


def folder_of(job: Job) -> Path:
    return root() / job.key


def submit(
    kind: str, step: str, task: dict[str, Any], *, person_id: int, file_name: str, file: IO[bytes] | None = None
) -> Job:
    """Queue a new job; the file is copied into its folder piece by piece.

    What the person had waiting for a decision, or had finished, is forgotten. Raises Busy, Full.
    """
    busy = running(kind, person_id)
    if busy:
        raise JobAlreadyRunning(busy)
    key = secrets.token_urlsafe(16)
    folder = root() / key
    folder.mkdir(mode=0o700)
    try:
        size = _copy(file, folder / folders.INPUT) if file else 0
        with writing() as session:
            existing_accounts.lock_account(person_id)
            if (session.scalar(select(func.count()).where(Job.state.in_(ACTIVE))) or 0) >= MAX_JOBS:
                raise QueueFull
            earlier = _forget(session, Job.person_id == person_id, Job.kind == kind, Job.state.not_in(ACTIVE))
            asked = {"file_name": truncate(file_name, 200), "size": size}
            job = Job(key=key, person_id=person_id, kind=kind, step=step, asked=asked)
            session.add(job)
    except IntegrityError as error:
        folders.remove(folder)
        raced = running(kind, person_id)
        if raced is None:
            raise
        raise JobAlreadyRunning(raced) from error
    except BaseException:
        folders.remove(folder)
        raise
    for one in earlier:
        folders.remove(root() / one)
    _order(job, step, {"kind": kind, **task})
    return job


def find(key: str, person_id: int) -> Job | None:
    """The person's own job, as it is now, while it is kept."""
    query = select(Job).where(Job.key == key, Job.person_id == person_id)
    job: Job | None = db.session.scalar(query.execution_options(populate_existing=True))
    if job is None or (not job.is_active and job.changed_at < now() - KEEP_SECONDS):
        return None
    if job.state in (QUEUED, RUNNING) and _read_answer(job):
        job = db.session.scalar(query.execution_options(populate_existing=True))
    return job


def running(kind: str, person_id: int) -> Job | None:
    """What the person has running or queued of this kind."""
    query = select(Job).where(Job.person_id == person_id, Job.kind == kind, Job.state.in_(ACTIVE))
    found: Job | None = db.session.scalar(query)
    return found


def answer(job: Job, step: str) -> dict[str, Any] | None:
    """What the step found; None when it is gone."""
    found = JobOrder(folder_of(job), step).answer()
    return found.get("result") if found else None


def queue_next_step(job: Job, step: str, task: dict[str, Any], **asked: Any) -> bool:
    """Queue the next step of a job that waits for a decision. False when it no longer does. Raises Busy."""
    values = {"state": QUEUED, "step": step, "progress": 0, "asked": {**job.asked, **asked}, "problem": None}
    try:
        if not _change(job, (READY,), **values):
            return False
    except IntegrityError as error:
        raise JobAlreadyRunning(job) from error
    return _order(job, step, {"kind": job.kind, **task})


def cancel(job: Job) -> bool:
    """End the job, whatever it is at: nothing of it stays. False when it has ended already."""
    if not _change(job, (*ACTIVE, READY), state=CANCELLED):
        return False
    folders.remove(folder_of(job))  # the runner ends a child whose folder is gone
    return True


def waits_for_runner(job: Job) -> bool:
    """Whether nobody is there who could compute it: the runner died, and the launcher is about to start it again."""
    return job.state in (QUEUED, RUNNING) and not folders.is_runner_alive(root())


def problem_of(job: Job) -> LazyString | None:
    """Why the job itself failed, whatever its content."""
    return PROBLEMS.get((job.problem or {}).get("code", ""))


def process_jobs(spawn: Callable[[Callable[[], None]], object]) -> None:
    """Once a second in every server process: take over what was computed, store it, let go of what is dead.

    `spawn` runs the storing in the background.
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
    """Take away what is no longer needed: old rows, folders without a job, and what was half stored by the dead."""
    old = (Job.state.not_in(ACTIVE), Job.changed_at < now() - KEEP_SECONDS)
    gone: list[str] = []
    if db.session.scalar(select(Job.id).where(*old).limit(1)):
        with writing() as session:
            gone = _forget(session, *old)
    there = list(folders.folder_keys(root()))
    known: dict[str, str] = dict(db.session.execute(select(Job.key, Job.state)).all())  # after what they are known for
    for key in gone:
        folders.remove(root() / key)
    for key, changed in there:
        ended = known.get(key) in (DONE, FAILED, CANCELLED)
        if ended or (key not in known and time.time() - changed > 60):  # a younger one is just being made
            folders.remove(root() / key)
    for undo, left_behind in {(kind.undo, kind.left_behind) for kind in _job_kinds.values()}:
        for key in left_behind():
            with suppress(ClaimLost):
                undo(key, partial(abandoned, key))


def _order(job: Job, step: str, task: dict[str, Any]) -> bool:
    """Queue the step of a job whose row says so already; False when it was ended meanwhile, and its folder is gone."""
    try:
        JobOrder(folder_of(job), step).write(task)
    except FileNotFoundError:
        return False
    except OSError:
        cancel(job)  # nobody would ever compute it
        raise
    return True


def _read_answer(job: Job) -> bool:
    """See how far the runner is; whether the row changed."""
    order = JobOrder(folder_of(job), job.step)
    found = order.answer()
    if found is None:
        progress, state = order.progress(), RUNNING if order.attempts() else QUEUED
        if not order.folder.exists():
            return _fail(job, {"code": "died"})
        if (progress, state) == (job.progress, job.state):
            return False
        return _change(job, (QUEUED, RUNNING), state=state, progress=progress)
    if "result" not in found:
        return _fail(job, found.get("problem") or {"code": found.get("failed", "error")})
    after = _job_kinds[job.kind].after[job.step]
    return _change(job, (QUEUED, RUNNING), state=after, progress=0, claimed_by="", claims=0)


def _fail(job: Job, problem: dict[str, Any]) -> bool:
    """What was sent is of no more use."""
    failed = _change(job, ACTIVE, state=FAILED, problem=problem)
    if failed:
        folders.remove(folder_of(job))
    return failed


def _change(job: Job, states: tuple[str, ...], **values: Any) -> bool:
    """Set values if the job is still in one of these states; of several processes one succeeds."""
    moved = {"changed_at": now()} if values.get("state", job.state) != job.state else {}
    with writing() as session:
        still = (Job.id == job.id, Job.state == job.state, Job.state.in_(states), Job.step == job.step)
        done = session.execute(update(Job).where(*still).values(**values, **moved))
        changed = bool(done.rowcount)  # type: ignore[attr-defined]
    db.session.refresh(job)
    return changed


def _claim(job: Job) -> StoreClaim | None:
    """Become the one who stores it, where nobody is or nobody was heard of; None when somebody else is."""
    if job.claimed_by and job.heard_at > now() - CLAIM_TIMEOUT:
        return None
    if job.claims >= MAX_CLAIMS:
        _fail(job, {"code": "died"})
        return None
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    with writing() as session:
        free = (Job.id == job.id, Job.state == STORING, Job.claims == job.claims, Job.heard_at == job.heard_at)
        mine = update(Job).where(*free).values(claimed_by=name, claims=job.claims + 1, heard_at=now(), progress=0)
        won = session.execute(mine).rowcount  # type: ignore[attr-defined]
    return StoreClaim(job, name) if won else None


def _store_task(key: str, claim: StoreClaim) -> Callable[[], None]:
    """What the background does: store all of it, or leave nothing behind."""

    def work() -> None:
        job = db.session.scalar(select(Job).where(Job.key == key))
        if job is None:
            return
        kind = _job_kinds[job.kind]
        try:
            kind.undo(key, claim.slice)  # what a dead process left
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

    return work


def _stop(claim: StoreClaim, error: Exception) -> None:
    if isinstance(error, WRITE_FAILURES):
        raise error  # the database is away: whoever comes next tries again
    if not isinstance(error, StoreRefused):
        log.error("a job could not be stored", exc_info=error)
    problem = error.problem if isinstance(error, StoreRefused) else {"code": "error"}
    with claim.slice(state=FAILED, problem=problem, changed_at=now()):
        pass


def _state_of(key: str) -> str | None:
    state: str | None = db.session.scalar(select(Job.state).where(Job.key == key))
    db.session.rollback()
    return state


def _forget(session: Session, *which: ColumnElement[bool]) -> list[str]:
    """Delete these rows; answers their keys, whose folders can go."""
    keys = list(session.scalars(select(Job.key).where(*which)))
    session.execute(delete(Job).where(Job.key.in_(keys)))
    return keys


def _copy(source: IO[bytes], target: Path) -> int:
    """How many bytes were copied, a piece at a time; readable by its owner alone."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := source.read(COPY_CHUNK):
            file.write(piece)
            cooperative.yield_if_due()
        return file.tell()
