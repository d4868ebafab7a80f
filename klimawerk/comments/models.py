"""Threads about an item, their comments, and a row for everything that was done in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from klimawerk.clock import UtcTime, now
from klimawerk.extensions import Model
from klimawerk.sheets.models import Item


class Thread(Model):
    """What people say about an item. `side`: the only side that sees it; "" for all.

    `field` (with `row_id` for a cell of a row) names what it is about, "" for the whole; `value` is what stood
    there, and `passage` the words in it that are meant, "" for all. `anchor` says which of them, where they stand more
    than once, and where they have gone since: see `anchors.py`. `proposed` is {}, or {"value", "old", "by": person,
    "accepted"?} for what should stand there.
    `began` and `revs`: for each side that sees it, the revision of its topic at which the thread was opened and last
    changed. `deleted_at`: when the last of its comments was deleted.
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
    """One contribution. `side` is its author's at that time, `key` a name made before it was sent, so that sending
    twice keeps one. Its words are plain text, and gone when it is deleted. `foreign`: of one that came with a file,
    what stood there besides its words, among it the name of the author, who has no account here."""

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
    """What a machine made of a comment in another language; gone as soon as the comment says something else."""

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class CommentMention(Model):
    """Somebody is called by name in a comment."""

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)


class CommentsRead(Model):
    """When a person last opened an item's comments; `before`: the last time before that, half an hour away or more.

    What came after `before` is called new for as long as the person is at it.
    """

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    before: Mapped[datetime | None] = mapped_column(UtcTime)


class CommentEvent(Model):
    """Who did what in a thread, and when; ids grow with time, so whoever has read up to one lacks those above it.

    `kind`: "opened", "replied", "edited" {"words": before}, "deleted", "resolved" {"outcome"}, "reopened" {"outcome"},
    "assigned" {"assignee", "due"}, "proposed" {"value"}, "accepted" {"value", "old", "proposer"}. `side` is the
    thread's, so that a query cannot forget who may know.
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
