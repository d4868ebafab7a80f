"""CSRF errors: a form with a stale token is not executed; its page comes back filled in, with a valid token.

A token becomes stale when its session ends: by expiry, by signing in again, also in another window, or with a new
secret of the server. Only forms that our own pages have sent are refilled: a forged request of another site must never
be one click away from being executed. A form is refilled only for the person whom its token names; an unreadable or
anonymous token names no one, and a user who is signed in by then is not shown what was typed.
"""

from __future__ import annotations

import io
import re
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, current_app, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from klimawerk.accounts.access import current_person
from klimawerk.web import errors
from klimawerk.web.form_refill import TOKEN, Pairs, refill_form

LONGEST = 200_000
"""Most characters of a form that are carried through sign-in."""
_DAY = 24 * 60 * 60
_NOT_OFFERED = frozenset(
    {TOKEN, "key", "request_key", "rev", "id", "until", "next", "again", "item", "programme", "anchor"}
)
_FORM_PAGES = (
    (re.compile(r"/digests/.*"), ("/account",)),
    (re.compile(r"/account/.*|/logout/everywhere"), ("/account",)),
    (re.compile(r"(/partnerships/\d+)/.*"), (r"\1/settings", r"\1/members", r"\1/joint")),
    (re.compile(r"(/items/\d+)/fields/.*"), (r"\1",)),
)
"""Pages that contain the forms of actions without a page of their own (the referrer, after an invalid form)."""


@dataclass(frozen=True)
class SubmittedForm:
    """A form as it was submitted. `action`, `page` (that contained it): local addresses. `person`: id of the page's
    reader, None where unknown."""

    action: str
    page: str
    fields: list[list[str]]
    person: int | None

    @property
    def pairs(self) -> Pairs:
        return [(name, value) for name, value in self.fields]


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _handle_csrf_error)


def _handle_csrf_error(error: CSRFError) -> AnyResponse:
    if request.method != "POST" or errors.wants_fragment() or not _is_same_origin():
        return errors.answer(error)
    sent, person = _submitted_form(), current_person()
    if person is None and request.path == url_for("accounts.logout"):
        return redirect(url_for(errors.LOGIN_ENDPOINT))
    if person is None and sent.person is not None:
        return _sign_in_first(sent)
    if person is not None and sent.person != person.id:
        # Perhaps another person's: its content is not shown. The sign-in form shows none anyway.
        is_sign_in = _path_of(sent.action) == url_for(errors.LOGIN_ENDPOINT)
        return (_refilled_page(sent) if is_sign_in else None) or errors.answer(error)
    return _refilled_page(sent) or _page_for_copying(sent)


def sign_form(sent: SubmittedForm) -> str:
    """The submitted form, serialised and signed, as a hidden field of the sign-in form."""
    return str(_form_signer().dumps(asdict(sent)))


def verify_form(sealed: str) -> SubmittedForm | None:
    """The form given to `sign_form`; None if the signature is invalid or older than a day."""
    try:
        return SubmittedForm(**_form_signer().loads(sealed, max_age=_DAY))
    except (BadData, TypeError):
        return None


def restore_form(sealed: str, person_id: int) -> AnyResponse | None:
    """The page with the form sent before sign-in, refilled; None if the form is invalid or another person's."""
    sent = verify_form(sealed)
    if sent is None or sent.person != person_id:
        return None
    # Store the new session now: the page is requested with its cookie.
    unused_response = make_response("")
    current_app.session_interface.save_session(current_app, session, unused_response)
    cookie = f"{current_app.config['SESSION_COOKIE_NAME']}={session.token}"  # type: ignore[attr-defined]
    return _refilled_page(sent, cookie) or _page_for_copying(sent)


def _is_same_origin() -> bool:
    """Whether the browser declares the request as same-origin (Sec-Fetch-Site, else Origin)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    own_origins = {request.host_url.rstrip("/"), current_app.extensions["klimawerk"].public_url}
    return request.headers.get("Origin") in own_origins


def _submitted_form() -> SubmittedForm:
    fields = [
        [name, value]
        for name, values in request.form.lists()
        for value in values
        if name != TOKEN and "password" not in name
    ]
    return SubmittedForm(
        request.full_path.rstrip("?"),
        _local_address(request.referrer or ""),
        fields,
        _person_of_token(request.form.get(TOKEN, "")),
    )


def _local_address(address: str) -> str:
    """Path and query of a URL; "" for an invalid one."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _path_of(local: str) -> str:
    return local.partition("?")[0]


