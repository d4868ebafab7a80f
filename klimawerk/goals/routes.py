"""HTTP routes of goals: page, create, move."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.goals import service
from klimawerk.goals.models import Goal
from klimawerk.idempotency import form_key, once
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.access import of_kind, readable_item, writable_item
from klimawerk.sheets.routes import view_here

bp = Blueprint("goals", __name__)


@bp.get("/goals/<int:item_id>")
@login_required
def goal(item_id: int) -> ResponseReturnValue:
    opened = readable_item(item_id)
    of_kind(opened, Goal)
    return render_template("goals/page.html", v=view_here(opened))


@bp.post("/programmes/<int:item_id>/goals")
@login_required
def create(item_id: int) -> ResponseReturnValue:
    opened = writable_item(item_id)
    programme, field, by = of_kind(opened, Programme), request.form.get("field") or None, opened.member.person.id
    if field and field not in dict(view_here(opened).options.fields):
        abort(404)
    return redirect(
        once(form_key(), lambda: f"/goals/{service.create_goal(programme, field_row=field, by=by).id}"), 303
    )


@bp.post("/goals/<int:item_id>/move")
@login_required
def move(item_id: int) -> ResponseReturnValue:
    opened = writable_item(item_id)
    moved, programme = of_kind(opened, Goal), programme_of(opened.item)
    step, before = request.form.get("step", ""), request.form.get("before", type=scalars.item_id)
    service.move_goal(programme, moved, before, step=step, by=opened.member.person.id)
    return redirect(f"/programmes/{programme.id}/order#item-{moved.id}", 303)
