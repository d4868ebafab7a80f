"""What others did in a person's partnerships between two moments, as that person may know it.

A handful of queries per partnership, however large the programme. No request is needed: digests gather, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from klimawerk.accounts.models import Person
from klimawerk.collab.last_writes import last_writes
from klimawerk.comments.access import visible_to
from klimawerk.comments.models import Comment, CommentEvent, CommentMention, Thread
from klimawerk.comments.service import ACCEPTED, ASSIGNED, OPENED, REOPENED, REPLIED, RESOLVED
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, my_memberships
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.models import FieldChange, Frame, Item, Row

CHANGED, COMMENT, MENTION, TASK, OUTCOME = "changed", "comment", "mention", "task", "outcome"
_KINDS = {OPENED: COMMENT, REPLIED: COMMENT, RESOLVED: OUTCOME, REOPENED: OUTCOME, ACCEPTED: OUTCOME, ASSIGNED: TASK}


@dataclass(frozen=True)
class Activity:
    """`kind`: "changed" (texts, fields or rows of an item), "comment", "mention" (the person is called by name in it),
    "task" (it is theirs to do), "outcome" (resolved, reopened, a proposal accepted). `id` is the same at every look;
    `by`: who did it, None where it was several."""

    id: str
    kind: str
    programme_id: int
    item_id: int
    at: datetime
    by: int | None = None
    thread_id: int | None = None
    comment_id: int | None = None


def activities(person: Person, since: datetime, until: datetime) -> list[Activity]:
    """What others did in (since, until] in all partnerships of which the person is a member now, oldest first.

    Never their own doings, threads of the other side, or what is deleted by now.
    """
    found = [one for member in memberships(person) for one in activities_for(member, since, until)]
    return sorted(found, key=lambda one: (one.at, one.id))


def memberships(person: Person) -> list[Member]:
    """Where the person may read; nobody else acts in a practice programme."""
    return [one for one in my_memberships(person) if one.may(Right.READ) and not one.partnership.practice_of]


def activities_for(member: Member, since: datetime, until: datetime) -> list[Activity]:
    """The same for one partnership, in no order."""
    programmes = _programmes(member)
    items = {item.id: item for item in _items(list(programmes))}
    said = _said(member, items, programmes, since, until)
    return [*said, *_changed(member, items, programmes, since, until)]


def _programmes(member: Member) -> dict[int, int]:
    """{frame: number of its programme}"""
    query = (
        select(Item.frame_id, Item.id)
        .join(Frame, Frame.id == Item.frame_id)
        .where(Frame.partnership_id == member.partnership.id, Item.kind == "programme", Item.deleted_at.is_(None))
    )
    return dict(db.session.execute(query).all())


def _items(frames: list[int]) -> list[Item]:
    return list(db.session.scalars(select(Item).where(Item.frame_id.in_(frames), Item.deleted_at.is_(None))))


def _said(
    member: Member, items: dict[int, Item], programmes: dict[int, int], since: datetime, until: datetime
) -> Iterator[Activity]:
    me = member.person.id
    called = select(CommentMention.comment_id).where(CommentMention.person_id == me)
    query = (
        select(CommentEvent, CommentEvent.comment_id.in_(called))
        .join(Thread, Thread.id == CommentEvent.thread_id)
        .outerjoin(Comment, Comment.id == CommentEvent.comment_id)
        .where(
            CommentEvent.item_id.in_(list(items)),
            visible_to(member.side),
            CommentEvent.at > since,
            CommentEvent.at <= until,
            CommentEvent.kind.in_(_KINDS),
            or_(CommentEvent.by.is_(None), CommentEvent.by != me),
            Comment.deleted_at.is_(None),
        )
    )
    for event, is_called in db.session.execute(query):
        kind = MENTION if is_called and _KINDS[event.kind] == COMMENT else _KINDS[event.kind]
        if kind == TASK and event.detail.get("assignee") != me:
            continue
        name = f"comment:{event.comment_id}" if event.comment_id else f"event:{event.id}"
        programme = programmes[items[event.item_id].frame_id]
        where = (event.thread_id, event.comment_id)
        yield Activity(name, kind, programme, event.item_id, event.at, event.by, *where)


def _changed(
    member: Member, items: dict[int, Item], programmes: dict[int, int], since: datetime, until: datetime
) -> Iterator[Activity]:
    """One for each item, as of its last change."""
    me, last = member.person.id, dict[int, datetime]()
    for model, by, at in (
        (FieldChange, FieldChange.by, FieldChange.at),
        (Row, Row.created_by, Row.created_at),
        (Row, Row.deleted_by, Row.deleted_at),
    ):
        query = (
            select(model.item_id, func.max(at))
            .where(model.item_id.in_(list(items)), at > since, at <= until, by != me)
            .group_by(model.item_id)
        )
        for item_id, moment in db.session.execute(query).all():
            assert moment is not None
            last[item_id] = max(moment, last.get(item_id, moment))
    by_name = {item.name: item.id for item in items.values()}
    for name, moment in last_writes(by_name, since, until, but=me).items():
        last[by_name[name]] = max(moment, last.get(by_name[name], moment))
    for item_id, moment in last.items():
        name = f"changed:{items[item_id].name}:{moment.isoformat()}"
        yield Activity(name, CHANGED, programmes[items[item_id].frame_id], item_id, moment)
