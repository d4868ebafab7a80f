"""Idempotent execution: a request takes effect once, however often it is sent."""

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
    """Run `create` once for this key and return its result; for a known key return the first result.

    `create` and the key share one transaction (`writing()`): both are stored or neither, so a failed request can be
    sent again. Of two concurrent requests the second waits for the first. Without a key `create` always runs.
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
    """The stored result of the key, if its request was carried out; for handlers that work before they call `once`."""
    completed = db.session.get(CompletedRequest, key) if key else None
    return completed.result if completed else None


def _claim(key: str) -> bool:
    """Insert the key; True if it is new. PostgreSQL waits here for a transaction that has claimed the same key."""
    db.session.execute(delete(CompletedRequest).where(CompletedRequest.at < now() - KEPT))
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(CompletedRequest).values(digest=key, result="", at=now()).on_conflict_do_nothing()
    return db.session.scalar(row.returning(CompletedRequest.digest)) is not None
