"""Sessions of people are kept on the server: the cookie holds an opaque id, the same from sign-in to sign-out.

The database knows only the id's SHA-256. A session is read from the database when something first looks at it, and
written only when something in it changed, so that static files, health checks and socket events cost no query.

A stranger's session (form token, language, a message) is in the cookie itself, signed; the server keeps nothing of it.
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
from sqlalchemy import delete, insert, select, update

from klimawerk.accounts import existing_accounts
from klimawerk.accounts.models import Login, Person
from klimawerk.clock import now
from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.extensions import db

log = logging.getLogger(__name__)
PERSON = "person"  # in the session: whose it is
LOGIN = "login"  # in the session: its row's key, which is no secret
ANONYMOUS_HOURS = 2
LONGEST_COOKIE = 4_000  # characters
LONGEST_DAYS = 30
EXTEND_AFTER = timedelta(minutes=10)
PURGE_EVERY_SECONDS = 600


class ServerSession(SessionMixin):
    """A session's data, read on first use. It is empty for a missing, expired or ended one."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.replaced: str | None = None
        self.expires_at: datetime | None = None
        self.created_at: datetime | None = None
        self._data: dict[str, Any] | None = None
        self.modified = False
        self.ended = False
        self.aside = False

    @property
    def loaded(self) -> bool:
        return self._data is not None

    @property
    def data(self) -> dict[str, Any]:
        """What is kept, without the person and the key."""
        return {k: v for k, v in self._read().items() if k not in (PERSON, LOGIN)}

    @property
    def strangers(self) -> bool:
        """Whether it is nobody's, and so kept in the cookie alone."""
        return PERSON not in self._read()

    def begin(self, person: Person) -> None:
        """Become a fresh session of `person` under a new id; what was in it before is gone."""
        self.replaced = self.token
        self.token = secrets.token_urlsafe(32)
        self.expires_at = self.created_at = None
        self._data = {PERSON: person.id, LOGIN: key_of(self.token)}
        self.modified, self.ended = True, False

    def set_aside(self) -> None:
        """For the rest of this request it counts as empty, if it could not be read; the cookie stays as it is."""
        self._data, self.aside = self._data or {}, True

    def end(self) -> None:
        """Forget everything, here and in the browser."""
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
                self._data, self.expires_at = _read_signed(self.token)
                return self._data
            row = _valid(self.token) if self.token else None
            self._data = {}  # not before: with the database away nobody is a stranger
            if row is None:
                self.token = None
            else:
                self._data = {**row.data, LOGIN: row.key, PERSON: row.person_id}
                self.expires_at, self.created_at = row.expires_at, row.created_at
        return self._data


class ServerSessions(SessionInterface):
    """Flask's sessions over the Login table."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        token = request.cookies.get(self.get_cookie_name(app), "")
        return ServerSession(token if _is_signed(token) else token[:100] or None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, ServerSession) or not (session.loaded or session.modified) or session.aside:
            return
        response.vary.add("Cookie")
        if not (session.modified or _is_extension_due(session)):
            return
        if session.strangers and not session.replaced:
            session.token, session.expires_at = _signed(session), _next_expiry(session)
        elif session.modified:
            self._try_to_store(session)
            if session.ended and session.strangers and len(session):  # what is said to whoever has ended it
                session.token, session.expires_at, session.ended = _signed(session), _next_expiry(session), False
        else:
            _extend(session)
        self._give_cookie(app, session, response)

    def _try_to_store(self, session: ServerSession) -> None:
        """Who begins or ends a session is told when that cannot be stored. Another one goes on as it was: what it was
        to remember for the next page is no reason to withhold this one."""
        begun = session.expires_at is not None and not session.replaced
        try:
            self._store(session)
        except WRITE_FAILURES:
            if not begun or session.ended:
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
                own = update(Login).where(Login.key == key_of(session.token))
                found = own.values(data=session.data, expires_at=session.expires_at)
                # A session that ended meanwhile must not come back.
                session.ended = not database.execute(found.returning(Login.key)).first()
        _purge_now_and_then()

    def _give_cookie(self, app: Flask, session: ServerSession, response: Response) -> None:
        name, path = self.get_cookie_name(app), self.get_cookie_path(app)
        kind = {"secure": self.get_cookie_secure(app), "httponly": True, "samesite": "Lax", "path": path}
        if session.ended or session.token is None:
            response.delete_cookie(name, **kind)  # type: ignore[arg-type]
        else:
            response.set_cookie(name, session.token, max_age=_seconds(session), **kind)  # type: ignore[arg-type]


def init_app(app: Flask) -> None:
    app.session_interface = ServerSessions()
    app.extensions["klimawerk_purged"] = time.monotonic()


def begin_session(person: Person) -> None:
    """This browser is `person`'s from now on, under a new id (so that an id planted before is worth nothing)."""
    _own().begin(person)
    # What this browser's form tokens are made of: it names their person, see stale_forms.py.
    session["csrf_token"] = f"{person.id}.{secrets.token_hex(20)}"


