"""A job's folder, and the changes of its state: of several processes that want to change it, one succeeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import update

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.jobs import folders
from klimawerk.jobs.folders import JobOrder
from klimawerk.jobs.job_kinds import job_kinds
from klimawerk.jobs.models import ACTIVE, FAILED, QUEUED, RUNNING, Job


def root() -> Path:
    """The folder of all jobs of this installation."""
    return folders.root(current_app.extensions["klimawerk"].instance)


def folder_of(job: Job) -> Path:
    """The folder of a job."""
    return root() / job.key


def read_answer(job: Job) -> bool:
    """Update the row from the runner's progress or answer; True if the row changed."""
    order = JobOrder(folder_of(job), job.step)
    content = order.answer()
    if content is None:
        progress, state = order.progress(), RUNNING if order.attempts() else QUEUED
        if not order.folder.exists():
            return fail(job, {"code": "died"})
        if (progress, state) == (job.progress, job.state):
            return False
        return change(job, (QUEUED, RUNNING), state=state, progress=progress)
    if "result" not in content:
        return fail(job, content.get("problem") or {"code": content.get("failed", "error")})
    next_state = job_kinds[job.kind].state_after[job.step]
    return change(job, (QUEUED, RUNNING), state=next_state, progress=0, claimed_by="", claims=0)


def fail(job: Job, problem: dict[str, Any]) -> bool:
    """Set the state FAILED and remove the files."""
    failed = change(job, ACTIVE, state=FAILED, problem=problem)
    if failed:
        folders.remove(folder_of(job))
    return failed


def change(job: Job, states: tuple[str, ...], **values: Any) -> bool:
    """Set values if the job is still in one of these states; of several concurrent processes one succeeds."""
    change_time = {"changed_at": now()} if values.get("state", job.state) != job.state else {}
    with writing() as session:
        unchanged = (Job.id == job.id, Job.state == job.state, Job.state.in_(states), Job.step == job.step)
        result = session.execute(update(Job).where(*unchanged).values(**values, **change_time))
        changed = bool(result.rowcount)  # type: ignore[attr-defined]
    db.session.refresh(job)
    return changed
