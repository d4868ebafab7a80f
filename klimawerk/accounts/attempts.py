"""Rate limiting in the database: counted attempts with growing waits, shared by all processes and kept over restarts.

An attempt is counted before it is made, so that concurrent attempts gain nothing. Keys are HMACs: the table discloses
neither e-mail nor IP addresses. Counts decay with a half-life; a row is deleted a day after its last attempt.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import Float, String, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from klimawerk.clock import UtcTime, now
from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.extensions import Model, db

log = logging.getLogger(__name__)
KEEP_FOR = timedelta(days=1)
MAX_ROWS = 20_000  # beyond that the oldest are deleted
SWEEP_EVERY_SECONDS, SWEEP_EVERY_ATTEMPTS = 600.0, 200


class Attempts(Model):
    """Attempts under one key: `count` as of the time `at`; the next one is allowed from `until` on."""

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[float] = mapped_column(Float, default=0.0)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    until: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True)
class WaitPolicy:
    """`free` attempts, then a wait of `first` seconds that doubles with each more, up to `longest`.

    A count falls by half in `half_life` seconds.
    """

    free: int
    first: float
    longest: float
    half_life: float

    def wait(self, count: float) -> float:
        """Seconds to wait before the next attempt, after `count` attempts."""
        excess = round(count) - self.free
        return 0.0 if excess < 0 else min(self.longest, self.first * float(2 ** min(excess, 30)))

    def decayed_count(self, row: Attempts, at: datetime) -> float:
        """The row's count at the time `at`, decayed."""
        return float(row.count) * math.pow(0.5, max(0.0, (at - row.at).total_seconds()) / self.half_life)


@dataclass(frozen=True)
class AttemptKey:
    """A counter of attempts: its key and policy.

    `alarm`: a second counter; while it is beyond its policy, a client with a new key waits once, and then no more.
    """

    key: str
    policy: WaitPolicy
    alarm: AttemptKey | None = None


def attempt_key(*parts: object) -> str:
    """HMAC of the parts, so that the stored key cannot be guessed without the installation's secret."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, "\0".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()[:40]


def begin_attempt(counters: list[AttemptKey]) -> float:
    """Count an attempt in all counters and return 0; or count nothing and return the seconds to wait."""
    keys = sorted({each.key for counter in counters for each in (counter, counter.alarm) if each})
    wait = _wait(counters, db.session.scalars(select(Attempts).where(Attempts.key.in_(keys))).all())
    if wait:
        return wait
    with writing() as session:
        at = now()
        new_keys = {counter.key for counter in counters} - set(
            session.scalars(select(Attempts.key).where(Attempts.key.in_(keys)))
        )
        for key in keys:
            _insert_missing(session, key, at)
        locked = select(Attempts).where(Attempts.key.in_(keys)).order_by(Attempts.key).with_for_update()
        rows = {row.key: row for row in session.scalars(locked.execution_options(populate_existing=True))}
        wait = _wait(counters, rows.values()) or _first_wait(counters, rows, new_keys, at)
        if not wait:
            for counter in {each for each in (*counters, *(counter.alarm for counter in counters)) if each}:
                _count(counter, rows[counter.key], at, waits=counter in counters)
    _sweep_if_due()
    return wait


def attempt_succeeded(counters: list[AttemptKey], forget: AttemptKey | None) -> None:
    """Uncount a successful attempt in all counters, and reset the counter `forget`."""
    at = now()
    with writing() as session:
        keys = {each.key for counter in counters for each in (counter, counter.alarm) if each}
        locked = select(Attempts).where(Attempts.key.in_(keys)).order_by(Attempts.key).with_for_update()
        for row in session.scalars(locked.execution_options(populate_existing=True)).all():
            if forget and row.key == forget.key:
                session.delete(row)
            else:
                row.count, row.until = max(0.0, row.count - 1), at


def carry_over(old: str, new: str) -> None:
    """Move the count from the key `old` to the unused key `new`; inside `writing()`."""
    db.session.execute(update(Attempts).where(Attempts.key == old).values(key=new))


def delete_old_attempts() -> int:
    """Delete rows older than `KEEP_FOR`, and the oldest beyond `MAX_ROWS`; returns how many."""
    with writing() as session:
        deleted = session.scalars(delete(Attempts).where(Attempts.at < now() - KEEP_FOR).returning(Attempts.key)).all()
        surplus = (session.scalar(select(func.count()).select_from(Attempts)) or 0) - MAX_ROWS
        if surplus > 0:
            oldest = select(Attempts.key).order_by(Attempts.at).limit(surplus)
            session.execute(delete(Attempts).where(Attempts.key.in_(oldest)))
    return len(deleted) + max(0, surplus)


def _wait(counters: list[AttemptKey], rows: Iterable[Attempts]) -> float:
    at, row_by_key = now(), {row.key: row for row in rows}
    waits = [
        min(
            counter.policy.longest
            if counter.alarm is None
            else max(counter.policy.longest, counter.alarm.policy.longest),
            remaining,
        )
        for counter in counters
        if (row := row_by_key.get(counter.key)) and (remaining := (row.until - at).total_seconds()) > 0
    ]
    return max(waits, default=0.0)


def _first_wait(counters: list[AttemptKey], rows: dict[str, Attempts], new_keys: set[str], at: datetime) -> float:
    """The wait of a client with a new key while a counter's alarm is on; stored under that key only."""
    for counter in counters:
        if counter.alarm is None or counter.key not in new_keys:
            continue
        wait = counter.alarm.policy.wait(counter.alarm.policy.decayed_count(rows[counter.alarm.key], at))
        if wait:
            rows[counter.key].until = at + timedelta(seconds=wait)
            return wait
    return 0.0


def _count(counter: AttemptKey, row: Attempts, at: datetime, waits: bool) -> None:
    row.count, row.at = counter.policy.decayed_count(row, at) + 1, at
    row.until = at + timedelta(seconds=counter.policy.wait(row.count) if waits else 0.0)


def _insert_missing(session: Session, key: str, at: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Attempts).values(key=key, count=0.0, at=at, until=at).on_conflict_do_nothing())


def _sweep_if_due() -> None:
    state = current_app.extensions.setdefault("klimawerk_attempts", [time.monotonic(), 0])
    state[1] += 1
    if state[1] >= SWEEP_EVERY_ATTEMPTS or time.monotonic() - state[0] > SWEEP_EVERY_SECONDS:
        state[:] = [time.monotonic(), 0]
        try:
            delete_old_attempts()
        except WRITE_FAILURES:
            log.warning("old attempts were not deleted; it is tried again with later ones")
