"""HTTP response (423) to a form about a locked item: the reason, and the form again with the submitted values."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, render_template, request
from werkzeug.exceptions import Locked

from klimawerk.sheets.update_lock import ItemLocked
from klimawerk.web.errors import answer
from klimawerk.web.form_refill import TOKEN


def locked_form(error: ItemLocked) -> Response:
    """The error handler for ItemLocked: scripts get the message, browsers without a script get the form refilled."""
    response = answer(Locked(str(error)))
    if request.method != "POST" or "HX-Request" in request.headers or response.mimetype != "text/html":
        return response
    submitted = [(name, value) for name, values in request.form.lists() for value in values if name != TOKEN]
    fields = [(name, value, any(character.isspace() for character in value.strip())) for name, value in submitted]
    page = render_template(
        "sheets/closed_page.html",
        text=str(error),
        action=request.full_path.rstrip("?"),
        fields=fields,
        back=urlsplit(request.referrer or "").path or "/",
    )
    response.set_data(page)
    return response
