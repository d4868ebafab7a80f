"""One row for each piece of work that somebody asked for and that takes longer than a request may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model

QUEUED, RUNNING, READY, STORING = "queued", "running", "ready", "storing"
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
ACTIVE = (QUEUED, RUNNING, STORING)
_ACTIVE = text("state IN ('queued', 'running', 'storing')")


class Job(Model):
    """A job and its owner. Only a server process writes the row; the runner and its children write files.

    `step`: what the runner computes or computed last ("look", "prepare"). `progress`: percent of the present state.
    `asked`: what the person chose. `problem`: {"place", "sentence": {language: words}} of a job that failed. `result`:
    what became of it. `claimed_by`, `heard_at`: the server process that stores it, and when that last did something.
    """

    __table_args__ = (
        Index("uq_job_active", "person_id", "kind", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), index=True, default=QUEUED)
    step: Mapped[str] = mapped_column(String(20), default="")
    progress: Mapped[int] = mapped_column(default=0)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    claimed_by: Mapped[str] = mapped_column(String(40), default="")
    claims: Mapped[int] = mapped_column(default=0)
    heard_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
    """When the state last changed; how long a job is kept counts from here."""

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE
