"""Database tables: threads about an item, their comments, and the events in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model
from klimawerk.sheets.models import Item


class Thread(Model):
    """A discussion about an item. `side`: the only side that sees it; "" for all.

    `field` (with `row_id` for a cell of a row) is its subject, "" for the whole item. `value` is the value of the
    subject when the thread was opened, and `passage` the part of that text, "" for all of it. `anchor` is the position
    of the passage (see `anchors.py`). `proposed` is {}, or {"value", "old", "by": person, "accepted"?} for a proposed
    value.
    `began` and `revs`: for each side that sees the thread, the revision of its topic when the thread was opened and
    last changed. `deleted_at`: when the last of its comments was deleted.
    """

    __table_args__ = (Index("ix_thread_item_open", "item_id", "resolved_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    side: Mapped[str] = mapped_column(String(10), default="")
    field: Mapped[str] = mapped_column(String(60), default="")
    row_id: Mapped[str | None] = mapped_column(String(36))
    value: Mapped[Any] = mapped_column(JSON)
    passage: Mapped[str] = mapped_column(Text, default="")
    anchor: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    proposed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    assignee: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    due: Mapped[date | None]
    resolved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    outcome: Mapped[str] = mapped_column(String(300), default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    began: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    revs: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    item: Mapped[Item] = relationship()

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None and self.deleted_at is None


class Comment(Model):
    """One comment. `side` is its author's at that time.

    `key` is an idempotency key made before it was sent, so that a comment sent twice is stored once. The text is plain,
    and removed when the comment is deleted. `foreign`: of an imported comment, its further data, among them the name of
    the author, who has no account here.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    author: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    side: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    edited_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    foreign: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    thread: Mapped[Thread] = relationship()


class CommentTranslation(Model):
    """A machine translation of a comment; deleted as soon as the comment's text changes."""

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class CommentMention(Model):
    """A person is mentioned in a comment."""

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)


class CommentsRead(Model):
    """When a person last opened an item's comments; `before`: the time before that, half an hour earlier or more.

    Comments after `before` are shown as new as long as the session lasts.
    """

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    before: Mapped[datetime | None] = mapped_column(UtcTime)


class CommentEvent(Model):
    """An event in a thread: who did what, and when. Ids grow with time: after id n, those above n are new.

    `kind`: "opened", "replied", "edited" {"words": before}, "deleted", "resolved" {"outcome"}, "reopened" {"outcome"},
    "assigned" {"assignee", "due"}, "proposed" {"value"}, "accepted" {"value", "old", "proposer"}. `side` is the
    thread's, so that a query cannot forget the permission.
    """

    __table_args__ = (Index("ix_comment_event_item", "item_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"), index=True)
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    side: Mapped[str] = mapped_column(String(10), default="")
    kind: Mapped[str] = mapped_column(String(20))
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
