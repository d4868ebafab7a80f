"""Activity feed: what others did in a person's partnerships between two moments, as far as that person may see it.

A few queries per partnership, independent of the size of the programme. Works without a request, since digests use it
too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from klimawerk.accounts.models import Person
from klimawerk.collab.attribution.last_writes import last_writes
from klimawerk.comments.access import visible_to
from klimawerk.comments.models import Comment, CommentEvent, CommentMention, Thread
from klimawerk.comments.service import ACCEPTED, ASSIGNED, OPENED, REOPENED, REPLIED, RESOLVED
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, my_memberships
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.item_kinds import hidden_kinds
from klimawerk.sheets.models import FieldChange, Frame, Item, Row

CHANGED, COMMENT, MENTION, TASK, OUTCOME = "changed", "comment", "mention", "task", "outcome"
_KINDS = {OPENED: COMMENT, REPLIED: COMMENT, RESOLVED: OUTCOME, REOPENED: OUTCOME, ACCEPTED: OUTCOME, ASSIGNED: TASK}


@dataclass(frozen=True)
class Activity:
    """One activity of another person.

    `kind`: "changed" (texts, fields or rows of an item), "comment", "mention" (a comment that mentions the person),
    "task" (assigned to the person), "outcome" (resolved, reopened, a proposal accepted). `id` is the same in every
    query; `by`: who did it, None if it was several people.
    """

    id: str
    kind: str
    programme_id: int
    item_id: int
    at: datetime
    by: int | None = None
    thread_id: int | None = None
    comment_id: int | None = None


def activities(person: Person, since: datetime, until: datetime) -> list[Activity]:
    """Activities of others in (since, until], in all partnerships of which the person is a member now, oldest first.

    Without the person's own activities, threads of other sides, and what is deleted by now.
    """
    unsorted = [activity for member in memberships(person) for activity in activities_for(member, since, until)]
    return sorted(unsorted, key=lambda activity: (activity.at, activity.id))


def memberships(person: Person) -> list[Member]:
    """The person's memberships with the right to read, without practice programmes, where nobody else acts."""
    return [
        member for member in my_memberships(person) if member.may(Right.READ) and not member.partnership.practice_of
    ]


def activities_for(member: Member, since: datetime, until: datetime) -> list[Activity]:
    """Activities in one partnership, in no order."""
    programmes = _programmes(member)
    hidden = hidden_kinds(member)
    items = {item.id: item for item in _items(list(programmes)) if item.kind not in hidden}
    in_threads = _in_threads(member, items, programmes, since, until)
    return [*in_threads, *_changes(member, items, programmes, since, until)]


def _programmes(member: Member) -> dict[int, int]:
    """{frame id: programme id}"""
    query = (
        select(Item.frame_id, Item.id)
        .join(Frame, Frame.id == Item.frame_id)
        .where(Frame.partnership_id == member.partnership.id, Item.kind == "programme", Item.deleted_at.is_(None))
    )
    return dict(db.session.execute(query).all())


def _items(frames: list[int]) -> list[Item]:
    return list(db.session.scalars(select(Item).where(Item.frame_id.in_(frames), Item.deleted_at.is_(None))))


def _in_threads(
    member: Member, items: dict[int, Item], programmes: dict[int, int], since: datetime, until: datetime
) -> Iterator[Activity]:
    person_id = member.person.id
    mentions = select(CommentMention.comment_id).where(CommentMention.person_id == person_id)
    query = (
        select(CommentEvent, CommentEvent.comment_id.in_(mentions))
        .join(Thread, Thread.id == CommentEvent.thread_id)
        .outerjoin(Comment, Comment.id == CommentEvent.comment_id)
        .where(
            CommentEvent.item_id.in_(list(items)),
            visible_to(member.side),
            CommentEvent.at > since,
            CommentEvent.at <= until,
            CommentEvent.kind.in_(_KINDS),
            or_(CommentEvent.by.is_(None), CommentEvent.by != person_id),
            Comment.deleted_at.is_(None),
        )
    )
    for event, is_mention in db.session.execute(query):
        kind = MENTION if is_mention and _KINDS[event.kind] == COMMENT else _KINDS[event.kind]
        if kind == TASK and event.detail.get("assignee") != person_id:
            continue
        name = f"comment:{event.comment_id}" if event.comment_id else f"event:{event.id}"
        programme = programmes[items[event.item_id].frame_id]
        comment_ids = (event.thread_id, event.comment_id)
        yield Activity(name, kind, programme, event.item_id, event.at, event.by, *comment_ids)


def _changes(
    member: Member, items: dict[int, Item], programmes: dict[int, int], since: datetime, until: datetime
) -> Iterator[Activity]:
    """One activity for each changed item, with the time of its last change."""
    person_id, last_change = member.person.id, dict[int, datetime]()
    for model, by, at in (
        (FieldChange, FieldChange.by, FieldChange.at),
        (Row, Row.created_by, Row.created_at),
        (Row, Row.deleted_by, Row.deleted_at),
    ):
        query = (
            select(model.item_id, func.max(at))
            .where(model.item_id.in_(list(items)), at > since, at <= until, by != person_id)
            .group_by(model.item_id)
        )
        for item_id, moment in db.session.execute(query).all():
            assert moment is not None
            last_change[item_id] = max(moment, last_change.get(item_id, moment))
    by_name = {item.name: item.id for item in items.values()}
    for name, moment in last_writes(by_name, since, until, but=person_id).items():
        last_change[by_name[name]] = max(moment, last_change.get(by_name[name], moment))
    for item_id, moment in last_change.items():
        name = f"changed:{items[item_id].name}:{moment.isoformat()}"
        yield Activity(name, CHANGED, programmes[items[item_id].frame_id], item_id, moment)
