"""Identity of a connecting client. `accounts` registers how it is found; this package knows no session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from klimawerk.registry import Hooks


@dataclass(frozen=True)
class Identity:
    """A signed-in person, and the name of the login (any stable text), so that one login can be ended alone."""

    person_id: int
    login: str = ""


@dataclass(frozen=True)
class LoginProvider:
    """The functions that know logins.

    `identify()` is called in the request context of a connecting socket; it returns None where nobody is signed in.
    `ended(logins)` returns which of these logins are over (signed out or expired); it is called every few seconds.
    """

    identify: Callable[[], Identity | None]
    ended: Callable[[set[str]], set[str]]


providers: Hooks[LoginProvider] = Hooks()


def ended(logins: set[str]) -> set[str]:
    """Those of `logins` (`Identity.login`) that are over."""
    return {login for provider in providers for login in provider.ended(logins)} if logins else set()


def current() -> Identity | None:
    """The identity of the current request, or None: then the socket is refused."""
    return next((identity for provider in providers if (identity := provider.identify())), None)
