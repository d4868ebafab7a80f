"""Browsers in which somebody has signed in before: they keep an allowance of their own for attempts to sign in again,
to that very account. What was used of it stays used when the cookie changes, by whoever signs in there.

The cookie is random, new with each sign-in, and proves nothing: it opens no account, it only says who need not wait for
what others do. The database knows its SHA-256. It is sent to the two pages that need it, and ends after half a year.
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

COOKIE, PLACES = "klimawerk_browser", ("/login", "/forgot")
SIGN_IN, RESET = "browser", "reset-browser"  # what is counted
KEEP_DAYS = timedelta(days=180)  # since the last sign-in
MAX_BROWSERS = 20  # of one person; the oldest are forgotten


class KnownBrowser(Model):
    """A browser (SHA-256 of its cookie) and a person who has signed in there."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime, index=True)

    def lane(self, kind: str, key: str = "") -> str:
        """The key under which this person's attempts in this browser are counted; with another `key` of the browser."""
        return attempts.attempt_key(kind, key or self.key, self.person_id)


def accounts_known_here(email: str) -> list[KnownBrowser]:
    """The accounts with this address to which somebody has signed in in this browser before."""
    query = (
        select(KnownBrowser)
        .join(Person, Person.id == KnownBrowser.person_id)
        .where(KnownBrowser.key == _current_token(), KnownBrowser.seen_at > now() - KEEP_DAYS)
        .where(Person.email == _written(email), Person.ended_at.is_(None))
        .order_by(KnownBrowser.person_id)
    )
    return list(db.session.scalars(query))


def remember_browser(person: Person) -> None:
    """The person has signed in here; the answer to this request brings the browser a new cookie."""
    token = secrets.token_urlsafe(32)
    key, at = key_of(token), now()
    with writing() as session:
        if not existing_accounts.lock_if_exists(person.id):
            return
        # Others who use this browser stay known in it, and gain no new attempts.
        for one in session.scalars(select(KnownBrowser).where(KnownBrowser.key == _current_token())).all():
            for kind in (SIGN_IN, RESET):
                attempts.carry_over(one.lane(kind), one.lane(kind, key))
        session.execute(update(KnownBrowser).where(KnownBrowser.key == _current_token()).values(key=key))
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
    """Delete those in which nobody has signed in for half a year."""
    with writing() as session:
        session.execute(delete(KnownBrowser).where(KnownBrowser.seen_at <= now() - KEEP_DAYS))


def forget_browsers(person_id: int) -> None:
    """No browser is known as the person's any more; inside `writing()`."""
    db.session.execute(delete(KnownBrowser).where(KnownBrowser.person_id == person_id))


def _current_token() -> str:
    return key_of(request.cookies.get(COOKIE, "")[:100])


def _written(email: str) -> str:
    address = email_addresses.comparable(email)
    return address if address.isprintable() else ""


def _set_cookie(response: Response, token: str) -> Response:
    for place in PLACES:
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(KEEP_DAYS.total_seconds()),
            path=place,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response
