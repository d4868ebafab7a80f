"""Password hashing: argon2id, computed in a thread so that the server goes on serving meanwhile.

A password is prepared before it is hashed, by the OpaqueString profile of RFC 8265: all kinds of space become U+0020,
characters are composed (NFC), case is significant, and characters outside of its FreeformClass, such as control
characters, are refused. So a password is the same on every keyboard and system. Passwords set before this rule were
hashed as typed, without control characters, so this form is tried, too.
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
MAX_LENGTH = 200  # characters of the prepared form; more would only cost computing time
_profile = get_profile("OpaqueString")
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's first recommendation: 19 MiB
AT_ONCE = 4  # hashes computed at the same time
QUEUE, RESERVED, RETRY_SECONDS = 40, 40, 5
"""Hashes that may wait (two seconds of work); additional places for known browsers; seconds until a retry."""

T = TypeVar("T")
_workers = threading.BoundedSemaphore(AT_ONCE)
_queued = 0
_has_priority: ContextVar[bool] = ContextVar("first_in_line", default=False)


class PasswordQueueFull(ServiceUnavailable):
    """Too many passwords wait for hashing; 503 with Retry-After in seconds."""

    def __init__(self, seconds: int) -> None:
        text = ngettext(
            "Too many people sign in at this moment. Try again in %(num)d second.",
            "Too many people sign in at this moment. Try again in %(num)d seconds.",
            seconds,
        )
        super().__init__(text, retry_after=seconds)


class DisallowedCharacter(ValueError):
    """The password has a character that is not allowed; `character` is its Unicode name."""

    def __init__(self, character: str) -> None:
        self.character = unicodedata.name(character, f"U+{ord(character):04X}") if character else ""
        super().__init__(f"A password cannot have the character {self.character}.")


class PasswordMatch(NamedTuple):
    """`position` of the matching hash; `prepared`: whether the prepared form matches, not only the one as typed."""

    position: int
    prepared: bool


def prepare_password(typed: str) -> str:
    """Prepare the password for hashing (RFC 8265). Raises DisallowedCharacter."""
    try:
        return str(_profile.enforce(typed)) if typed else ""
    except UnicodeEncodeError as refused:
        raise DisallowedCharacter(str(refused.object)[refused.start : refused.start + 1]) from None


def hash_password(password: str, like: str = "") -> str:
    """The hash of a prepared password, with a random salt or that of the hash `like`; about 20 ms of work."""
    return _in_pool(lambda: _hasher.hash(password, salt=_salt(like) if like else None))


def matches(stored: str, typed: str) -> bool:
    """Whether the password matches the hash."""
    return match(stored, typed) is not None


def match(stored: str, typed: str) -> PasswordMatch | None:
    """How the password matches the hash, or None. An empty hash (no account, no password) takes the same time."""
    result = _in_pool(_match, stored or _dummy_hash(), _candidates(typed))
    return result if stored else None


def first_match(stored: Sequence[str], typed: str) -> PasswordMatch | None:
    """The first hash that the password matches; None if there is none.

    Hashes with the same salt take as long as one, and so does an empty list: timing does not disclose how many there
    are.
    """
    if not any(stored):
        matches("", typed)
        return None
    return _in_pool(_first_match, stored, _candidates(typed))


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than the present ones."""
    return _hasher.check_needs_rehash(stored)


@cache
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")


def _candidates(typed: str) -> list[tuple[str, bool]]:
    """Candidates to check, each with whether it is prepared: one if typed in that form, else two, for any account."""
    candidates = []
    with suppress(DisallowedCharacter):
        candidates.append((prepare_password(typed)[: MAX_LENGTH + 1], True))
    legacy = "".join(c for c in typed if unicodedata.category(c) not in ("Cc", "Cs"))[: MAX_LENGTH + 1]
    return candidates if (legacy, True) in candidates else [*candidates, (legacy, False)]


def _match(stored: str, candidates: list[tuple[str, bool]]) -> PasswordMatch | None:
    return next(
        (PasswordMatch(0, is_prepared) for candidate, is_prepared in candidates if _check(stored, candidate)), None
    )


def _check(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@contextmanager
def with_priority(first: bool = True) -> Iterator[None]:
    """Context in which hashing may use the reserved places of the queue, if `first`."""
    token = _has_priority.set(first)
    try:
        yield
    finally:
        _has_priority.reset(token)


def _first_match(stored: Sequence[str], candidates: list[tuple[str, bool]]) -> PasswordMatch | None:
    computed: dict[tuple[str, str], str] = {}
    first = None
    for position, stored_hash in enumerate(stored):
        parameters = stored_hash.rpartition("$")[0]
        for candidate, is_prepared in candidates if parameters else ():
            if (parameters, candidate) not in computed:
                hasher = PasswordHasher.from_parameters(extract_parameters(stored_hash))
                computed[parameters, candidate] = hasher.hash(candidate, salt=_salt(stored_hash))
            if compare_digest(computed[parameters, candidate], stored_hash) and first is None:
                first = PasswordMatch(position, is_prepared)
    return first


def _salt(stored: str) -> bytes:
    """The salt of a hash such as "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>" (base64 without padding)."""
    text = stored.split("$")[4]
    return b64decode(text + "=" * (-len(text) % 4))


def _in_pool(work: Callable[..., T], *args: Any) -> T:
    """Run `work`, a few at a time, each with 19 MiB. Raises PasswordQueueFull when too many wait already."""
    global _queued
    if _queued >= QUEUE + (RESERVED if _has_priority.get() else 0):
        raise PasswordQueueFull(RETRY_SECONDS)
    _queued += 1
    try:
        release_connection()
        with _workers:
            return _in_thread(work, *args)
    finally:
        _queued -= 1


def _in_thread(work: Callable[..., T], *args: Any) -> T:
    """Run `work` in gevent's thread pool under gevent; else in this thread, as each request has its own."""
    if current_app.extensions["klimawerk"].async_mode != "gevent":
        return work(*args)
    import gevent

    done: T = gevent.get_hub().threadpool.apply(work, args)
    return done
