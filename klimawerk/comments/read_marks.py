"""Read marks: up to when a person has read an item's comments.

Comments count as read once a page has shown them. During the session in which they are read they stay marked as new.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, literal, or_, select

from klimawerk.accounts import existing_accounts
from klimawerk.clock import UtcTime, now
from klimawerk.comments.access import visible_to
from klimawerk.comments.models import Comment, CommentsRead, Thread
from klimawerk.database import add_missing, writing
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member

SESSION_GAP = timedelta(minutes=30)  # without opening the comments: the next opening begins another session


def joined_at(member: Member) -> datetime:
    """Start of the member's first day; earlier activity is not new to them."""
    zone = ZoneInfo(member.membership.timezone)
    return datetime.combine(member.membership.from_date, time(), zone).astimezone(UTC)


def unread_since(member: Member, item_id: int) -> datetime:
    """Time after which comments on the item are new to the member, for a page that shows them."""
    row = db.session.get(CommentsRead, (member.person.id, item_id))
    if row is None:
        return joined_at(member)
    return row.at if now() - row.at > SESSION_GAP else row.before or joined_at(member)


def unread_since_in_query(member: Member) -> ColumnElement[datetime]:
    """`unread_since` for the item of each thread of a query."""
    joined = literal(joined_at(member), UtcTime)
    earlier = (literal(now() - SESSION_GAP, UtcTime) > CommentsRead.at, CommentsRead.at)
    since = case(earlier, else_=func.coalesce(CommentsRead.before, joined))
    mark = (CommentsRead.person_id == member.person.id, CommentsRead.item_id == Thread.item_id)
    return func.coalesce(select(since).where(*mark).correlate(Thread).scalar_subquery(), joined, type_=UtcTime)


def read_at(member: Member, item_ids: Iterable[int]) -> dict[int, datetime]:
    """When the member last opened the comments of these items; only of items with such a mark."""
    query = select(CommentsRead).where(
        CommentsRead.person_id == member.person.id, CommentsRead.item_id.in_(list(item_ids))
    )
    return {row.item_id: row.at for row in db.session.scalars(query)}


def mark_threads_read(member: Member, item_id: int, threads: Iterable[int]) -> None:
    """Mark these threads of the item as read, after a page has shown them.

    One mark stands for all comments of an item, so it ends before the first new comment in another thread. A comment
    may be called new once too often, but is never lost behind a filter, on a later page, or in another thread.
    """
    since = read_at(member, [item_id]).get(item_id) or joined_at(member)
    query = (
        select(func.min(Comment.at))
        .join(Thread, Thread.id == Comment.thread_id)
        .where(
            Thread.item_id == item_id,
            Thread.id.not_in(list(threads)),
            visible_to(member.side),
            Comment.at > since,
            Comment.deleted_at.is_(None),
            or_(Comment.author.is_(None), Comment.author != member.person.id),
        )
    )
    first_unseen = db.session.scalar(query)
    mark_read([item_id], by=member.person.id, at=first_unseen and first_unseen - timedelta(microseconds=1))


def mark_read(item_ids: Iterable[int], *, by: int, at: datetime | None = None) -> None:
    """Mark the comments of these items as read up to `at` (default: now)."""
    moment = at or now()
    with writing():
        if not existing_accounts.lock_if_exists(by):
            return
        for item_id in sorted(set(item_ids)):
            row = add_missing(CommentsRead, person_id=by, item_id=item_id, at=moment)
            if moment > row.at:
                row.before = row.at if moment - row.at > SESSION_GAP else row.before
                row.at = moment
