"""Helpers of all partnership pages: page frame, error messages, redirects, status codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from klimawerk import scalars
from klimawerk.live import changes
from klimawerk.partnerships import partnership_labels, programme_hooks, service
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right

Page = Response | str | tuple[str, int]


def render_in_frame(page: str, member: Member, status: int = 200, **more: Any) -> tuple[str, int]:
    """Render the template inside the partnership's frame; returns text and status."""
    name, language = partnership_labels.text_for_reader(member.partnership.name)
    text = render_template(
        f"partnerships/{page}.html",
        member=member,
        partnership=member.partnership,
        partnership_name=name,
        partnership_language=language,
        side=member.side,
        cards=programme_hooks.programme_cards(member.partnership.id),
        may=member.may,
        Right=Right,
        seen=changes.revision(service.topic(member.partnership.id)),
        **more,
    )
    return text, status


def do_and_redirect(action: Callable[[], object], message: str, then: str) -> Response:
    """Run the action, flash its success message or why it was refused, and redirect to `then`."""
    try:
        action()
        flash(message)
    except ActionRefused as refused:
        flash(str(refused), "error")
    return redirect(then)


def add_error(form: Any, refused: ActionRefused) -> None:
    """Add the error message to the field that the refusal is about, else to the form."""
    if refused.field in form:
        form[refused.field].errors = [*form[refused.field].errors, str(refused)]
    else:
        form.form_errors.append(str(refused))


def submitted_revision() -> int | None:
    """The revision of the partnership that the submitted form was made from."""
    return request.form.get("seen", type=scalars.revision)


def status_of(form: Any) -> int:
    """HTTP status: 200 for a form that is shown, 422 for a submitted one with errors."""
    return 422 if form.is_submitted() else 200
