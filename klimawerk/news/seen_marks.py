"""Seen marks: up to when a person knows what others did at an item, so that only newer activity is news.

Set when the item's page is opened, or by a button. Different from a visit (versions/visits.py): that one is presence
for five seconds or more, and is the start of "since my last visit".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import cast

from sqlalchemy import Executable, Integer, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from klimawerk.accounts.models import Person
from klimawerk.clock import UtcTime, now
from klimawerk.comments import read_marks
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.news.activity import CHANGED, Activity, activities_for, memberships
from klimawerk.news.models import SeenMark
from klimawerk.partnerships.access import Member

MAX_AGE = timedelta(days=90)  # older activity is no news


def unseen_activities(person: Person, until: datetime | None = None) -> list[Activity]:
    """Activities of others that the person has not seen, in all their partnerships, oldest first."""
    activities = [activity for member in memberships(person) for activity in unseen_activities_for(member, until)]
    return sorted(activities, key=lambda activity: (activity.at, activity.id))


def unseen_activities_for(member: Member, until: datetime | None = None) -> list[Activity]:
    """The same in one partnership, in no order."""
    moment = until or now()
    since = max(read_marks.joined_at(member), moment - MAX_AGE)
    activities = activities_for(member, since, moment)
    return list(drop_seen(member, activities))


def drop_seen(member: Member, activities: list[Activity]) -> Iterable[Activity]:
    """Without seen activities: changes are seen by opening the item, comments by opening its comments."""
    items = {activity.item_id for activity in activities}
    opened, read = _opened_at(member, items), read_marks.read_at(member, items)
    return (
        activity
        for activity in activities
        if _is_new(activity, (opened if activity.kind == CHANGED else read).get(activity.item_id))
    )


def record_opened(item_id: int, *, by: int, at: datetime | None = None) -> None:
    """Record that the person has opened the item's page. Each opening of a page does, so it does not wait for the disk:
    after a power failure the news are shown once more."""
    _set_marks([item_id], by, at or now(), durable=False)


def mark_seen(item_ids: Iterable[int], *, by: int, at: datetime) -> None:
    """Mark all activity at these items up to `at` as seen, including comments."""
    ids = list(item_ids)
    _set_marks(ids, by, at)
    read_marks.mark_read(ids, by=by, at=at)


def seen_since(member: Member, item_id: int) -> datetime:
    """Time after which changes of the item are new to the member."""
    return _opened_at(member, {item_id}).get(item_id) or read_marks.joined_at(member)


def _set_marks(item_ids: Iterable[int], by: int, at: datetime, durable: bool = True) -> None:
    statement = _set_mark(db.engine.dialect.name)
    with writing(durable=durable):
        for item_id in sorted(set(item_ids)):
            db.session.execute(statement, {"by": by, "item": item_id, "seen": at})


@cache
def _set_mark(dialect: str) -> Executable:
    """The statement that sets or advances a mark; it sets none for an account that has ended, whose row it locks as
    `existing_accounts.lock_if_exists` does. Built once, since each opening of a page runs it."""
    mark = select(Person.id, bindparam("item", type_=Integer), bindparam("seen", type_=UtcTime))
    account = mark.where(Person.id == bindparam("by"), Person.ended_at.is_(None)).with_for_update(key_share=True)
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    seen = cast(Table, SeenMark.__table__)
    new = insert(seen).from_select([seen.c.person_id, seen.c.item_id, seen.c.at], account)
    return new.on_conflict_do_update(
        index_elements=[seen.c.person_id, seen.c.item_id],
        set_={seen.c.at: new.excluded.at},
        where=new.excluded.at > seen.c.at,
    )


def _opened_at(member: Member, item_ids: set[int]) -> dict[int, datetime]:
    query = select(SeenMark).where(SeenMark.person_id == member.person.id, SeenMark.item_id.in_(item_ids))
    return {row.item_id: row.at for row in db.session.scalars(query)}


def _is_new(activity: Activity, seen: datetime | None) -> bool:
    return seen is None or activity.at > seen
