"""Files that are being looked at for somebody: in a thread of their own, because a large one takes seconds.

What was found waits here for that person's decision, in this process's memory and for half an hour: nothing of it is
stored before.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from flask import current_app
from flask_babel import lazy_gettext as _

from klimawerk.exchange.problems import Place, Problem, Refused
from klimawerk.exchange.service import Preview, inspect

KEPT = 30 * 60.0  # seconds
MOST = 20  # at the same time; the oldest gives way

log = logging.getLogger(__name__)


@dataclass
class Job:
    """One file of one person. Neither `preview` nor `problem` yet: it is still being looked at.

    `storing`: it was decided on; `programme_id`: what has become of it.
    """

    person_id: int
    file_name: str
    size: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    began: float = field(default_factory=time.monotonic)
    preview: Preview | None = None
    problem: Problem | None = None
    storing: bool = False
    programme_id: int | None = None

    @property
    def looking(self) -> bool:
        return self.preview is None and self.problem is None


_jobs: dict[str, Job] = {}


def begin(person_id: int, file_name: str, data: bytes) -> Job:
    """Begin to look at the file; an earlier one of the same person is forgotten."""
    for token in [token for token, job in _jobs.items() if job.person_id == person_id or _is_old(job)]:
        _jobs.pop(token, None)
    while len(_jobs) >= MOST:
        _jobs.pop(min(_jobs, key=lambda token: _jobs[token].began), None)
    job = Job(person_id, file_name, len(data))
    _jobs[job.token] = job
    config = current_app.extensions["klimawerk"]
    _in_thread(lambda: _look(job, data, config.max_import_size), config.async_mode)
    return job


def find(token: str, person_id: int) -> Job | None:
    """The person's own job, while it is kept."""
    job = _jobs.get(token)
    return job if job and job.person_id == person_id and not _is_old(job) else None


def seen(token: str, person_id: int) -> Job | None:
    """The job as it is at this moment, for a page: the thread that looks at the file goes on while it is drawn."""
    job = find(token, person_id)
    return job and replace(job)


@contextmanager
def stored(job: Job) -> Iterator[Callable[[int], None]]:
    """Around the storing of a file, which takes seconds: `done(programme_id)` when it is in. A second press meanwhile
    finds it `storing`; what fails can be tried again."""

    def done(programme_id: int) -> None:
        job.programme_id, job.preview = programme_id, None

    job.storing = True
    try:
        yield done
    finally:
        job.storing = False


def _look(job: Job, data: bytes, max_bytes: int) -> None:
    try:
        job.preview = inspect(data, max_bytes)
    except Refused as refused:
        job.problem = refused.problem
    except Exception:
        log.exception("a file could not be looked at")
        job.problem = Problem(Place(), _("This file could not be read. The operator's log says why."))


def _in_thread(work: Callable[[], None], async_mode: str) -> None:
    """A real thread, also under gevent, whose loop goes on serving meanwhile."""
    if async_mode == "gevent":
        import gevent

        gevent.get_hub().threadpool.spawn(work)
    else:
        threading.Thread(target=work, name="import", daemon=True).start()


def _is_old(job: Job) -> bool:
    return time.monotonic() - job.began > KEPT