def _person_of_token(token: str) -> int | None:
    """The id of the person for whose page the CSRF token was made, of any age; None if invalid or anonymous."""
    try:
        raw = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token").loads(token)
    except BadData:
        return None
    parts = re.fullmatch(r"(\d+)\.[0-9a-f]+", str(raw))
    return int(parts[1]) if parts else None


def _sign_in_first(sent: SubmittedForm) -> AnyResponse:
    from klimawerk.accounts.forms import SignInForm

    if sum(len(value) for _name, value in sent.fields) > LONGEST:
        return _page_for_copying(sent)
    text = _(
        "Your sign-in has ended, and nothing was stored. Sign in, then your form is here again with what you entered."
    )
    form = SignInForm(formdata=None)
    page = render_template(
        "accounts/sign_in.html", form=form, next=sent.page or "/", in_place=False, again=sign_form(sent), why=text
    )
    return make_response(page, 401)


def _refilled_page(sent: SubmittedForm, cookie: str | None = None) -> AnyResponse | None:
    """The page of the form, rendered again with the form filled in; None if no page contains the form."""
    for page in _form_pages(sent):
        response = _get_page(page, cookie)
        if 300 <= response.status_code < 400 and sent.action.startswith(url_for(errors.LOGIN_ENDPOINT)):
            return redirect(response.location or "/")  # signed in meanwhile, in another window
        if response.status_code != 200 or response.mimetype != "text/html":
            continue
        html = refill_form(
            response.get_data(as_text=True),
            page=page,
            action=sent.action,
            sent=sent.pairs,
            notice=_(
                "This page was out of date, so nothing was stored. What you had entered is here again: send it anew."
            ),
            asks_files=_("Please choose the file again."),
            buttons_only=_(
                "This page was out of date, so nothing was done. Press the button again if you still want this."
            ),
        )
        if html is not None:
            answer = Response(html, 400, mimetype="text/html")
            for set_cookie in response.headers.getlist("Set-Cookie"):
                answer.headers.add("Set-Cookie", set_cookie)
            return answer
    return None


def _form_pages(sent: SubmittedForm) -> list[str]:
    """Addresses of pages that may contain the form, the likeliest first."""
    path = _path_of(sent.action)
    pages = [sent.page, path, path.rpartition("/")[0]]
    pages += [
        matched.expand(template)
        for pattern, templates in _FORM_PAGES
        if (matched := pattern.fullmatch(path))
        for template in templates
    ]
    return [page for page in dict.fromkeys(pages) if page.startswith("/") and not page.startswith("//")]


def _get_page(address: str, cookie: str | None) -> Response:
    """The application's response to GET `address` with this request's headers; `cookie` replaces the Cookie header."""
    path, _mark, query = address.partition("?")
    dropped = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_ACCEPT_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_ORIGIN")
    prefixes = ("HTTP_", "SERVER_", "REMOTE_", "SCRIPT_NAME", "wsgi.url_scheme", "wsgi.errors", "wsgi.version")
    environ: dict[str, Any] = {k: v for k, v in request.environ.items() if k.startswith(prefixes) and k not in dropped}
    environ |= {"wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False}
    environ |= {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
    environ |= {"PATH_INFO": _wsgi_path(path), "QUERY_STRING": query}
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context(), app.request_context(environ):
        return app.full_dispatch_request()


def _wsgi_path(path: str) -> str:
    """The path as PATH_INFO wants it: unquoted bytes decoded as Latin-1."""
    return unquote_to_bytes(path).decode("latin-1")


def _page_for_copying(sent: SubmittedForm) -> AnyResponse:
    """The page that offers the entered texts for copying, where the form no longer exists."""
    texts = [value for name, value in sent.pairs if value.strip() and name not in _NOT_OFFERED]
    page = next((address for address in _form_pages(sent)), "/")
    return make_response(render_template("errors/stale.html", words=texts, page=page), 400)


def _form_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="klimawerk form sent again")
