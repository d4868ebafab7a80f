"""What is new to somebody, and no longer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from klimawerk.accounts import existing_accounts
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.comments import read_marks
from klimawerk.database import add_missing, writing
from klimawerk.extensions import db
from klimawerk.news.activity import CHANGED, Activity, activities_for, memberships
from klimawerk.news.models import SeenMark
from klimawerk.partnerships.access import Member

MAX_AGE = timedelta(days=90)  # what nobody looked at for so long is no news any more


def unseen_activities(person: Person, until: datetime | None = None) -> list[Activity]:
    """What others did that the person has not seen, oldest first, in all their partnerships."""
    found = [one for member in memberships(person) for one in unseen_activities_for(member, until)]
    return sorted(found, key=lambda one: (one.at, one.id))


def unseen_activities_for(member: Member, until: datetime | None = None) -> list[Activity]:
    """The same in one partnership, in no order."""
    moment = until or now()
    since = max(read_marks.joined_at(member), moment - MAX_AGE)
    found = activities_for(member, since, moment)
    return list(drop_seen(member, found))


def drop_seen(member: Member, found: list[Activity]) -> Iterable[Activity]:
    """Without what the member has seen: changes by opening the item, comments by opening its comments."""
    items = {one.item_id for one in found}
    opened, read = _opened(member, items), read_marks.read_at(member, items)
    return (one for one in found if _is_new(one, (opened if one.kind == CHANGED else read).get(one.item_id)))


def record_opened(item_id: int, *, by: int, at: datetime | None = None) -> None:
    """The person has the item's page before them, up to this moment."""
    _note([item_id], by, at or now())


def mark_seen(item_ids: Iterable[int], *, by: int, at: datetime) -> None:
    """The person wants to hear no more of what was done at these items up to `at`, comments included."""
    wanted = list(item_ids)
    _note(wanted, by, at)
    read_marks.mark_read(wanted, by=by, at=at)


def seen_since(member: Member, item_id: int) -> datetime:
    """From when on changes of the item are new to the member."""
    return _opened(member, {item_id}).get(item_id) or read_marks.joined_at(member)


def _note(item_ids: Iterable[int], by: int, at: datetime) -> None:
    with writing():
        if not existing_accounts.lock_if_exists(by):
            return
        for item_id in sorted(set(item_ids)):
            row = add_missing(SeenMark, person_id=by, item_id=item_id, at=at)
            row.at = max(row.at, at)


def _opened(member: Member, item_ids: set[int]) -> dict[int, datetime]:
    query = select(SeenMark).where(SeenMark.person_id == member.person.id, SeenMark.item_id.in_(item_ids))
    return {row.item_id: row.at for row in db.session.scalars(query)}


def _is_new(one: Activity, seen: datetime | None) -> bool:
    return seen is None or one.at > seen
