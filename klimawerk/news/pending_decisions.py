"""What waits for a person in a partnership: tasks of theirs, and what only somebody who edits can decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select

from klimawerk.comments.access import visible_to
from klimawerk.comments.models import Thread
from klimawerk.comments.thread_kinds import TASK
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.field_view import conflict_id, element_id
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.models import Conflict, Frame, Item
from klimawerk.sheets.sheet_schema import split_key
from klimawerk.sheets.view import anchor_query

PROPOSAL, VALUES = "proposal", "values"


@dataclass(frozen=True)
class PendingDecision:
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


def pending_decisions(member: Member) -> list[PendingDecision]:
    """In no order."""
    items = {item.id: item for item in db.session.scalars(_items(member))}
    found = [PendingDecision(TASK, items[one.item_id], f"/threads/{one.id}", one.due) for one in _tasks(member, items)]
    if not member.may(Right.EDIT):
        return found
    found += [PendingDecision(PROPOSAL, items[one.item_id], f"/threads/{one.id}") for one in _proposals(member, items)]
    return found + _values(items)


def _items(member: Member) -> Select[Item]:
    partnership = Frame.partnership_id == member.partnership.id
    return select(Item).join(Frame, Frame.id == Item.frame_id).where(partnership, Item.deleted_at.is_(None))


def _open(member: Member, items: Mapping[int, Item]) -> Select[Thread]:
    return select(Thread).where(Thread.item_id.in_(list(items)), Thread.resolved_at.is_(None), visible_to(member.side))


def _tasks(member: Member, items: Mapping[int, Item]) -> list[Thread]:
    mine = (Thread.kind == TASK, Thread.assignee == member.person.id)
    return list(db.session.scalars(_open(member, items).where(*mine).order_by(Thread.id)))


def _proposals(member: Member, items: Mapping[int, Item]) -> list[Thread]:
    """What others propose. Few threads are open and about a field, so they are read to see which hold a proposal."""
    found = db.session.scalars(_open(member, items).where(Thread.field != "", Thread.passage == "").order_by(Thread.id))
    return [one for one in found if one.proposed and one.proposed.get("by") != member.person.id]


def _values(items: Mapping[int, Item]) -> list[PendingDecision]:
    query = select(Conflict.item_id, Conflict.row_id, Conflict.field).where(Conflict.item_id.in_(list(items)))
    places: dict[int, list[str]] = {}
    for item_id, row_id, key in db.session.execute(query.distinct().order_by(Conflict.item_id)):
        edit = items[item_id].kind == "programme"
        address = f"{anchor_query(split_key(key)[1], edit=edit)}#{conflict_id(element_id(item_id, row_id, key))}"
        places.setdefault(item_id, []).append(address)
    return [_choice(items[item_id], found) for item_id, found in places.items()]


def _choice(item: Item, places: list[str]) -> PendingDecision:
    """Leads to the field where it is one, else to the list of them."""
    place = places[0] if len(places) == 1 else f"#conflicts-{item.id}"
    return PendingDecision(VALUES, item, f"{page_of(item)}{place}", count=len(places))
