"""The registry of kinds of jobs: what the server does with the result of each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy.orm import Session

from klimawerk.jobs.models import Job
from klimawerk.registry import Registry

if TYPE_CHECKING:
    from klimawerk.jobs.storing import StoreClaim

BeginStoring: TypeAlias = Callable[[], AbstractContextManager[Session]]
"""Begins a transaction in which pieces of a job are stored or removed."""


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
