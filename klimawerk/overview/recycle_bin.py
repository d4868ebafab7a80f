"""Deleting goals and measures into the bin, and bringing them back."""

from __future__ import annotations

from contextlib import suppress

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.clock import now
from klimawerk.collab import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import note
from klimawerk.measures.models import Measure
from klimawerk.measures.service import measures_of
from klimawerk.partnerships.joint_requests import UNDO_DAYS
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_order, programme_of
from klimawerk.sheets.edit_locks import lock_sentence
from klimawerk.sheets.models import Item
from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked, lock_for_update


def delete_item(item: Item, *, by: int) -> None:
    """A goal goes with its measures. Their live documents close at once for everybody; nothing is erased.

    What lies in the bin already stays there as it is. Raises Closed when the item, or a measure of the goal, is closed
    for editing: whoever may not change a measure does not delete it by the goal above it either. The one measure that a
    lock on the rest leaves open is not deleted either, since it could not be brought back under its closed goal.
    """
    with suppress(ItemDeleted), writing():
        programme = programme_of(item)
        announce_order(programme)
        lock_for_update(item)
        for above in (programme, *([_goal_of(item)] if isinstance(item, Measure) else [])):
            if document_store.is_locked(above.name):
                raise ItemLocked(lock_sentence(above))
        together = [item, *(measures_of(item) if isinstance(item, Goal) else [])]
        for one in together:
            note(one.name)
        closed = [one.code for one in together if document_store.is_locked(one.name)]
        if closed:
            raise ItemLocked(
                _(
                    "Closed for editing: %(codes)s. The goal can be deleted when its measures are open again.",
                    codes=", ".join(closed),
                )
            )
        moment = now()
        for one in together:
            one.deleted_at, one.deleted_by = moment, by
        document_store.mark_deleted([one.name for one in together])


def restore_item(item: Item, *, by: int) -> None:
    """A goal comes back with the measures that went with it, a measure with its goal.

    Nothing comes back one by one of a programme that both sides have deleted, nor the programme itself: that is undone
    as it was done (`partnerships.requests.undo`). Raises Refused, and Closed.
    """
    with writing():
        programme = programme_of(item)
        announce_order(programme)
        if programme.deleted_at is not None:
            raise ActionRefused(
                _(
                    "Both sides have deleted this programme. For %(days)s days a coordinator of either side can undo"
                    " that under “Joint decisions”.",
                    days=UNDO_DAYS,
                )
            )
        db.session.refresh(item)
        if item.deleted_at is None:
            return
        together = [item]
        if isinstance(item, Goal):
            together += _deleted_with(item)
        elif isinstance(item, Measure) and (goal := _goal_of(item)).deleted_at:
            together.append(goal)
        for one in (programme, *together):
            if document_store.is_locked(one.name):
                raise ItemLocked(lock_sentence(one))
        for one in together:
            note(one.name)
            one.deleted_at, one.deleted_by = None, None
        document_store.mark_restored([one.name for one in together])


def deleted_items(programme: Programme) -> list[Item]:
    """What lies in the bin, the latest first."""
    found = select(Item).where(Item.frame_id == programme.frame_id, Item.deleted_at.is_not(None))
    return list(db.session.scalars(found.order_by(Item.deleted_at.desc(), Item.kind, Item.id)))


def _goal_of(measure: Measure) -> Goal:
    return db.session.get_one(Goal, measure.goal_id, populate_existing=True)


def _deleted_with(goal: Goal) -> list[Measure]:
    found = select(Measure).where(Measure.goal_id == goal.id, Measure.deleted_at == goal.deleted_at)
    return list(db.session.scalars(found))
