"""Carry out a request once, however often it is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.idempotency.models import CompletedRequest

KEPT = timedelta(days=1)


def once(key: str | None, create: Callable[[], str]) -> str:
    """What `create` answers; for a key that was carried out before, what it answered then.

    `create` runs inside one `writing()` with the key: both are kept or neither, so a request that failed can be sent
    again. Of two that come at the same moment the second waits for the first. Without a key `create` simply runs.
    """
    with writing():
        if key is None:
            return create()
        if not _claim(key):
            return db.session.get_one(CompletedRequest, key).result
        result = create()
        db.session.get_one(CompletedRequest, key).result = result
        return result


def earlier(key: str | None) -> str | None:
    """What the key's request answered if it was carried out before; for work that is prepared outside of `once`."""
    found = db.session.get(CompletedRequest, key) if key else None
    return found.result if found else None


def _claim(key: str) -> bool:
    """Whether the key is new. PostgreSQL waits here for a transaction that has claimed the same key."""
    db.session.execute(delete(CompletedRequest).where(CompletedRequest.at < now() - KEPT))
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(CompletedRequest).values(digest=key, result="", at=now()).on_conflict_do_nothing()
    return db.session.scalar(row.returning(CompletedRequest.digest)) is not None
