"""Error responses: a message in the user's locale with a number to quote, for HTTP and storage errors and exceptions.

The number is in the log as well.
"""

from __future__ import annotations

import errno
import logging
import secrets

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from werkzeug.exceptions import HTTPException, InternalServerError

from klimawerk.database import WRITE_FAILURES
from klimawerk.extensions import db
from klimawerk.text import line

log = logging.getLogger(__name__)
LOGIN_ENDPOINT = "accounts.login"


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, answer)
    for failure in WRITE_FAILURES:
        app.register_error_handler(failure, _storage_failure_response)
    app.register_error_handler(Exception, _unexpected_error_response)


def wants_fragment() -> bool:
    """Whether htmx requests a fragment of a page, not a whole page."""
    return "HX-Request" in request.headers and request.headers.get("HX-Request-Type") != "full"


def answer(error: HTTPException) -> Response:
    """The error response as a page, as a fragment for htmx, or as JSON, in the user's locale."""
    response = error.get_response()
    code = response.status_code
    if code < 400:
        return make_response(response)
    failed = getattr(error, "original_exception", None)  # raised after the view had returned
    if failed is not None and _is_storage_failure(failed):
        return _storage_failure_response(failed)
    if code == 401 and request.method in ("GET", "HEAD") and not wants_fragment() and not _wants_json():
        return make_response(redirect(url_for(LOGIN_ENDPOINT, next=request.full_path.rstrip("?"))))
    number = secrets.token_hex(4)
    log.log(logging.ERROR if code >= 500 else logging.INFO, "%s %s %s [%s]", code, request.method, _path(), number)
    rendered = _render(code, *_error_text(error, code), number)
    if "Retry-After" in response.headers:
        rendered.headers["Retry-After"] = response.headers["Retry-After"]
    return rendered


def _path() -> str:
    """The request path as one line for the log, so that "%0A" in it cannot start another line."""
    return line(request.path)


def _storage_failure_response(error: Exception) -> Response:
    """503: the database is full or unavailable. Nothing is stored; the browser keeps the input and tries again."""
    number = secrets.token_hex(4)
    log.error("503 %s %s [%s] %s", request.method, _path(), number, type(error).__name__)
    try:
        _roll_back()
        _set_session_aside()  # the error page must not need the database
        response = _render(503, *_standard_text(503), number)
    except Exception:
        log.exception("the page about the database failed [%s]", number)
        response = Response(f"Nothing can be stored at the moment. Number: {number}\n", 503, mimetype="text/plain")
    _set_session_aside()
    response.headers["Retry-After"] = "10"
    return response


def _is_storage_failure(error: BaseException) -> bool:
    """Whether the database or the disk failed, and not the request: a retry may succeed."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return lost or full or isinstance(error, (*WRITE_FAILURES, PendingRollbackError))


def _roll_back() -> None:
    """Roll back the session; invalidate its connection where even that fails."""
    try:
        db.session.rollback()
    except Exception:
        db.session().invalidate()


def _set_session_aside() -> None:
    getattr(session, "set_aside", lambda: None)()


def _unexpected_error_response(error: Exception) -> Response:
    if _is_storage_failure(error):
        return _storage_failure_response(error)
    number = secrets.token_hex(4)
    log.error("500 %s %s [%s]", request.method, _path(), number, exc_info=error)
    try:
        db.session.rollback()
        return _render(500, *_error_text(InternalServerError(), 500), number)
    except Exception:
        # The error page itself cannot be rendered, for example without a database.
        log.exception("the error page failed [%s]", number)
        return Response(f"Something went wrong on our side. Number: {number}\n", 500, mimetype="text/plain")


def _render(code: int, title: str, text: str, number: str) -> Response:
    if _wants_json():
        response = jsonify({"error": title, "text": text, "number": number})
    elif wants_fragment():
        response = make_response(
            render_template("errors/_fragment.html", code=code, title=title, text=text, number=number)
        )
        # The fragment that was requested stays in the page; the error goes to the page's messages.
        response.headers["HX-Retarget"] = "#flashes"
        response.headers["HX-Reswap"] = "beforeend"
        if code == 401:
            response.headers["HX-Trigger"] = "login-required"
    else:
        # A server error gets a page that needs neither database nor session.
        page = "errors/plain.html" if code >= 500 else "errors/page.html"
        response = make_response(render_template(page, code=code, title=title, text=text, number=number))
    response.status_code = code
    return response


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return request.is_json or best == "application/json"


def _error_text(error: HTTPException, code: int) -> tuple[str, str]:
    """Title and message. A message passed to `abort(code, message)` is used; werkzeug's English defaults are not."""
    if isinstance(error, CSRFError):
        return _("This page is out of date"), _(
            "For your safety nothing was stored. Load the page again and repeat the last step."
        )
    title, text = _standard_text(code)
    description = error.description
    if description and description != type(error).description:
        text = str(description)
    return title, text


def _standard_text(code: int) -> tuple[str, str]:
    texts = {
        400: (_("That could not be understood"), _("Something in the request was incomplete. Go back and try again.")),
        401: (_("Please sign in"), _("Your sign-in has ended. What you typed stays on the page.")),
        403: (_("Not allowed"), _("Your role does not include this. A coordinator of your side can change your role.")),
        404: (_("Nothing here"), _("This page does not exist, or it is not open to you.")),
        405: (_("Not possible this way"), _("This address does not take what was sent to it.")),
        409: (_("Changed meanwhile"), _("Somebody else has changed this meanwhile. Load the page again to see it.")),
        410: (_("No longer there"), _("This no longer exists.")),
        412: (_("Changed meanwhile"), _("An earlier copy was brought back meanwhile. Please load the page again.")),
        413: (_("Too large"), _("What was sent is larger than this page accepts.")),
        423: (
            _("Closed for editing"),
            _("This is closed for editing at the moment. Coordinators and moderators can open it again."),
        ),
        429: (_("Too many attempts"), _("That was too often in a short time. Wait a few minutes, then try again.")),
    }
    if code == 503:
        return _("Not possible at the moment"), _(
            "The server cannot store or read anything just now. What you typed is kept in open pages and sent by itself"
            " as soon as it can. Try again in a minute."
        )
    if code >= 500:
        return _("Something went wrong on our side"), _("What you sent may not be stored. Try again in a moment.")
    return texts.get(code, texts[400])
