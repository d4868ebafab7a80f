"""What is blacked out in an item is blacked out in what was said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, select

from klimawerk.comments.models import Comment, CommentEvent, CommentTranslation, Thread
from klimawerk.extensions import db


def hide(item_id: int, hidden: Callable[[Any], Any]) -> int:
    """Put bars into its threads, inside the caller's transaction; in how many places."""
    threads = select(Thread.id).where(Thread.item_id == item_id)
    comments = select(Comment.id).where(Comment.thread_id.in_(threads))
    db.session.execute(delete(CommentTranslation).where(CommentTranslation.comment_id.in_(comments)))
    kept = (
        (select(Thread).where(Thread.item_id == item_id), ("value", "proposed", "outcome")),
        (select(Comment).where(Comment.thread_id.in_(threads)), ("words",)),
        (select(CommentEvent).where(CommentEvent.item_id == item_id), ("detail",)),
    )
    return sum(_hide(row, name, hidden) for query, names in kept for row in db.session.scalars(query) for name in names)


def _hide(row: Any, name: str, hidden: Callable[[Any], Any]) -> int:
    old = getattr(row, name)
    new = hidden(old)
    if new != old:
        setattr(row, name, new)
    return int(new != old)
