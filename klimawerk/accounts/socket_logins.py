"""Authentication of sockets: their identity, disconnecting at sign-out, re-checking after changes of rights."""

from __future__ import annotations

from flask import Flask, session
from sqlalchemy import select

from klimawerk.accounts.access import current_person
from klimawerk.accounts.models import Login
from klimawerk.accounts.sessions import LOGIN
from klimawerk.accounts.signals import logins_ended, person_changed
from klimawerk.clock import now
from klimawerk.database import after_commit
from klimawerk.extensions import db
from klimawerk.live import identity
from klimawerk.live.identity import Identity, LoginProvider
from klimawerk.live.sockets import recheck, sign_out


def init_app(app: Flask) -> None:
    identity.providers.add(app, LoginProvider(_identify, _expired_logins))
    logins_ended.connect(app, _end_pages)
    person_changed.connect(app, _recheck_pages)


def _identify() -> Identity | None:
    person = current_person()
    return Identity(person.id, session.get(LOGIN, "")) if person else None


def _expired_logins(logins: set[str]) -> set[str]:
    """Those of the logins that have expired, or whose end was not signalled."""
    running = select(Login.key).where(Login.key.in_(logins), Login.expires_at > now())
    return logins - set(db.session.scalars(running))


def _end_pages(keys: list[str]) -> None:
    """Sign out the pages of these logins, after the commit."""
    for key in keys:
        after_commit(lambda key=key: sign_out(login=key))  # type: ignore[misc]


def _recheck_pages(person_id: int) -> None:
    recheck(person_id)
