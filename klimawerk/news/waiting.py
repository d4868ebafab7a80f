"""What waits for a person in a partnership: tasks of theirs, and what only somebody who edits can decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select

from klimawerk.comments.access import seen_by
from klimawerk.comments.kinds import TASK
from klimawerk.comments.models import Thread
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.models import Conflict, Frame, Item

PROPOSAL, VALUES = "proposal", "values"


@dataclass(frozen=True)
class Waiting:
    """`kind`: "task" (the person's own), "proposal" (of somebody else, to be accepted or not), "values" (`count` fields
    of the item have two values each, and somebody has to choose)."""

    kind: str
    item: Item
    address: str
    due: date | None = None
    count: int = 1

    @property
    def order(self) -> tuple[date, str]:
        return self.due or date.max, self.item.code


def waiting_for(member: Member) -> list[Waiting]:
    """In no order."""
    items = {item.id: item for item in db.session.scalars(_items(member))}
    found = [Waiting(TASK, items[one.item_id], f"/threads/{one.id}", one.due) for one in _tasks(member, items)]
    if not member.may(Right.EDIT):
        return found
    found += [Waiting(PROPOSAL, items[one.item_id], f"/threads/{one.id}") for one in _proposals(member, items)]
    return found + _values(items)


def _items(member: Member) -> Select[Item]:
    partnership = Frame.partnership_id == member.partnership.id
    return select(Item).join(Frame, Frame.id == Item.frame_id).where(partnership, Item.deleted_at.is_(None))


def _open(member: Member, items: Mapping[int, Item]) -> Select[Thread]:
    return select(Thread).where(Thread.item_id.in_(list(items)), Thread.resolved_at.is_(None), seen_by(member.side))


def _tasks(member: Member, items: Mapping[int, Item]) -> list[Thread]:
    mine = (Thread.kind == TASK, Thread.assignee == member.person.id)
    return list(db.session.scalars(_open(member, items).where(*mine).order_by(Thread.id)))


def _proposals(member: Member, items: Mapping[int, Item]) -> list[Thread]:
    """What others propose. Few threads are open and about a field, so they are read to see which hold a proposal."""
    found = db.session.scalars(_open(member, items).where(Thread.field != "", Thread.passage == "").order_by(Thread.id))
    return [one for one in found if one.proposed and one.proposed.get("by") != member.person.id]


def _values(items: Mapping[int, Item]) -> list[Waiting]:
    query = select(Conflict.item_id).where(Conflict.item_id.in_(list(items)))
    query = query.group_by(Conflict.item_id, Conflict.row_id, Conflict.field)
    counts = Counter(db.session.scalars(query))
    return [Waiting(VALUES, items[id_], page_of(items[id_]), count=count) for id_, count in counts.items()]
