"""Sessions. Those of signed-in users are stored on the server: the cookie holds an opaque id, stable until sign-out.

The database holds only the id's SHA-256. A session is read from the database on first access, and written only when
its content changed, so that static files, health checks and socket events cost no query.

An anonymous session (CSRF token, language, a flash message) is in the cookie itself, signed; the server stores nothing.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask, Request, Response, current_app, session
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import contains_eager

from klimawerk.accounts import existing_accounts
from klimawerk.accounts.models import Login, Person
from klimawerk.clock import now
from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.extensions import db

log = logging.getLogger(__name__)
PERSON = "person"  # key in the session: id of the signed-in person
LOGIN = "login"  # key in the session: primary key of its row, which is no secret
ANONYMOUS_HOURS = 2
LONGEST_COOKIE = 4_000  # characters
LONGEST_DAYS = 30
EXTEND_AFTER = timedelta(minutes=10)
PURGE_EVERY_SECONDS = 600


class ServerSession(SessionMixin):
    """Session data, read on first access; empty for a missing, expired or ended session."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.replaced: str | None = None
        self.expires_at: datetime | None = None
        self.created_at: datetime | None = None
        self._data: dict[str, Any] | None = None
        self.modified = False
        self.ended = False
        self.skipped = False
        self._login: Login | None = None  # held, so that its person is not read once more (`access.current_person`)

    @property
    def loaded(self) -> bool:
        return self._data is not None

    @property
    def data(self) -> dict[str, Any]:
        """The stored content, without the person and the key."""
        return {k: v for k, v in self._read().items() if k not in (PERSON, LOGIN)}

    @property
    def is_anonymous(self) -> bool:
        """Whether no user is signed in; the session is then stored in the cookie only."""
        return PERSON not in self._read()

    def begin(self, person: Person) -> None:
        """Become a new, empty session of `person` under a new id."""
        self.replaced = self.token
        self.token = secrets.token_urlsafe(32)
        self.expires_at = self.created_at = None
        self._data = {PERSON: person.id, LOGIN: key_of(self.token)}
        self.modified, self.ended = True, False

    def set_aside(self) -> None:
        """Count as empty for the rest of this request if it could not be read; the cookie stays unchanged."""
        self._data, self.skipped = self._data or {}, True

    def end(self) -> None:
        """End the session: delete its data, and the cookie in the browser."""
        self.replaced, self.token, self._data = self.token, None, {}
        self.expires_at = self.created_at = None
        self.modified, self.ended = True, True

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._read()[name] = value
        self.modified = True

    def __delitem__(self, name: str) -> None:
        del self._read()[name]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, Any]:
        if self._data is None:
            if self.token and _is_signed(self.token):
                self._data, self.expires_at = _load_signed(self.token)
                return self._data
            row = self._login = _find_login(self.token) if self.token else None
            self._data = {}  # only after the query: if it fails, the session must not count as anonymous
            if row is None:
                self.token = None
            else:
                self._data = {**row.data, LOGIN: row.key, PERSON: row.person_id}
                self.expires_at, self.created_at = row.expires_at, row.created_at
        return self._data


class ServerSessions(SessionInterface):
    """Flask's session interface over the table `Login`, and signed cookies for anonymous visitors."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        token = request.cookies.get(self.get_cookie_name(app), "")
        return ServerSession(token if _is_signed(token) else token[:100] or None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, ServerSession) or not (session.loaded or session.modified) or session.skipped:
            return
        response.vary.add("Cookie")
        if not (session.modified or _is_extension_due(session)):
            return
        if session.is_anonymous and not session.replaced:
            session.token, session.expires_at = _dump_signed(session), _next_expiry(session)
        elif session.modified:
            self._try_to_store(session)
            if session.ended and session.is_anonymous and len(session):  # a flash message after sign-out
                session.token, session.expires_at, session.ended = _dump_signed(session), _next_expiry(session), False
        else:
            _extend(session)
        self._set_cookie(app, session, response)

    def _try_to_store(self, session: ServerSession) -> None:
        """Store the session. If the database refuses, raise for one that begins or ends; else log it and go on.

        Content meant for the next page is no reason to withhold this page.
        """
        exists_already = session.expires_at is not None and not session.replaced
        try:
            self._store(session)
        except WRITE_FAILURES:
            if not exists_already or session.ended:
                raise
            log.warning("a session was left as it was: nothing can be stored now")

    def _store(self, session: ServerSession) -> None:
        with writing() as database:
            if session.replaced and not _is_signed(session.replaced):
                database.execute(delete(Login).where(Login.key == key_of(session.replaced)))
            if session.ended:
                return
            if session.expires_at is None:
                person = session.get(PERSON)
                if person is not None and not existing_accounts.lock_if_exists(person):
                    session.ended = True
                    return
                session.token = session.token or secrets.token_urlsafe(32)
                _insert(session, session.token)
            elif session.token:
                session.expires_at = _next_expiry(session)
                if_exists = update(Login).where(Login.key == key_of(session.token))
                changed = if_exists.values(data=session.data, expires_at=session.expires_at)
                # A session that ended meanwhile must not come back.
                session.ended = not database.execute(changed.returning(Login.key)).first()
        _purge_if_due()

    def _set_cookie(self, app: Flask, session: ServerSession, response: Response) -> None:
        name, path = self.get_cookie_name(app), self.get_cookie_path(app)
        options = {"secure": self.get_cookie_secure(app), "httponly": True, "samesite": "Lax", "path": path}
        if session.ended or session.token is None:
            response.delete_cookie(name, **options)  # type: ignore[arg-type]
        else:
            response.set_cookie(name, session.token, max_age=_remaining_seconds(session), **options)  # type: ignore[arg-type]


def init_app(app: Flask) -> None:
    app.session_interface = ServerSessions()
    app.extensions["klimawerk_purged"] = time.monotonic()


def begin_session(person: Person) -> None:
    """Begin a session of `person` under a new id (against session fixation)."""
    _current().begin(person)
    # The secret of the CSRF tokens; it names the person, see stale_forms.py.
    session["csrf_token"] = f"{person.id}.{secrets.token_hex(20)}"


def end_session() -> None:
    """End the session of this browser. A flash message after it is stored in an anonymous session."""
    _current().end()


def current_key() -> str | None:
    """Key of the present session; None for an anonymous visitor."""
    return cast("str | None", session.get(LOGIN)) if session.get(PERSON) else None


def end_logins(person_id: int, keep: str | None = None) -> list[str]:
    """End the person's sessions, except the one with the key `keep`; inside `writing()`. Returns the ended keys."""
    ended = delete(Login).where(Login.person_id == person_id, Login.key != (keep or ""))
    return list(db.session.scalars(ended.returning(Login.key)))


