"""Read marks: up to when a person has read an item's comments.

Comments count as read once a page has shown them. During the session in which they are read they stay marked as new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

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
    return unread_since_of(member, [item_id])[item_id]


def unread_since_of(member: Member, item_ids: Iterable[int]) -> dict[int, datetime]:
    """`unread_since` of each item, in one query."""
    ids = list(item_ids)
    rows = _marks(member, ids)
    return {item_id: _unread_since(member, rows.get(item_id)) for item_id in ids}


def _unread_since(member: Member, row: CommentsRead | None) -> datetime:
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
    return {item_id: row.at for item_id, row in _marks(member, item_ids).items()}


def _marks(member: Member, item_ids: Iterable[int]) -> dict[int, CommentsRead]:
    query = select(CommentsRead).where(
        CommentsRead.person_id == member.person.id, CommentsRead.item_id.in_(list(item_ids))
    )
    return {row.item_id: row for row in db.session.scalars(query)}


def mark_threads_read(member: Member, threads: Mapping[int, Iterable[int]]) -> None:
    """Mark threads as read, after a page has shown them: {item id: ids of its threads}.

    One mark stands for all comments of an item, so it ends before the first new comment in another thread. A comment
    may be called new once too often, but is never lost behind a filter, on a later page, or in another thread.
    """
    mark = (CommentsRead.item_id == Thread.item_id, CommentsRead.person_id == member.person.id)
    since = func.coalesce(CommentsRead.at, literal(joined_at(member), UtcTime), type_=UtcTime)
    query = (
        select(Thread.item_id, func.min(Comment.at))
        .join(Thread, Thread.id == Comment.thread_id)
        .outerjoin(CommentsRead, and_(*mark))
        .where(
            Thread.item_id.in_(list(threads)),
            Thread.id.not_in([id_ for of_item in threads.values() for id_ in of_item]),
            visible_to(member.side),
            Comment.at > since,
            Comment.deleted_at.is_(None),
            or_(Comment.author.is_(None), Comment.author != member.person.id),
        )
        .group_by(Thread.item_id)
    )
    before = timedelta(microseconds=1)
    first_unseen = {item_id: at - before for item_id, at in db.session.execute(query)}
    _mark({item_id: first_unseen.get(item_id) or now() for item_id in threads}, member.person.id)


def mark_read(item_ids: Iterable[int], *, by: int, at: datetime | None = None) -> None:
    """Mark the comments of these items as read up to `at` (default: now)."""
    _mark(dict.fromkeys(item_ids, at or now()), by)


def _mark(moments: Mapping[int, datetime], by: int) -> None:
    """Mark the comments of each item as read up to its moment."""
    with writing():
        if not existing_accounts.lock_if_exists(by):
            return
        for item_id, moment in sorted(moments.items()):
            row = add_missing(CommentsRead, person_id=by, item_id=item_id, at=moment)
            if moment > row.at:
                row.before = row.at if moment - row.at > SESSION_GAP else row.before
                row.at = moment
