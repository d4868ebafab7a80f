"""Revisions of topics: `note` raises one inside a transaction; the change is broadcast once, after the commit."""

from __future__ import annotations

from flask import current_app, g, has_request_context
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from klimawerk.database import after_commit
from klimawerk.extensions import db
from klimawerk.live.models import Topic
from klimawerk.registry import Event

_REVISIONS = select(Topic.name, Topic.rev).where(Topic.name.in_(bindparam("names", expanding=True)))
topics_changed: Event[[list[str]]] = Event()
"""A commit has changed these topics; sent in the process that committed."""


def note(topic: str) -> int:
    """Raise the topic's revision, once per transaction, and return it.

    On PostgreSQL the row stays locked until the commit, so changes of one thing happen one after the other; a function
    that calls this first may read and write the thing safely afterwards.
    """
    noted: dict[str, int] = db.session.info.setdefault("noted", {})
    if topic not in noted:
        if not noted:
            page = g.get("page") if has_request_context() else None
            after_commit(lambda: _announce(noted, page))
        noted[topic] = _raise_revision(topic)
    return noted[topic]


def revision(topic: str) -> int:
    """The topic's current revision; 0 for one that never changed."""
    return db.session.scalar(select(Topic.rev).where(Topic.name == topic)) or 0


def revisions(topics: list[str]) -> dict[str, int]:
    """The current revisions of all of `topics`; 0 for those that never changed."""
    rows = db.session.execute(_REVISIONS, {"names": topics})
    known: dict[str, int] = dict(rows.all())
    return {name: known.get(name, 0) for name in topics}


def all_revisions() -> dict[str, int]:
    """The current revisions of all topics."""
    return dict(db.session.execute(select(Topic.name, Topic.rev)).all())


def _raise_revision(topic: str) -> int:
    raised = update(Topic).where(Topic.name == topic).values(rev=Topic.rev + 1).returning(Topic.rev)
    rev = db.session.scalar(raised)
    if rev is None:
        try:
            with db.session.begin_nested():
                db.session.add(Topic(name=topic, rev=1))
            return 1
        except IntegrityError:
            rev = db.session.scalar(raised)
    assert rev is not None
    return rev


def _announce(noted: dict[str, int], page: str | None) -> None:
    current_app.extensions["live"].broadcast.announce(noted, page)
    topics_changed.send(list(noted))
