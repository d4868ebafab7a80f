"""Actions on measures: create, list, move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_order, programme_of
from klimawerk.sheets.item_codes import next_code
from klimawerk.sheets.items import Texts, create_item, move_item, order_key_after, siblings
from klimawerk.sheets.models import Row
from klimawerk.sheets.update_lock import lock_for_update


def create_measure(
    goal: Goal,
    *,
    code: str | None = None,
    field_row: str | None = None,
    values: dict[str, Any] | None = None,
    texts: Texts | None = None,
    imported: Sequence[str] = (),
    by: int | None,
) -> Measure:
    """Create a measure at the end of its goal. Without `code` it gets the next free one of its field of action. Raises
    ItemLocked and ItemDeleted."""
    with writing():
        announce_order(programme_of(goal))
        lock_for_update(goal)
        field = field_row or goal.values.get("field")
        measure = Measure(frame=goal.frame, goal_id=goal.id, imported=list(imported))
        measure.code = code or next_code(goal.frame, "measure", _prefix(field), width=2)
        measure.order_key = order_key_after(_listed(goal))
        create_item(measure, values={**(values or {}), **({"field": field} if field else {})}, texts=texts)
        return measure


def create_first_measure(programme: Programme, *, by: int | None) -> Measure:
    """Create a measure in a programme that may have no goal yet: then with a goal without a title, to be named later.

    If somebody else has created a goal meanwhile, the measure is the last one of the first goal. Raises ItemLocked and
    ItemDeleted.
    """
    with writing():
        announce_order(programme)  # serialises this with others who create the first goal
        goals = goals_of(programme)
        return create_measure(goals[0] if goals else create_goal(programme, by=by), by=by)


def measures_of(goal: Goal) -> list[Measure]:
    """The goal's measures in order, without those in the bin."""
    return list(
        db.session.scalars(
            select(Measure)
            .where(Measure.goal_id == goal.id, Measure.deleted_at.is_(None))
            .order_by(Measure.order_key, Measure.id)
        )
    )


def all_measures(programme: Programme) -> list[Measure]:
    """All measures of the programme, without those in the bin, sorted by their order within their goals."""
    return [measure for measure in siblings(programme.frame, Measure) if isinstance(measure, Measure)]


def move_measure(measure: Measure, goal: Goal, before: int | None = None, *, step: str = "", by: int) -> None:
    """Move the measure to `goal` (its own or another of the same programme): one `step` ("up", "down") there, else
    before the measure with the id `before`, else to the end. Raises NotInList, ItemLocked and ItemDeleted."""
    with writing():
        announce_order(programme_of(measure))
        db.session.refresh(measure)
        if measure.goal_id != goal.id:
            lock_for_update(goal)
        lock_for_update(measure)
        move_item(measure, _listed(goal), before, step)
        measure.goal_id = goal.id


def _listed(goal: Goal) -> Sequence[Measure]:
    """All measures of the goal in order, including those in the bin."""
    query = select(Measure).where(Measure.goal_id == goal.id).order_by(Measure.order_key, Measure.id)
    return db.session.scalars(query).all()


def _prefix(field_row: str | None) -> str:
    """The prefix of codes: the code of the field of action ("WA-"), else "M-"."""
    row = db.session.get(Row, field_row) if field_row else None
    return f"{row.cells.get('code') or 'M'}-" if row else "M-"