def end_session() -> None:
    """This browser is nobody's any more. A message that follows is kept in a stranger's session."""
    _own().end()


def current_key() -> str | None:
    """Key of the present login; None for a stranger."""
    return cast("str | None", session.get(LOGIN)) if session.get(PERSON) else None


def end_logins(person_id: int, keep: str | None = None) -> list[str]:
    """End the person's sessions, except the one with the key `keep`; inside `writing()`. Answers the ended keys."""
    ended = delete(Login).where(Login.person_id == person_id, Login.key != (keep or ""))
    return list(db.session.scalars(ended.returning(Login.key)))


def purge() -> int:
    """Delete expired sessions; answers how many."""
    with writing() as database:
        gone = database.scalars(delete(Login).where(Login.expires_at <= now()).returning(Login.key)).all()
    return len(gone)


def key_of(token: str) -> str:
    """What the database knows of a session id or link token: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _own() -> ServerSession:
    return cast(ServerSession, session._get_current_object())  # type: ignore[attr-defined]


def _is_signed(token: str) -> bool:
    """Whether the cookie is a stranger's session itself; ids of sessions on the server hold no dot."""
    return "." in token and len(token) <= LONGEST_COOKIE


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="a stranger's session")


def _signed(session: ServerSession) -> str:
    return str(_signer().dumps(session.data))


def _read_signed(token: str) -> tuple[dict[str, Any], datetime | None]:
    """What a stranger's cookie holds, and until when; nothing where it is not ours or too old."""
    try:
        found, made = _signer().loads(token, max_age=ANONYMOUS_HOURS * 3600, return_timestamp=True)
    except BadSignature:
        return {}, None
    kept = {name: value for name, value in found.items() if name not in (PERSON, LOGIN)}
    return kept, made + timedelta(hours=ANONYMOUS_HOURS)


def _valid(token: str) -> Login | None:
    query = (
        select(Login)
        .join(Person)
        .where(Login.key == key_of(token), Login.expires_at > now(), Person.ended_at.is_(None))
    )
    found: Login | None = db.session.scalar(query)
    return found


def _insert(session: ServerSession, token: str) -> None:
    session.created_at = now()
    session.expires_at = session.created_at + _life(session)
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
    """Whether enough time has passed since the expiry was last moved."""
    if session.expires_at is None:
        return False
    return _next_expiry(session) - session.expires_at > EXTEND_AFTER


def _extend(session: ServerSession) -> None:
    session.expires_at = _next_expiry(session)
    own = update(Login).where(Login.key == key_of(session.token or ""))
    try:
        with writing() as database:
            database.execute(own.values(expires_at=session.expires_at))
    except WRITE_FAILURES:
        log.warning("a session's end was not moved: nothing can be stored now")  # whoever only reads goes on reading


def _next_expiry(session: ServerSession) -> datetime:
    created = session.created_at or now()
    return min(now() + _life(session), created + timedelta(days=LONGEST_DAYS))


def _life(session: ServerSession) -> timedelta:
    hours = current_app.extensions["klimawerk"].session_hours if session.get(PERSON) else ANONYMOUS_HOURS
    return timedelta(hours=hours)


def _seconds(session: ServerSession) -> int:
    left = (session.expires_at or now()) - now()
    return max(0, int(left.total_seconds()))


def _purge_now_and_then() -> None:
    last = current_app.extensions["klimawerk_purged"]
    if time.monotonic() - last > PURGE_EVERY_SECONDS:
        current_app.extensions["klimawerk_purged"] = time.monotonic()
        purge()
