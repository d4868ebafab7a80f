"""Open pages and logins: who is behind a socket; a page ends with its login and follows its person's rights."""

from __future__ import annotations

from flask import Flask, session

from klimawerk.accounts.access import current_person
from klimawerk.accounts.sessions import LOGIN
from klimawerk.accounts.signals import logins_ended, person_changed
from klimawerk.database import after_commit
from klimawerk.live import identity
from klimawerk.live.identity import Identity
from klimawerk.live.sockets import recheck, sign_out


def init_app(app: Flask) -> None:
    identity.register(_who)
    logins_ended.connect(_end_pages)
    person_changed.connect(_recheck_pages)


def _who() -> Identity | None:
    person = current_person()
    return Identity(person.id, session.get(LOGIN, "")) if person else None


def _end_pages(_sender: object, keys: list[str]) -> None:
    """Takes effect with the commit, like the end of the logins itself."""
    for key in keys:
        after_commit(lambda key=key: sign_out(login=key))  # type: ignore[misc]


def _recheck_pages(_sender: object, person_id: int) -> None:
    recheck(person_id)
