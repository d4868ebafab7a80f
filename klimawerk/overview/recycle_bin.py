"""Recycle bin of a programme: delete goals and measures, restore them, list deleted ones."""

from __future__ import annotations

from contextlib import suppress

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.clock import now
from klimawerk.collab.storage import document_store
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
    """Move a goal with its measures, or a measure, to the bin. Their live documents are closed at once for all users.

    Does nothing if the item is in the bin already. Raises ItemLocked if the item, a measure of the goal, or the goal or
    programme above is locked: a locked measure cannot be deleted with its goal, and the one measure that a lock leaves
    open is not deleted, since it could not be restored under its locked goal.
    """
    with suppress(ItemDeleted), writing():
        programme = programme_of(item)
        announce_order(programme)
        lock_for_update(item)
        for above in (programme, *([_goal_of(item)] if isinstance(item, Measure) else [])):
            if document_store.is_locked(above.name):
                raise ItemLocked(lock_sentence(above))
        items = [item, *(measures_of(item) if isinstance(item, Goal) else [])]
        for affected in items:
            note(affected.name)
        locked_codes = [affected.code for affected in items if document_store.is_locked(affected.name)]
        if locked_codes:
            raise ItemLocked(
                _(
                    "Closed for editing: %(codes)s. The goal can be deleted when its measures are open again.",
                    codes=", ".join(locked_codes),
                )
            )
        deleted_at = now()
        for affected in items:
            affected.deleted_at, affected.deleted_by = deleted_at, by
        document_store.mark_deleted([affected.name for affected in items])


def restore_item(item: Item, *, by: int) -> None:
    """Restore a goal with the measures that were deleted with it, or a measure with its goal if that is deleted.

    Does nothing if the item is not deleted. Raises ItemLocked, and ActionRefused if both sides have deleted the
    programme: that is undone as a whole (`partnerships.joint_requests.undo_request`).
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
        items = [item]
        if isinstance(item, Goal):
            items += _deleted_with(item)
        elif isinstance(item, Measure) and (goal := _goal_of(item)).deleted_at:
            items.append(goal)
        for affected in (programme, *items):
            if document_store.is_locked(affected.name):
                raise ItemLocked(lock_sentence(affected))
        for affected in items:
            note(affected.name)
            affected.deleted_at, affected.deleted_by = None, None
        document_store.mark_restored([affected.name for affected in items])


def deleted_items(programme: Programme) -> list[Item]:
    """The items in the bin, the most recently deleted first."""
    query = select(Item).where(Item.frame_id == programme.frame_id, Item.deleted_at.is_not(None))
    return list(db.session.scalars(query.order_by(Item.deleted_at.desc(), Item.kind, Item.id)))


def _goal_of(measure: Measure) -> Goal:
    return db.session.get_one(Goal, measure.goal_id, populate_existing=True)


def _deleted_with(goal: Goal) -> list[Measure]:
    query = select(Measure).where(Measure.goal_id == goal.id, Measure.deleted_at == goal.deleted_at)
    return list(db.session.scalars(query))
