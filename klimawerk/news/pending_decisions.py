"""Pending decisions of a person in a partnership: their tasks, and what only editors can decide."""

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
from klimawerk.sheets.field_view import conflict_id, element_id
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import Conflict, Frame, Item
from klimawerk.sheets.sheet_schema import split_key
from klimawerk.sheets.view import anchor_query

PROPOSAL, VALUES = "proposal", "values"


@dataclass(frozen=True)
class PendingDecision:
    """One pending decision.

    `kind`: "task" (assigned to the person), "proposal" (of another person, to be accepted or not), "values" (`count`
    fields of the item have two conflicting values each).
    """

    kind: str
    item: Item
    address: str
    due: date | None = None
    count: int = 1

    @property
    def order(self) -> tuple[date, str]:
        return self.due or date.max, self.item.code


def pending_decisions(member: Member) -> list[PendingDecision]:
    """The person's pending decisions, in no order."""
    items = {item.id: item for item in db.session.scalars(_items(member)) if item_kinds[item.kind].may_read(member)}
    decisions = [
        PendingDecision(TASK, items[thread.item_id], f"/threads/{thread.id}", thread.due)
        for thread in _tasks(member, items)
    ]
    items = {id_: item for id_, item in items.items() if item_kinds[item.kind].may_write(member)}
    if not items:
        return decisions
    decisions += [
        PendingDecision(PROPOSAL, items[thread.item_id], f"/threads/{thread.id}")
        for thread in _proposals(member, items)
    ]
    return decisions + _conflicts(items)


def _items(member: Member) -> Select[Item]:
    partnership = Frame.partnership_id == member.partnership.id
    return select(Item).join(Frame, Frame.id == Item.frame_id).where(partnership, Item.deleted_at.is_(None))


def _open_threads(member: Member, items: Mapping[int, Item]) -> Select[Thread]:
    return select(Thread).where(Thread.item_id.in_(list(items)), Thread.resolved_at.is_(None), visible_to(member.side))


def _tasks(member: Member, items: Mapping[int, Item]) -> list[Thread]:
    assigned = (Thread.kind == TASK, Thread.assignee == member.person.id)
    return list(db.session.scalars(_open_threads(member, items).where(*assigned).order_by(Thread.id)))


def _proposals(member: Member, items: Mapping[int, Item]) -> list[Thread]:
    """Open proposals of others. Few open threads are about a field; all are read to see which hold a proposal."""
    threads = db.session.scalars(
        _open_threads(member, items).where(Thread.field != "", Thread.passage == "").order_by(Thread.id)
    )
    return [thread for thread in threads if thread.proposed and thread.proposed.get("by") != member.person.id]


def _conflicts(items: Mapping[int, Item]) -> list[PendingDecision]:
    query = select(Conflict.item_id, Conflict.row_id, Conflict.field).where(Conflict.item_id.in_(list(items)))
    addresses: dict[int, list[str]] = {}
    for item_id, row_id, key in db.session.execute(query.distinct().order_by(Conflict.item_id)):
        edit = items[item_id].kind == "programme"
        address = f"{anchor_query(split_key(key)[1], edit=edit)}#{conflict_id(element_id(item_id, row_id, key))}"
        addresses.setdefault(item_id, []).append(address)
    return [_conflict_decision(items[item_id], item_addresses) for item_id, item_addresses in addresses.items()]


def _conflict_decision(item: Item, addresses: list[str]) -> PendingDecision:
    """Links to the field if it is one, else to the list of conflicts."""
    address = addresses[0] if len(addresses) == 1 else f"#conflicts-{item.id}"
    return PendingDecision(VALUES, item, f"{page_of(item)}{address}", count=len(addresses))