def purge() -> int:
    """Delete expired sessions; returns how many."""
    with writing() as database:
        deleted = database.scalars(delete(Login).where(Login.expires_at <= now()).returning(Login.key)).all()
    return len(deleted)


def key_of(token: str) -> str:
    """The stored form of a session id or link token: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _current() -> ServerSession:
    return cast(ServerSession, session._get_current_object())  # type: ignore[attr-defined]


def _is_signed(token: str) -> bool:
    """Whether the cookie is an anonymous session itself; ids of server-side sessions hold no dot."""
    return "." in token and len(token) <= LONGEST_COOKIE


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="a stranger's session")


def _dump_signed(session: ServerSession) -> str:
    return str(_signer().dumps(session.data))


def _load_signed(token: str) -> tuple[dict[str, Any], datetime | None]:
    """Content and expiry of an anonymous session's cookie; ({}, None) if its signature is invalid or too old."""
    try:
        content, signed_at = _signer().loads(token, max_age=ANONYMOUS_HOURS * 3600, return_timestamp=True)
    except BadSignature:
        return {}, None
    safe = {name: value for name, value in content.items() if name not in (PERSON, LOGIN)}
    return safe, signed_at + timedelta(hours=ANONYMOUS_HOURS)


_VALID_LOGIN = (
    select(Login)
    .join(Person)
    .where(Login.key == bindparam("key"), Login.expires_at > bindparam("now"), Person.ended_at.is_(None))
    .options(contains_eager(Login.person))
)


def _find_login(token: str) -> Login | None:
    login: Login | None = db.session.scalar(_VALID_LOGIN, {"key": key_of(token), "now": now()})
    return login


def _insert(session: ServerSession, token: str) -> None:
    session.created_at = now()
    session.expires_at = session.created_at + _lifetime(session)
    db.session.execute(
        insert(Login).values(
            key=key_of(token),
            person_id=session.get(PERSON),
            data=session.data,
            created_at=session.created_at,
            expires_at=session.expires_at,
        )
    )


def _is_extension_due(session: ServerSession) -> bool:
    """Whether the expiry would move by more than `EXTEND_AFTER`."""
    if session.expires_at is None:
        return False
    return _next_expiry(session) - session.expires_at > EXTEND_AFTER


def _extend(session: ServerSession) -> None:
    session.expires_at = _next_expiry(session)
    row = update(Login).where(Login.key == key_of(session.token or ""))
    try:
        with writing() as database:
            database.execute(row.values(expires_at=session.expires_at))
    except WRITE_FAILURES:
        log.warning(
            "a session's end was not moved: nothing can be stored now"
        )  # a page that only reads is answered all the same


def _next_expiry(session: ServerSession) -> datetime:
    created = session.created_at or now()
    return min(now() + _lifetime(session), created + timedelta(days=LONGEST_DAYS))


def _lifetime(session: ServerSession) -> timedelta:
    hours = current_app.extensions["klimawerk"].session_hours if session.get(PERSON) else ANONYMOUS_HOURS
    return timedelta(hours=hours)


def _remaining_seconds(session: ServerSession) -> int:
    remaining = (session.expires_at or now()) - now()
    return max(0, int(remaining.total_seconds()))


def _purge_if_due() -> None:
    last = current_app.extensions["klimawerk_purged"]
    if time.monotonic() - last > PURGE_EVERY_SECONDS:
        current_app.extensions["klimawerk_purged"] = time.monotonic()
        purge()
