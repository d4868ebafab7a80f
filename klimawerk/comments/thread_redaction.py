"""Redaction in threads: what is redacted in an item is redacted in its comments too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, exists, select

from klimawerk.comments.anchors import count_occurrences
from klimawerk.comments.models import Comment, CommentEvent, CommentTranslation, Thread
from klimawerk.comments.topics import announce_counts
from klimawerk.extensions import db
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.models import Item


def announce_passages(item: Item) -> None:
    """Note the counts of the item's programme if it has threads about passages, of which some may be dropped; pages
    know which items have such threads. Called before the item's topic is noted, as in all transactions of threads."""
    if db.session.scalar(select(exists().where(Thread.item_id == item.id, Thread.passage != ""))):
        announce_counts(programme_of(item), "")


def redact_threads(item_id: int, hide: Callable[[Any], Any]) -> int:
    """Redact the item's threads inside the caller's transaction; returns in how many places."""
    threads = select(Thread.id).where(Thread.item_id == item_id)
    comments = select(Comment.id).where(Comment.thread_id.in_(threads))
    db.session.execute(delete(CommentTranslation).where(CommentTranslation.comment_id.in_(comments)))
    columns = (
        (select(Thread).where(Thread.item_id == item_id), ("passage", "value", "proposed", "outcome")),
        (select(Comment).where(Comment.thread_id.in_(threads)), ("words", "foreign")),
        (select(CommentEvent).where(CommentEvent.item_id == item_id), ("detail",)),
    )
    places = sum(
        _redact_column(row, name, hide)
        for query, names in columns
        for row in db.session.scalars(query)
        for name in names
    )
    dropped = sum(_drop_anchor(thread) for thread in db.session.scalars(columns[0][0]))
    return places + dropped


def _drop_anchor(thread: Thread) -> int:
    """Remove an anchor that no longer fits: its passage or the text around it may overlap what was redacted."""
    value, context = (
        str(thread.value),
        thread.anchor.get("before", "") + thread.passage + thread.anchor.get("after", ""),
    )
    if not thread.passage or count_occurrences(value, context):
        return 0
    thread.anchor = {}
    if not count_occurrences(value, thread.passage):
        thread.passage = ""
    return 1


def _redact_column(row: Any, name: str, hide: Callable[[Any], Any]) -> int:
    old = getattr(row, name)
    new = hide(old)
    if new != old:
        setattr(row, name, new)
    return int(new != old)
