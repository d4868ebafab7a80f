"""A form whose token is no longer good: nothing is done, and the form comes back filled in, with a token that is.

A token goes stale when its session ends: by time, by signing in again, here or in another window, or with the
server's secret. Only what one of our own pages has sent is put back: what another site makes a browser send is never
one click away from being done. It is put back for the person alone for whom the page was made, whom the token names; a
token that cannot be read, or a stranger's, names nobody, and whoever is signed in by then is not shown what was typed.
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
"""Characters of what was sent that are carried through signing in."""
_DAY = 24 * 60 * 60
_NOT_KEPT = frozenset(
    {TOKEN, "key", "request_key", "rev", "id", "until", "next", "again", "item", "programme", "anchor"}
)
_FORM_PAGES = (
    (re.compile(r"/digests/.*"), ("/account",)),
    (re.compile(r"/account/.*|/logout/everywhere"), ("/account",)),
    (re.compile(r"(/partnerships/\d+)/.*"), (r"\1/settings", r"\1/members", r"\1/joint")),
    (re.compile(r"(/items/\d+)/fields/.*"), (r"\1",)),
)
"""Where forms stand whose own address shows nothing: an address of that kind was the page, after a mistake in it."""


@dataclass(frozen=True)
class SubmittedForm:
    """A form as it came: `action` and `page` (where it stood) are local addresses; `person` is whose page it was, None
    where that cannot be told."""

    action: str
    page: str
    fields: list[list[str]]
    person: int | None

    @property
    def pairs(self) -> Pairs:
        return [(name, value) for name, value in self.fields]


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _answer)


def _answer(error: CSRFError) -> AnyResponse:
    if request.method != "POST" or errors.wants_fragment() or not _from_own_page():
        return errors.answer(error)
    sent, person = _read(), current_person()
    if person is None and request.path == url_for("accounts.logout"):
        return redirect(url_for(errors.LOGIN_ENDPOINT))
    if person is None and sent.person is not None:
        return _sign_in_first(sent)
    if person is not None and sent.person != person.id:
        # Somebody else's, perhaps: their words stay theirs. The sign-in form leads on, and shows nothing.
        signing_in = _path(sent.action) == url_for(errors.LOGIN_ENDPOINT)
        return (_filled_in(sent) if signing_in else None) or errors.answer(error)
    return _filled_in(sent) or _for_copying(sent)


def sign_form(sent: SubmittedForm) -> str:
    """What was sent, signed, for the sign-in form to carry."""
    return str(_form_signer().dumps(asdict(sent)))


def verify_form(sealed: str) -> SubmittedForm | None:
    """What `seal` was given; None for anything that we have not signed within a day."""
    try:
        return SubmittedForm(**_form_signer().loads(sealed, max_age=_DAY))
    except (BadData, TypeError):
        return None


def restore_form(sealed: str, person_id: int) -> AnyResponse | None:
    """The form that was sent before signing in, filled in for its own person; None for anybody else."""
    sent = verify_form(sealed)
    if sent is None or sent.person != person_id:
        return None
    # The new session is stored now, for the page is asked for by it.
    carrier = make_response("")
    current_app.session_interface.save_session(current_app, session, carrier)
    cookie = f"{current_app.config['SESSION_COOKIE_NAME']}={session.token}"  # type: ignore[attr-defined]
    return _filled_in(sent, cookie) or _for_copying(sent)


def _from_own_page() -> bool:
    """Whether the browser says that the form stood on a page of ours."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    ours = {request.host_url.rstrip("/"), current_app.extensions["klimawerk"].public_url}
    return request.headers.get("Origin") in ours


def _read() -> SubmittedForm:
    fields = [
        [name, value]
        for name, values in request.form.lists()
        for value in values
        if name != TOKEN and "password" not in name
    ]
    return SubmittedForm(
        request.full_path.rstrip("?"), _stood_on(request.referrer or ""), fields, _made_for(request.form.get(TOKEN, ""))
    )


def _stood_on(address: str) -> str:
    """Path and query of an address that a browser has sent; "" for what is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _path(local: str) -> str:
    return local.partition("?")[0]


def _made_for(token: str) -> int | None:
    """Whose page the token stood on, if it is one of ours, however old."""
    try:
        raw = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token").loads(token)
    except BadData:
        return None
    found = re.fullmatch(r"(\d+)\.[0-9a-f]+", str(raw))
    return int(found[1]) if found else None


def _sign_in_first(sent: SubmittedForm) -> AnyResponse:
    from klimawerk.accounts.forms import SignInForm

    if sum(len(value) for _name, value in sent.fields) > LONGEST:
        return _for_copying(sent)
    text = _(
        "Your sign-in has ended, and nothing was stored. Sign in, then your form is here again with what you entered."
    )
    form = SignInForm(formdata=None)
    page = render_template(
        "accounts/sign_in.html", form=form, next=sent.page or "/", in_place=False, again=sign_form(sent), why=text
    )
    return make_response(page, 401)


def _filled_in(sent: SubmittedForm, cookie: str | None = None) -> AnyResponse | None:
    """The page that the form stood on, as it is now, with the form filled in."""
    for page in _form_pages(sent):
        shown = _page(page, cookie)
        if 300 <= shown.status_code < 400 and sent.action.startswith(url_for(errors.LOGIN_ENDPOINT)):
            return redirect(shown.location or "/")  # signed in meanwhile, in another window
        if shown.status_code != 200 or shown.mimetype != "text/html":
            continue
        html = refill_form(
            shown.get_data(as_text=True),
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
            for given in shown.headers.getlist("Set-Cookie"):
                answer.headers.add("Set-Cookie", given)
            return answer
    return None


def _form_pages(sent: SubmittedForm) -> list[str]:
    """Where the form may stand, the likeliest first."""
    path = _path(sent.action)
    homes = [sent.page, path, path.rpartition("/")[0]]
    homes += [found.expand(to) for pattern, tos in _FORM_PAGES if (found := pattern.fullmatch(path)) for to in tos]
    return [home for home in dict.fromkeys(homes) if home.startswith("/") and not home.startswith("//")]


def _page(address: str, cookie: str | None) -> Response:
    """Our own answer to GET `address` from this browser, or with another `cookie` of it."""
    path, _mark, query = address.partition("?")
    left = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_ACCEPT_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_ORIGIN")
    kept = ("HTTP_", "SERVER_", "REMOTE_", "SCRIPT_NAME", "wsgi.url_scheme", "wsgi.errors", "wsgi.version")
    environ: dict[str, Any] = {k: v for k, v in request.environ.items() if k.startswith(kept) and k not in left}
    environ |= {"wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False}
    environ |= {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
    environ |= {"PATH_INFO": _unquoted(path), "QUERY_STRING": query}
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context(), app.request_context(environ):
        return app.full_dispatch_request()


def _unquoted(path: str) -> str:
    """As WSGI wants it: bytes as characters."""
    return unquote_to_bytes(path).decode("latin-1")


def _for_copying(sent: SubmittedForm) -> AnyResponse:
    """Where the form is no longer there, what was entered stays to be copied."""
    words = [value for name, value in sent.pairs if value.strip() and name not in _NOT_KEPT]
    page = next((home for home in _form_pages(sent)), "/")
    return make_response(render_template("errors/stale.html", words=words, page=page), 400)


def _form_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="klimawerk form sent again")
