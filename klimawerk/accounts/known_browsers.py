"""Known browsers: a browser in which an account has signed in before has its own rate limit for that account.

Attempts that were used stay used when the cookie changes, whichever account signs in there. The cookie is random, new
with each sign-in, and no credential: it only exempts from waits that attempts elsewhere cause. The database holds its
SHA-256. The cookie is sent to two paths only, and expires after half a year.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import Response, after_this_request, current_app, request
from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from klimawerk.accounts import attempts, email_addresses, existing_accounts
from klimawerk.accounts.models import Person
from klimawerk.accounts.sessions import key_of
from klimawerk.clock import UtcTime, now
from klimawerk.database import writing
from klimawerk.extensions import Model, db

COOKIE, COOKIE_PATHS = "klimawerk_browser", ("/login", "/forgot")
SIGN_IN, RESET = "browser", "reset-browser"  # kinds of attempts that are counted
KEEP_FOR = timedelta(days=180)  # since the last sign-in
MAX_BROWSERS = 20  # of one person; beyond that the oldest are deleted


class KnownBrowser(Model):
    """A browser (SHA-256 of its cookie) and an account that has signed in there."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime, index=True)

    def attempt_key(self, kind: str, key: str = "") -> str:
        """Key under which this account's attempts in this browser are counted; `key`: another key of the browser."""
        return attempts.attempt_key(kind, key or self.key, self.person_id)


def accounts_known_here(email: str) -> list[KnownBrowser]:
    """The accounts with this address that have signed in in this browser before."""
    query = (
        select(KnownBrowser)
        .join(Person, Person.id == KnownBrowser.person_id)
        .where(KnownBrowser.key == _current_key(), KnownBrowser.seen_at > now() - KEEP_FOR)
        .where(Person.email == _stored_address(email), Person.ended_at.is_(None))
        .order_by(KnownBrowser.person_id)
    )
    return list(db.session.scalars(query))


def remember_browser(person: Person) -> None:
    """Store that the person has signed in in this browser; the response sets a new cookie."""
    token = secrets.token_urlsafe(32)
    key, at = key_of(token), now()
    with writing() as session:
        if not existing_accounts.lock_if_exists(person.id):
            return
        # Other accounts of this browser stay known in it, and gain no new attempts.
        for entry in session.scalars(select(KnownBrowser).where(KnownBrowser.key == _current_key())).all():
            for kind in (SIGN_IN, RESET):
                attempts.carry_over(entry.attempt_key(kind), entry.attempt_key(kind, key))
        session.execute(update(KnownBrowser).where(KnownBrowser.key == _current_key()).values(key=key))
        session.execute(delete(KnownBrowser).where(KnownBrowser.key == key, KnownBrowser.person_id == person.id))
        session.add(KnownBrowser(key=key, person_id=person.id, seen_at=at))
        session.flush()
        newest = select(KnownBrowser.key).where(KnownBrowser.person_id == person.id)
        newest = newest.order_by(KnownBrowser.seen_at.desc()).limit(MAX_BROWSERS)
        session.execute(
            delete(KnownBrowser).where(KnownBrowser.person_id == person.id, KnownBrowser.key.not_in(newest))
        )
    after_this_request(lambda response: _set_cookie(response, token))


def delete_old_browsers() -> None:
    """Delete browsers without a sign-in for `KEEP_FOR` (half a year)."""
    with writing() as session:
        session.execute(delete(KnownBrowser).where(KnownBrowser.seen_at <= now() - KEEP_FOR))


def forget_browsers(person_id: int) -> None:
    """Delete all known browsers of the person; inside `writing()`."""
    db.session.execute(delete(KnownBrowser).where(KnownBrowser.person_id == person_id))


def _current_key() -> str:
    return key_of(request.cookies.get(COOKIE, "")[:100])


def _stored_address(email: str) -> str:
    address = email_addresses.comparable(email)
    return address if address.isprintable() else ""


def _set_cookie(response: Response, token: str) -> Response:
    for path in COOKIE_PATHS:
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(KEEP_FOR.total_seconds()),
            path=path,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response
