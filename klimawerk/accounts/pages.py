"""Open pages: who is behind their sockets, and that they hear at once when a login or a right has ended."""

from __future__ import annotations

from typing import Any

from klimawerk.accounts import sessions
from klimawerk.accounts.access import current_person
from klimawerk.accounts.signals import logins_ended, person_changed
from klimawerk.database import after_commit
from klimawerk.live import identity, sockets
from klimawerk.live.identity import Identity


def listen() -> None:
    """Repeating it changes nothing."""
    identity.register(_behind_the_socket)
    logins_ended.connect(_close)
    person_changed.connect(_recheck)


def _behind_the_socket() -> Identity | None:
    person = current_person()
    return Identity(person.id, sessions.current_key() or "") if person else None


def _close(_sender: Any, keys: list[str]) -> None:
    def tell() -> None:
        for key in keys:
            sockets.sign_out(login=key)

    after_commit(tell)


def _recheck(_sender: Any, person_id: int) -> None:
    sockets.recheck(person_id)
