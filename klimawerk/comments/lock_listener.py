"""Updates open proposals when an edit lock begins or ends: while it holds, no button accepts a value."""

from __future__ import annotations

from sqlalchemy import select

from klimawerk.comments.models import Thread
from klimawerk.comments.thread_kinds import PROPOSAL
from klimawerk.comments.topics import announce_threads
from klimawerk.database import writing
from klimawerk.extensions import db


def follow_locks(items: list[int]) -> None:
    """Announce open proposals about these items. A transaction of its own, since lock order is threads before items."""
    query = select(Thread).where(Thread.item_id.in_(items), Thread.kind == PROPOSAL, Thread.resolved_at.is_(None))
    query = query.where(Thread.deleted_at.is_(None)).order_by(Thread.item_id, Thread.id)
    if db.session.scalar(query.limit(1)) is None:
        return
    with writing():
        for thread in db.session.scalars(query).all():
            if thread.proposed:
                thread.revs = {**thread.revs, **announce_threads(thread.item, thread.side)}
