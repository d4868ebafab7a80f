"""Actions on goals: create, list, move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_order
from klimawerk.sheets.item_codes import next_code
from klimawerk.sheets.items import Texts, create_item, move_item, order_key_after, siblings
from klimawerk.sheets.update_lock import lock_for_update


def create_goal(
    programme: Programme,
    *,
    code: str | None = None,
    field_row: str | None = None,
    values: dict[str, Any] | None = None,
    texts: Texts | None = None,
    imported: Sequence[str] = (),
    by: int | None,
) -> Goal:
    """Create a goal at the end of the list. Without `code` it gets the next free one (Z1, Z2, ...). Raises ItemLocked
    and ItemDeleted."""
    with writing():
        announce_order(programme)
        lock_for_update(programme)
        goal = Goal(frame=programme.frame, imported=list(imported))
        goal.code = code or next_code(programme.frame, "goal", "Z", width=1)
        goal.order_key = order_key_after(_listed(programme))
        create_item(goal, values={**(values or {}), **({"field": field_row} if field_row else {})}, texts=texts)
        return goal


def goals_of(programme: Programme) -> list[Goal]:
    """The programme's goals in order, without those in the bin."""
    return [goal for goal in siblings(programme.frame, Goal) if isinstance(goal, Goal)]


def move_goal(programme: Programme, goal: Goal, before: int | None = None, *, step: str = "", by: int) -> None:
    """Move the goal one `step` ("up", "down"), else before the goal with the id `before`, else to the end. Raises
    NotInList, ItemLocked and ItemDeleted."""
    with writing():
        announce_order(programme)
        lock_for_update(goal)
        move_item(goal, _listed(programme), before, step)


def _listed(programme: Programme) -> Sequence[Goal]:
    """All goals in order, including those in the bin."""
    query = select(Goal).where(Goal.frame_id == programme.frame_id).order_by(Goal.order_key, Goal.id)
    return db.session.scalars(query).all()
