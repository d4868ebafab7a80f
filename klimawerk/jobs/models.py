"""The table of background jobs: one row per job that a user has started."""

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
    """One job of a user: its state, progress and result. Only a server writes the row; runner and children write files.

    `step`: the step that is or was computed last ("look", "prepare"). `progress`: percent of the current state.
    `asked`: the user's choices. `problem`: {"place", "sentence": {language: text}} of a failed job. `result`: of a
    finished one. `claimed_by`, `heard_at`: the server process that stores the job, and when it last wrote.
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
    """When the state last changed; the retention period counts from here."""

    @property
    def is_active(self) -> bool:
        """Whether the job is queued, running or being stored."""
        return self.state in ACTIVE
