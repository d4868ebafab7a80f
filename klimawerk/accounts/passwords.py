"""Passwords: argon2id, counted in a thread so that the server goes on serving meanwhile.

A password is prepared before it is hashed, by the OpaqueString profile of RFC 8265: blanks of all kinds are U+0020,
letters are composed (NFC), case counts, and what cannot be seen or typed is refused. Whatever keyboard and system
somebody has, the same password is the same. What was set before that was hashed as it came, without control characters,
so that this is tried too.
"""

from __future__ import annotations

import threading
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from hmac import compare_digest
from typing import Any, NamedTuple, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from flask_babel import ngettext
from precis_i18n import get_profile
from werkzeug.exceptions import ServiceUnavailable

from klimawerk.database import release_connection

MIN_LENGTH = 10
MAX_LENGTH = 200  # characters once it is prepared; more would only be work for the server
_profile = get_profile("OpaqueString")
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's first recommendation: 19 MiB
AT_ONCE = 4  # passwords that are counted at the same time
QUEUE, RESERVED, SECONDS = 40, 40, 5
"""Passwords that may wait for that, two seconds of work; so many more of people who are known; when to try again."""

T = TypeVar("T")
_workers = threading.BoundedSemaphore(AT_ONCE)
_queued = 0
_first: ContextVar[bool] = ContextVar("first_in_line", default=False)


class PasswordQueueFull(ServiceUnavailable):
    """Too many passwords wait to be counted; 503 with the seconds after which to try again."""

    def __init__(self, seconds: int) -> None:
        text = ngettext(
            "Too many people sign in at this moment. Try again in %(num)d second.",
            "Too many people sign in at this moment. Try again in %(num)d seconds.",
            seconds,
        )
        super().__init__(text, retry_after=seconds)


class DisallowedCharacter(ValueError):
    """No password has such a character; `character` is its name in Unicode."""

    def __init__(self, found: str) -> None:
        self.character = unicodedata.name(found, f"U+{ord(found):04X}") if found else ""
        super().__init__(f"A password cannot have the character {self.character}.")


class PasswordMatch(NamedTuple):
    """`position` of the hash; `prepared`: whether the password belongs to it prepared, and not only as it was typed."""

    position: int
    prepared: bool


def prepare_password(typed: str) -> str:
    """The password as it is hashed. Raises Disallowed."""
    try:
        return str(_profile.enforce(typed)) if typed else ""
    except UnicodeEncodeError as refused:
        raise DisallowedCharacter(str(refused.object)[refused.start : refused.start + 1]) from None


def hash_password(password: str, like: str = "") -> str:
    """The salted hash of a prepared password, about 20 ms of work; or with the salt of the hash `like`."""
    return _in_pool(lambda: _hasher.hash(password, salt=_salt(like) if like else None))


def matches(stored: str, typed: str) -> bool:
    """Whether what was typed belongs to the hash."""
    return match(stored, typed) is not None


def match(stored: str, typed: str) -> PasswordMatch | None:
    """How what was typed belongs to the hash. An empty hash (nobody, or no password yet) takes the same time."""
    found = _in_pool(_match, stored or _nobodys_hash(), _spellings(typed))
    return found if stored else None


def first_match(stored: Sequence[str], typed: str) -> PasswordMatch | None:
    """The first hash to which what was typed belongs; None for none of them.

    Hashes with the same salt take as long as one, and so does an empty list: the time does not tell how many there are.
    """
    if not any(stored):
        matches("", typed)
        return None
    return _in_pool(_first_match, stored, _spellings(typed))


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other settings than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _spellings(typed: str) -> list[tuple[str, bool]]:
    """What is tried, and whether it is prepared: one if typed so, two else, whoever's account it is."""
    found = []
    with suppress(DisallowedCharacter):
        found.append((prepare_password(typed)[: MAX_LENGTH + 1], True))
    before = "".join(c for c in typed if unicodedata.category(c) not in ("Cc", "Cs"))[: MAX_LENGTH + 1]
    return found if (before, True) in found else [*found, (before, False)]


def _match(stored: str, spellings: list[tuple[str, bool]]) -> PasswordMatch | None:
    return next(
        (PasswordMatch(0, is_prepared) for spelling, is_prepared in spellings if _check(stored, spelling)), None
    )


def _check(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@contextmanager
def with_priority(first: bool = True) -> Iterator[None]:
    """In here a password is counted even while strangers fill the queue, if `first`."""
    token = _first.set(first)
    try:
        yield
    finally:
        _first.reset(token)


def _first_match(stored: Sequence[str], spellings: list[tuple[str, bool]]) -> PasswordMatch | None:
    made: dict[tuple[str, str], str] = {}
    found = None
    for position, one in enumerate(stored):
        settings = one.rpartition("$")[0]
        for spelling, is_prepared in spellings if settings else ():
            if (settings, spelling) not in made:
                hasher = PasswordHasher.from_parameters(extract_parameters(one))
                made[settings, spelling] = hasher.hash(spelling, salt=_salt(one))
            if compare_digest(made[settings, spelling], one) and found is None:
                found = PasswordMatch(position, is_prepared)
    return found


def _salt(stored: str) -> bytes:
    """The salt in a hash such as "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>" (base64 without padding)."""
    text = stored.split("$")[4]
    return b64decode(text + "=" * (-len(text) % 4))


def _in_pool(work: Callable[..., T], *args: Any) -> T:
    """`work`, a few at a time, each with 19 MiB. Raises Busy when too many wait already."""
    global _queued
    if _queued >= QUEUE + (RESERVED if _first.get() else 0):
        raise PasswordQueueFull(SECONDS)
    _queued += 1
    try:
        release_connection()
        with _workers:
            return _in_thread(work, *args)
    finally:
        _queued -= 1


def _in_thread(work: Callable[..., T], *args: Any) -> T:
    """Run `work` in gevent's thread pool where gevent serves; else here, as each request has its own thread."""
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work(*args)
    import gevent

    done: T = gevent.get_hub().threadpool.apply(work, args)
    return done
