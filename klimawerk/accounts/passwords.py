"""Passwords: argon2id, counted in a thread so that the server goes on serving meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

SHORTEST = 10
LONGEST = 200  # characters; more would only be work for the server
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's first recommendation: 19 MiB
T = TypeVar("T")


def hashed(password: str) -> str:
    """The password's salted hash, about 20 ms of work."""
    return _elsewhere(_hasher.hash, password)


def matches(stored: str, password: str) -> bool:
    """Whether `password` belongs to the hash. An empty hash (nobody, or no password yet) takes the same time."""
    right = _elsewhere(_check, stored or _nobodys_hash(), password[: LONGEST + 1])
    return right and bool(stored)


def outdated(stored: str) -> bool:
    """Whether the hash was made with other settings than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _check(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _elsewhere(work: Callable[..., T], *args: Any) -> T:
    """Run `work` in gevent's thread pool where gevent serves; else here, as each request has its own thread."""
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work(*args)
    import gevent

    done: T = gevent.get_hub().threadpool.apply(work, args)
    return done
