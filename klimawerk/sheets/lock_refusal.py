"""The answer to a form about something that is closed for editing: why, and the form again with what was typed."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, render_template, request
from werkzeug.exceptions import Locked

from klimawerk.sheets.update_lock import ItemLocked
from klimawerk.web.errors import answer
from klimawerk.web.form_refill import TOKEN


def locked_form(closed: ItemLocked) -> Response:
    """A script gets the sentence, a browser without one the form with all that was sent."""
    response = answer(Locked(str(closed)))
    if request.method != "POST" or "HX-Request" in request.headers or response.mimetype != "text/html":
        return response
    sent = [(name, value) for name, values in request.form.lists() for value in values if name != TOKEN]
    fields = [(name, value, any(sign.isspace() for sign in value.strip())) for name, value in sent]
    page = render_template(
        "sheets/closed_page.html",
        text=str(closed),
        action=request.full_path.rstrip("?"),
        fields=fields,
        back=urlsplit(request.referrer or "").path or "/",
    )
    response.set_data(page)
    return response
