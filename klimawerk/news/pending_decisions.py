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
from klimawerk.sheets.field_view import conflict_address, element_id
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import Conflict, Frame, Item
from klimawerk.sheets.sheet_schema import split_key

PROPOSAL, VALUES = "proposal", "values"


@dataclass(frozen=True)
class PendingDecision:
    """One pending decision.

    `kind`: "task" (assigned to the person), "proposal" (of another person, to be accepted or not), "values" (fields of
    the item have two values each: `conflicts`). `thread`: that of a task or proposal.
    """

    kind: str
    item: Item
    address: str
    due: date | None = None
    thread: Thread | None = None
    conflicts: tuple[Conflict, ...] = ()


def pending_decisions(member: Member) -> list[PendingDecision]:
    """The person's pending decisions, in no order."""
    items = {item.id: item for item in db.session.scalars(_items(member)) if item_kinds[item.kind].may_read(member)}
    decisions = [
        PendingDecision(TASK, items[thread.item_id], f"/threads/{thread.id}", thread.due, thread)
        for thread in _tasks(member, items)
    ]
    items = {id_: item for id_, item in items.items() if item_kinds[item.kind].may_write(member)}
    if not items:
        return decisions
    decisions += [
        PendingDecision(PROPOSAL, items[thread.item_id], f"/threads/{thread.id}", thread=thread)
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
    query = select(Conflict).where(Conflict.item_id.in_(list(items))).order_by(Conflict.item_id, Conflict.id)
    by_item: dict[int, dict[tuple[str | None, str], Conflict]] = {}
    for conflict in db.session.scalars(query):  # the last one of each field
        by_item.setdefault(conflict.item_id, {})[conflict.row_id, conflict.field] = conflict
    return [_conflict_decision(items[item_id], tuple(fields.values())) for item_id, fields in by_item.items()]


def _conflict_decision(item: Item, conflicts: tuple[Conflict, ...]) -> PendingDecision:
    """Links to the field if it is one, else to the list of conflicts."""
    address = f"#conflicts-{item.id}"
    if len(conflicts) == 1:
        key = conflicts[0].field
        address = conflict_address(element_id(item.id, conflicts[0].row_id, key), split_key(key)[1])
    return PendingDecision(VALUES, item, f"{page_of(item)}{address}", conflicts=conflicts)
