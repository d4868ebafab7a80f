"""Identity of a connecting client. `accounts` registers how it is found; this package knows no session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """A signed-in person, and the name of the login (any stable text), so that one login can be ended alone."""

    person_id: int
    login: str = ""


_identify: list[Callable[[], int | Identity | None]] = []
_ended: list[Callable[[set[str]], set[str]]] = []


def register(
    identify: Callable[[], int | Identity | None], ended: Callable[[set[str]], set[str]] | None = None
) -> None:
    """Set the functions that know logins. `identify` is called in the request context of a connecting socket; None
    refuses it.

    `ended(logins)` returns which of these logins are over (signed out or expired); it is called every few seconds.
    """
    _identify[:] = [identify]
    _ended[:] = [ended] if ended else []


def ended(logins: set[str]) -> set[str]:
    """Those of `logins` (`Identity.login`) that are over."""
    return _ended[0](logins) if _ended and logins else set()


def current() -> Identity | None:
    """The identity of the current request, or None."""
    if not _identify:
        return None
    identified = _identify[0]()
    return Identity(identified) if isinstance(identified, int) else identified
