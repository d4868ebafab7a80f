"""Who is behind a connection. Whoever keeps logins says so here; this package knows no session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """A signed-in person, and the name of the login (any stable text) so that one login can be ended alone."""

    person_id: int
    login: str = ""


_identify: list[Callable[[], int | Identity | None]] = []


def register(identify: Callable[[], int | Identity | None]) -> None:
    """`identify` is called in the request context of a connecting socket; None refuses it."""
    _identify[:] = [identify]


def current() -> Identity | None:
    """Who makes the current request, or None."""
    if not _identify:
        return None
    found = _identify[0]()
    return Identity(found) if isinstance(found, int) else found
