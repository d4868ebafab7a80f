"""HTTP routes of measures: page, create, move."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.idempotency import form_key, once
from klimawerk.measures import service
from klimawerk.measures.measure_summary import SummaryFragments, summary_fragments
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.access import of_kind, readable_item, writable_item
from klimawerk.sheets.routes import view_here
from klimawerk.sheets.view import SheetView

bp = Blueprint("measures", __name__)


def derived_fragments(v: SheetView, since: int) -> list[str]:
    """The summary."""
    return summary_fragments(v)


@bp.get("/measures/<int:item_id>")
@login_required
def measure(item_id: int) -> ResponseReturnValue:
    opened = readable_item(item_id)
    of_kind(opened, Measure)
    v = view_here(opened)
    return render_template("measures/page.html", v=v, summary=SummaryFragments(v))


@bp.post("/goals/<int:item_id>/measures")
@login_required
def create(item_id: int) -> ResponseReturnValue:
    opened = writable_item(item_id)
    goal, by = of_kind(opened, Goal), opened.member.person.id
    return redirect(once(form_key(), lambda: f"/measures/{service.create_measure(goal, by=by).id}"), 303)


@bp.post("/programmes/<int:item_id>/measures")
@login_required
def create_first(item_id: int) -> ResponseReturnValue:
    """Create a measure in a programme without goals; its goal is created with it."""
    opened = writable_item(item_id)
    programme, by = of_kind(opened, Programme), opened.member.person.id
    return redirect(once(form_key(), lambda: f"/measures/{service.create_first_measure(programme, by=by).id}"), 303)


@bp.post("/measures/<int:item_id>/move")
@login_required
def move(item_id: int) -> ResponseReturnValue:
    """Move within the goal (`step`, `before`), or to another goal of the same programme (`goal`)."""
    opened = writable_item(item_id)
    moved = of_kind(opened, Measure)
    goal = db.session.get(Goal, request.form.get("goal", moved.goal_id, type=scalars.item_id))
    if goal is None or goal.frame_id != moved.frame_id or goal.deleted_at is not None:
        abort(404)
    step, before = request.form.get("step", ""), request.form.get("before", type=scalars.item_id)
    service.move_measure(moved, goal, before, step=step, by=opened.member.person.id)
    return redirect(f"/programmes/{programme_of(moved).id}/order#item-{moved.id}", 303)
