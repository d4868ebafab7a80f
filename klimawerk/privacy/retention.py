"""Retention periods of personal records: the one table, and the daily deletion of expired rows.

README.md holds the same table for the operator's privacy notice; a test compares the two.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, delete, or_, select

from klimawerk.accounts import attempts, known_browsers
from klimawerk.accounts.attempts import Attempts
from klimawerk.accounts.known_browsers import KnownBrowser
from klimawerk.accounts.models import AuditEntry, Link, Login
from klimawerk.clock import now
from klimawerk.comments.models import CommentsRead
from klimawerk.database import writing, yield_if_due
from klimawerk.digests.models import DROPPED, FAILED, SENT, DigestMail
from klimawerk.extensions import db
from klimawerk.idempotency import service as idempotency
from klimawerk.idempotency.models import CompletedRequest
from klimawerk.news.models import SeenMark
from klimawerk.privacy import erasure_log
from klimawerk.privacy.erasure import SIGN_IN_ACTIONS
from klimawerk.versions.models import Visit

log = logging.getLogger(__name__)
FIRST_RUN, RUN_INTERVAL = 60.0, 24 * 3600.0  # seconds after the start, and between two runs
BATCH = 1_000  # rows in one transaction


@dataclass(frozen=True)
class RetentionRule:
    """Delete rows of `table` that are `due(moment)`, `moment` being `days` ago. `what`, `why`: for the operator."""

    what: str
    days: int
    why: str
    table: Table
    due: Callable[[datetime], ColumnElement[bool]]

    @property
    def kept(self) -> str:
        return {0: "until they end", 1: "1 day"}.get(self.days, f"{self.days} days")


def _table(model: type) -> Table:
    return db.metadata.tables[model.__tablename__]  # type: ignore[attr-defined]


RULES = (
    RetentionRule(
        "Sessions",
        0,
        "A session ends 12 hours after it was last used, and after 30 days at the latest.",
        _table(Login),
        lambda moment: Login.expires_at <= moment,
    ),
    RetentionRule(
        "Browsers in which somebody has signed in",
        known_browsers.KEEP_FOR.days,
        "So that wrong passwords of others do not make them wait.",
        _table(KnownBrowser),
        lambda moment: KnownBrowser.seen_at <= moment,
    ),
    RetentionRule(
        "Counts of attempts to sign in, under hashes",
        attempts.KEEP_FOR.days,
        "To slow down whoever guesses passwords.",
        _table(Attempts),
        lambda moment: Attempts.at <= moment,
    ),
    RetentionRule(
        "Hashes of forms that were sent",
        idempotency.KEPT.days,
        "So that a form that is sent twice does something once.",
        _table(CompletedRequest),
        lambda moment: CompletedRequest.at <= moment,
    ),
    RetentionRule(
        "Sign-ins, failed ones too, and requests for a new password",
        90,
        "To find out about misuse of an account.",
        _table(AuditEntry),
        lambda moment: and_(AuditEntry.action.in_(SIGN_IN_ACTIONS), AuditEntry.at <= moment),
    ),
    RetentionRule(
        "Other entries of the record: rights, invitations, deletions",
        1095,
        "To be able to say who gave which right, for as long as a programme takes.",
        _table(AuditEntry),
        lambda moment: and_(AuditEntry.action.not_in(SIGN_IN_ACTIONS), AuditEntry.at <= moment),
    ),
    RetentionRule(
        "Invitations and other links, after they were used, withdrawn or expired",
        30,
        "So that an expired invitation can be sent again.",
        _table(Link),
        lambda moment: or_(Link.used_at <= moment, Link.expires_at <= moment),
    ),
    RetentionRule(
        "Mail digests, after they were sent or given up (without their words once they were sent)",
        90,
        "To answer whether a mail was sent.",
        _table(DigestMail),
        lambda moment: and_(DigestMail.state.in_((SENT, DROPPED, FAILED)), DigestMail.made_at <= moment),
    ),
    RetentionRule(
        "When somebody last had a sheet open",
        1095,
        "To show them what changed since.",
        _table(Visit),
        lambda moment: Visit.at <= moment,
    ),
    RetentionRule(
        "Up to when somebody has seen the news of a sheet",
        1095,
        "To show them what is new.",
        _table(SeenMark),
        lambda moment: SeenMark.at <= moment,
    ),
    RetentionRule(
        "Up to when somebody has read the comments of a sheet",
        1095,
        "To show them what is new.",
        _table(CommentsRead),
        lambda moment: CommentsRead.at <= moment,
    ),
)


def delete_expired(moment: datetime | None = None) -> dict[str, int]:
    """Delete all rows that have expired at `moment` (default: now), in short transactions; number of rows by rule."""
    at = moment or now()
    counts = {rule.what: _apply(rule, at - timedelta(days=rule.days)) for rule in RULES}
    erasure_log.write_marks()
    return counts


class RetentionJob:
    """Deletes expired rows once a day in each process; processes may do so at the same time."""

    def __init__(self) -> None:
        self._due = time.monotonic() + FIRST_RUN

    def run_if_due(self) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + RUN_INTERVAL
            counts = {what: count for what, count in delete_expired().items() if count}
            if counts:
                log.info("records deleted by their age: %s", counts)


def _apply(rule: RetentionRule, moment: datetime) -> int:
    keys, total = list(rule.table.primary_key.columns), 0
    while True:
        rows = db.session.execute(select(*keys).where(rule.due(moment)).limit(BATCH)).all()
        if not rows:
            db.session.rollback()
            return total
        with writing() as session:
            in_batch = keys[0].in_({row[0] for row in rows})
            result = session.execute(
                delete(rule.table).where(in_batch, rule.due(moment)), execution_options={"synchronize_session": False}
            )
            total += int(result.rowcount)  # type: ignore[attr-defined]
        yield_if_due()
