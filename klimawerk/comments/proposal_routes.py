"""HTTP routes of proposals: propose a value for a field, accept a proposal."""

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
    opened, thread = access.answerable_thread(thread_id)
    v = view_here(opened)
    f = proposals.proposable_field(v, thread) or abort(404)
    context = FormContext(v.reader, v.frame, tuple(code for code, _ in v.options.fields), ())
    form = field_form(f.field, request, context)
    if not form.validate():
        message = next(str(error) for errors in form.errors.values() for error in errors)
        thread_context = {"t": threads_view(v).shown(thread_list.without_history([thread]))[0]}
        return respond_with_form(
            threads_view(v),
            "comments/_propose.html",
            message,
            f=f.refused(message, request.form.getlist("value")),
            **thread_context,
        )
    return respond_after(opened, thread, lambda by: proposals.propose(thread, f, form.canonical(), by=by))


@bp.post("/threads/<int:thread_id>/accept")
@login_required
def accept(thread_id: int) -> ResponseReturnValue:
    """Accept the proposed value; needs the right to edit the item."""
    _opened, thread = access.readable_thread(thread_id)
    opened = writable_item(thread.item_id)
    f = proposals.proposable_field(view_here(opened), thread) or abort(409)
    rev = request.form.get("rev", -1, type=scalars.revision)
    return respond_after(opened, thread, lambda by: proposals.accept(thread, f.place, rev=rev, by=by))
