"""What a person sees when something cannot be done: a sentence in their language and a number to quote."""

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
    for broken in WRITE_FAILURES:
        app.register_error_handler(broken, _unavailable)
    app.register_error_handler(Exception, _unexpected)


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page, not for a whole one."""
    return "HX-Request" in request.headers and request.headers.get("HX-Request-Type") != "full"


def answer(error: HTTPException) -> Response:
    """The error as a page, as a fragment for htmx, or as JSON, in the reader's language."""
    response = error.get_response()
    code = response.status_code
    if code < 400:
        return make_response(response)
    failed = getattr(error, "original_exception", None)  # after the view had answered
    if failed is not None and _is_storage_failure(failed):
        return _unavailable(failed)
    if code == 401 and request.method in ("GET", "HEAD") and not wants_fragment() and not _wants_json():
        return make_response(redirect(url_for(LOGIN_ENDPOINT, next=request.full_path.rstrip("?"))))
    number = secrets.token_hex(4)
    log.log(logging.ERROR if code >= 500 else logging.INFO, "%s %s %s [%s]", code, request.method, _path(), number)
    shown = _shown(code, *_error_text(error, code), number)
    if "Retry-After" in response.headers:
        shown.headers["Retry-After"] = response.headers["Retry-After"]
    return shown


def _path() -> str:
    """The address as one line of the log: "%0A" in it begins no other."""
    return line(request.path)


def _unavailable(error: Exception) -> Response:
    """The database is full or away: nothing is stored, and the browser keeps what was typed and tries again."""
    number = secrets.token_hex(4)
    log.error("503 %s %s [%s] %s", request.method, _path(), number, type(error).__name__)
    try:
        _undo()
        _set_session_aside()  # the page about it must not need the database itself
        response = _shown(503, *_standard(503), number)
    except Exception:
        log.exception("the page about the database failed [%s]", number)
        response = Response(f"Nothing can be stored at the moment. Number: {number}\n", 503, mimetype="text/plain")
    _set_session_aside()
    response.headers["Retry-After"] = "10"
    return response


def _is_storage_failure(error: BaseException) -> bool:
    """Whether it is the database or the disk that failed, and not the request: the same may work in a moment."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return lost or full or isinstance(error, (*WRITE_FAILURES, PendingRollbackError))


def _undo() -> None:
    """Give up what was begun; a connection that is gone cannot even do that."""
    try:
        db.session.rollback()
    except Exception:
        db.session().invalidate()


def _set_session_aside() -> None:
    getattr(session, "set_aside", lambda: None)()


def _unexpected(error: Exception) -> Response:
    if _is_storage_failure(error):
        return _unavailable(error)
    number = secrets.token_hex(4)
    log.error("500 %s %s [%s]", request.method, _path(), number, exc_info=error)
    try:
        db.session.rollback()
        return _shown(500, *_error_text(InternalServerError(), 500), number)
    except Exception:
        # Not even the page can be made, for example without a database.
        log.exception("the error page failed [%s]", number)
        return Response(f"Something went wrong on our side. Number: {number}\n", 500, mimetype="text/plain")


def _shown(code: int, title: str, text: str, number: str) -> Response:
    if _wants_json():
        response = jsonify({"error": title, "text": text, "number": number})
    elif wants_fragment():
        response = make_response(
            render_template("errors/_fragment.html", code=code, title=title, text=text, number=number)
        )
        # Where a part of the page was asked for, that part stays; the message goes to the page's messages.
        response.headers["HX-Retarget"] = "#flashes"
        response.headers["HX-Reswap"] = "beforeend"
        if code == 401:
            response.headers["HX-Trigger"] = "login-required"
    else:
        # A broken house shows a page that needs nothing of it.
        page = "errors/plain.html" if code >= 500 else "errors/page.html"
        response = make_response(render_template(page, code=code, title=title, text=text, number=number))
    response.status_code = code
    return response


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return request.is_json or best == "application/json"


def _error_text(error: HTTPException, code: int) -> tuple[str, str]:
    """Title and sentence. A sentence given to `abort(code, lazy_sentence)` stands; werkzeug's English ones do not."""
    if isinstance(error, CSRFError):
        return _("This page is out of date"), _(
            "For your safety nothing was stored. Load the page again and repeat the last step."
        )
    title, text = _standard(code)
    own = error.description
    if own and own != type(error).description:
        text = str(own)
    return title, text


def _standard(code: int) -> tuple[str, str]:
    known = {
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
    return known.get(code, known[400])
