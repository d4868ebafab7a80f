"""The doors of proposals: a value for a field, and its acceptance."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.comments import access, proposals, thread_list
from klimawerk.comments.responses import respond_after, respond_with_form
from klimawerk.comments.routes import bp
from klimawerk.comments.view import threads_view
from klimawerk.sheets.access import writable_item
from klimawerk.sheets.forms import FormContext, field_form
from klimawerk.sheets.routes import view_here


@bp.post("/threads/<int:thread_id>/proposal")
@login_required
def propose(thread_id: int) -> ResponseReturnValue:
    opened, found = access.answerable_thread(thread_id)
    v = view_here(opened)
    f = proposals.proposable_field(v, found) or abort(404)
    asked = FormContext(v.reader, v.frame, tuple(code for code, _ in v.options.fields), ())
    form = field_form(f.field, request, asked)
    if not form.validate():
        refused = next(str(error) for errors in form.errors.values() for error in errors)
        shown = {"t": threads_view(v).shown(thread_list.without_history([found]))[0]}
        return respond_with_form(
            threads_view(v),
            "comments/_propose.html",
            refused,
            f=f.refused(refused, request.form.getlist("value")),
            **shown,
        )
    return respond_after(opened, found, lambda by: proposals.propose(found, f, form.canonical(), by=by))


@bp.post("/threads/<int:thread_id>/accept")
@login_required
def accept(thread_id: int) -> ResponseReturnValue:
    """One click of somebody who may edit the item now."""
    _opened, found = access.readable_thread(thread_id)
    opened = writable_item(found.item_id)
    f = proposals.proposable_field(view_here(opened), found) or abort(409)
    rev = request.form.get("rev", -1, type=scalars.revision)
    return respond_after(opened, found, lambda by: proposals.accept(found, f.place, rev=rev, by=by))
