"""Passwords: argon2id, counted in a thread so that the server goes on serving meanwhile."""

from __future__ import annotations

import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from hmac import compare_digest
from typing import Any, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from flask_babel import ngettext
from werkzeug.exceptions import ServiceUnavailable

from klimawerk.database import release

SHORTEST = 10
LONGEST = 200  # characters; more would only be work for the server
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's first recommendation: 19 MiB
AT_ONCE = 4  # passwords that are counted at the same time
QUEUE, RESERVED, SECONDS = 40, 40, 5
"""Passwords that may wait for that, two seconds of work; so many more of people who are known; when to try again."""

T = TypeVar("T")
_places = threading.BoundedSemaphore(AT_ONCE)
_waiting = 0
_first: ContextVar[bool] = ContextVar("first_in_line", default=False)


class Busy(ServiceUnavailable):
    """Too many passwords wait to be counted; 503 with the seconds after which to try again."""

    def __init__(self, seconds: int) -> None:
        text = ngettext(
            "Too many people sign in at this moment. Try again in %(num)d second.",
            "Too many people sign in at this moment. Try again in %(num)d seconds.",
            seconds,
        )
        super().__init__(text, retry_after=seconds)


def hashed(password: str, like: str = "") -> str:
    """The password's salted hash, about 20 ms of work; with the salt of the hash `like`, if one is given."""
    return _elsewhere(lambda: _hasher.hash(password, salt=_salt(like) if like else None))


def matches(stored: str, password: str) -> bool:
    """Whether `password` belongs to the hash. An empty hash (nobody, or no password yet) takes the same time."""
    right = _elsewhere(_check, stored or _nobodys_hash(), password[: LONGEST + 1])
    return right and bool(stored)


def first_match(stored: Sequence[str], password: str) -> int | None:
    """Position of the first hash that `password` belongs to; None for none of them.

    Hashes with the same salt take as long as one, and so does an empty list: the time does not tell how many there are.
    """
    if not any(stored):
        matches("", password)
        return None
    return _elsewhere(_first_match, stored, password[: LONGEST + 1])


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


@contextmanager
def first_in_line(first: bool = True) -> Iterator[None]:
    """In here a password is counted even while strangers fill the queue, if `first`."""
    token = _first.set(first)
    try:
        yield
    finally:
        _first.reset(token)


def _first_match(stored: Sequence[str], password: str) -> int | None:
    made: dict[str, str] = {}
    found = None
    for position, one in enumerate(stored):
        settings = one.rpartition("$")[0]
        if settings and settings not in made:
            hasher = PasswordHasher.from_parameters(extract_parameters(one))
            made[settings] = hasher.hash(password, salt=_salt(one))
        if settings and compare_digest(made[settings], one) and found is None:
            found = position
    return found


def _salt(stored: str) -> bytes:
    """The salt in a hash such as "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>" (base64 without padding)."""
    text = stored.split("$")[4]
    return b64decode(text + "=" * (-len(text) % 4))


def _elsewhere(work: Callable[..., T], *args: Any) -> T:
    """`work`, a few at a time, each with 19 MiB. Raises Busy when too many wait already."""
    global _waiting
    if _waiting >= QUEUE + (RESERVED if _first.get() else 0):
        raise Busy(SECONDS)
    _waiting += 1
    try:
        release()
        with _places:
            return _in_thread(work, *args)
    finally:
        _waiting -= 1


def _in_thread(work: Callable[..., T], *args: Any) -> T:
    """Run `work` in gevent's thread pool where gevent serves; else here, as each request has its own thread."""
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work(*args)
    import gevent

    done: T = gevent.get_hub().threadpool.apply(work, args)
    return done
