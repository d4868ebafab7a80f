"""Others' doings that somebody may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask_babel import ngettext
from sqlalchemy import func, or_, select

from klimawerk.accounts.models import Person
from klimawerk.comments.access import seen_by
from klimawerk.comments.models import CommentEvent, CommentMention, Thread
from klimawerk.comments.service import OPENED, REPLIED, RESOLVED
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, my_memberships
from klimawerk.partnerships.rights import Right
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.models import FieldChange, Frame, Item


@dataclass(frozen=True)
class Happening:
    """One doing of somebody else. `id` is stable and unique."""

    id: str
    kind: str
    programme_id: int
    item_id: int
    at: datetime
    by: int | None = None
    thread_id: int | None = None
    comment_id: int | None = None


def happenings(person: Person, since: datetime, until: datetime) -> list[Happening]:
    """Others' doings in (since, until], oldest first, only what the person may see."""
    found = [
        one
        for member in my_memberships(person)
        if member.may(Right.READ)
        for one in (*_talk(member, since, until), *_changes(member, since, until))
    ]
    return sorted(found, key=lambda one: (one.at, one.id))


def summary(item: Item, since: datetime, until: datetime) -> str:
    """One line for a changed item, in the current locale."""
    query = select(func.count()).where(FieldChange.item_id == item.id, FieldChange.at > since, FieldChange.at <= until)
    return str(ngettext("%(num)d field", "%(num)d fields", db.session.scalar(query) or 0))


def _talk(member: Member, since: datetime, until: datetime) -> Iterator[Happening]:
    query = (
        select(CommentEvent)
        .join(Thread, Thread.id == CommentEvent.thread_id)
        .join(Item, Item.id == CommentEvent.item_id)
        .join(Frame, Frame.id == Item.frame_id)
        .where(Frame.partnership_id == member.partnership.id, seen_by(member.side), Item.deleted_at.is_(None))
        .where(CommentEvent.at > since, CommentEvent.at <= until)
        .where(or_(CommentEvent.by.is_(None), CommentEvent.by != member.person.id))
    )
    called = set(
        db.session.scalars(select(CommentMention.comment_id).where(CommentMention.person_id == member.person.id))
    )
    for event in db.session.scalars(query.order_by(CommentEvent.id)):
        kind = _kind(event, member, called)
        if kind:
            item = db.session.get_one(Item, event.item_id)
            place = (programme_of(item).id, item.id, event.at, event.by, event.thread_id, event.comment_id)
            yield Happening(f"event:{event.id}", kind, *place)


def _kind(event: CommentEvent, member: Member, called: set[int]) -> str:
    if event.kind in (OPENED, REPLIED):
        return "mention" if event.comment_id in called else "comment"
    if event.kind == "assigned" and event.detail.get("assignee") == member.person.id:
        return "task"
    return "outcome" if event.kind == RESOLVED else ""


def _changes(member: Member, since: datetime, until: datetime) -> Iterator[Happening]:
    query = (
        select(FieldChange.item_id, func.max(FieldChange.at))
        .join(Item, Item.id == FieldChange.item_id)
        .join(Frame, Frame.id == Item.frame_id)
        .where(Frame.partnership_id == member.partnership.id, Item.deleted_at.is_(None))
        .where(FieldChange.at > since, FieldChange.at <= until, FieldChange.by != member.person.id)
        .group_by(FieldChange.item_id)
    )
    for item_id, at in db.session.execute(query).all():
        item = db.session.get_one(Item, item_id)
        yield Happening(f"changed:{item.name}:{at:%Y-%m-%d}", "changed", programme_of(item).id, item_id, at)
