"""Counted attempts (passwords, requests for a new one) with growing waits, for all processes and over a restart.

An attempt is counted before it is made, so that many at once gain nothing. Keys are keyed hashes: the table tells
neither addresses of people nor of networks. Counts fall by half with time; a row is swept a day after its last attempt.
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
KEEP_SECONDS = timedelta(days=1)
MAX_ROWS = 20_000  # the oldest give way
SWEEP_EVERY_SECONDS, SWEEP_EVERY_ATTEMPTS = 600.0, 200


class Attempts(Model):
    """Attempts under one key: `count` as of `at`; none is made before `until`."""

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
        """Seconds until the next attempt, after so many."""
        over = round(count) - self.free
        return 0.0 if over < 0 else min(self.longest, self.first * float(2 ** min(over, 30)))

    def left(self, row: Attempts, at: datetime) -> float:
        """What the row's count has fallen to."""
        return float(row.count) * math.pow(0.5, max(0.0, (at - row.at).total_seconds()) / self.half_life)


@dataclass(frozen=True)
class AttemptKey:
    """A key under which attempts are counted. `alarm`: attempts under this lane make whoever comes with a new key wait
    once, and nobody again."""

    key: str
    pace: WaitPolicy
    alarm: AttemptKey | None = None


def attempt_key(*parts: object) -> str:
    """The key for these parts, which nobody without the installation's secret can try out."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, "\0".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()[:40]


def begin_attempt(lanes: list[AttemptKey]) -> float:
    """Count an attempt in all lanes: 0; or the seconds it has to wait, when nothing is counted."""
    keys = sorted({one.key for lane in lanes for one in (lane, lane.alarm) if one})
    wait = _wait(lanes, db.session.scalars(select(Attempts).where(Attempts.key.in_(keys))).all())
    if wait:
        return wait
    with writing() as session:
        at = now()
        new = {lane.key for lane in lanes} - set(session.scalars(select(Attempts.key).where(Attempts.key.in_(keys))))
        for one in keys:
            _make(session, one, at)
        locked = select(Attempts).where(Attempts.key.in_(keys)).order_by(Attempts.key).with_for_update()
        rows = {row.key: row for row in session.scalars(locked.execution_options(populate_existing=True))}
        wait = _wait(lanes, rows.values()) or _first_wait(lanes, rows, new, at)
        if not wait:
            for lane in {lane for lane in (*lanes, *(lane.alarm for lane in lanes)) if lane}:
                _count(lane, rows[lane.key], at, waits=lane in lanes)
    _sweep_now_and_then()
    return wait


def attempt_succeeded(lanes: list[AttemptKey], forget: AttemptKey | None) -> None:
    """It was no failure: not counted after all, and what was counted in `forget` is forgotten."""
    at = now()
    with writing() as session:
        keys = {one.key for lane in lanes for one in (lane, lane.alarm) if one}
        locked = select(Attempts).where(Attempts.key.in_(keys)).order_by(Attempts.key).with_for_update()
        for row in session.scalars(locked.execution_options(populate_existing=True)).all():
            if forget and row.key == forget.key:
                session.delete(row)
            else:
                row.count, row.until = max(0.0, row.count - 1), at


def carry_over(old: str, new: str) -> None:
    """What was counted under the key `old` is counted under `new`, which nobody has used; inside `writing()`."""
    db.session.execute(update(Attempts).where(Attempts.key == old).values(key=new))


def delete_old_attempts() -> int:
    """Delete what is older than a day, and the oldest of too many; answers how many rows."""
    with writing() as session:
        gone = session.scalars(delete(Attempts).where(Attempts.at < now() - KEEP_SECONDS).returning(Attempts.key)).all()
        many = (session.scalar(select(func.count()).select_from(Attempts)) or 0) - MAX_ROWS
        if many > 0:
            oldest = select(Attempts.key).order_by(Attempts.at).limit(many)
            session.execute(delete(Attempts).where(Attempts.key.in_(oldest)))
    return len(gone) + max(0, many)


def _wait(lanes: list[AttemptKey], rows: Iterable[Attempts]) -> float:
    at, known = now(), {row.key: row for row in rows}
    waits = [
        min(lane.pace.longest if lane.alarm is None else max(lane.pace.longest, lane.alarm.pace.longest), left)
        for lane in lanes
        if (row := known.get(lane.key)) and (left := (row.until - at).total_seconds()) > 0
    ]
    return max(waits, default=0.0)


def _first_wait(lanes: list[AttemptKey], rows: dict[str, Attempts], new: set[str], at: datetime) -> float:
    """The wait of somebody who comes with a new key while there is an alarm; it is theirs alone."""
    for lane in lanes:
        if lane.alarm is None or lane.key not in new:
            continue
        wait = lane.alarm.pace.wait(lane.alarm.pace.left(rows[lane.alarm.key], at))
        if wait:
            rows[lane.key].until = at + timedelta(seconds=wait)
            return wait
    return 0.0


def _count(lane: AttemptKey, row: Attempts, at: datetime, waits: bool) -> None:
    row.count, row.at = lane.pace.left(row, at) + 1, at
    row.until = at + timedelta(seconds=lane.pace.wait(row.count) if waits else 0.0)


def _make(session: Session, one: str, at: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Attempts).values(key=one, count=0.0, at=at, until=at).on_conflict_do_nothing())


def _sweep_now_and_then() -> None:
    state = current_app.extensions.setdefault("klimawerk_attempts", [time.monotonic(), 0])
    state[1] += 1
    if state[1] >= SWEEP_EVERY_ATTEMPTS or time.monotonic() - state[0] > SWEEP_EVERY_SECONDS:
        state[:] = [time.monotonic(), 0]
        try:
            delete_old_attempts()
        except WRITE_FAILURES:
            log.warning("old attempts were not deleted; it is tried again with later ones")
