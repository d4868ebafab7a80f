"""Cache of rendered HTML fragments (and of the few values beside them), in the memory of one process.

A key holds everything that the fragment was made of, as revisions or as values, so an entry never becomes wrong: what
changes has another key, and old entries leave as the least recently used ones. Form tokens, names of those present and
marks of one reader stay outside of fragments; for tokens see `TokenMarks`.

Of many that miss the same key, one renders and the others wait for it, without a database connection. If it fails, the
next one tries; who has waited for MAX_WAIT renders by itself.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask, current_app, g, render_template
from markupsafe import Markup

from klimawerk.database import is_writing, release_connection

T = TypeVar("T")
MAX_WAIT = 10.0  # seconds
ENTRY_OVERHEAD = 300  # bytes of an entry besides its value: key, links, counters
_EXTENSION = "fragment_cache"
Key = tuple[object, ...]


@dataclass
class CacheCounters:
    """Look-ups that found an entry; that rendered; that waited for another one's rendering; entries dropped for want of
    room."""

    hits: int = 0
    misses: int = 0
    waits: int = 0
    evictions: int = 0


@dataclass
class _Rendering:
    """A value that is being made by one thread (or greenlet)."""

    owner: int
    ended: threading.Event = field(default_factory=threading.Event)
    result: tuple[Any] | None = None


class FragmentCache:
    """Values by key, at most `max_bytes` in all; the least recently used ones are dropped. For threads and greenlets.

    `max_bytes` 0 turns it off: everything is made each time. A value of more than a quarter of it is not stored.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.counters = CacheCounters()
        self.marks = TokenMarks()
        self._entries: OrderedDict[bytes, tuple[Any, int]] = OrderedDict()
        self._renderings: dict[bytes, _Rendering] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """Bytes that the entries take, by estimate."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key, make: Callable[[], T], size: Callable[[T], int] = sys.getsizeof) -> T:
        """The value of `key`, made by `make()` where it is not known; what that raises reaches its caller alone.

        `key`: strings, numbers, dates, booleans, None and tuples of them. `size`: bytes of a value. Inside `writing()`
        it is made and not stored, since the revisions in the key may be rolled back and used for something else.
        """
        if not self.max_bytes or is_writing():
            return make()
        digest = digest_of(key)
        deadline = time.monotonic() + MAX_WAIT
        while True:
            with self._lock:
                if digest in self._entries:
                    self.counters.hits += 1
                    self._entries.move_to_end(digest)
                    return self._entries[digest][0]  # type: ignore[no-any-return]
                other = self._renderings.get(digest)
                alone = time.monotonic() >= deadline or (other and other.owner == _here())
                if other is None or alone:
                    self.counters.misses += 1
                    mine = _Rendering(_here())
                    self._renderings.setdefault(digest, mine)
                    break
                self.counters.waits += 1
            release_connection()
            other.ended.wait(max(0.0, deadline - time.monotonic()))
            if other.result is not None:
                return other.result[0]  # type: ignore[no-any-return]
        return self._made(digest, mine, make, size)

    def knows(self, key: Key) -> bool:
        """Whether the value of `key` is stored; does not count as a use."""
        return digest_of(key) in self._entries

    def clear(self) -> None:
        """Forget all entries."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def _made(self, digest: bytes, mine: _Rendering, make: Callable[[], T], size: Callable[[T], int]) -> T:
        try:
            value = make()
            mine.result = (value,)
            self._store(digest, value, size(value) + ENTRY_OVERHEAD)
            return value
        finally:
            with self._lock:
                if self._renderings.get(digest) is mine:
                    del self._renderings[digest]
            mine.ended.set()

    def _store(self, digest: bytes, value: object, size: int) -> None:
        with self._lock:
            self._bytes -= self._entries.pop(digest, (None, 0))[1]
            if size > self.max_bytes // 4:
                return
            self._entries[digest] = (value, size)
            self._bytes += size
            while self._bytes > self.max_bytes:
                self._bytes -= self._entries.popitem(last=False)[1][1]
                self.counters.evictions += 1


class TokenMarks:
    """Marks that stand for the form tokens in a cached fragment, and their replacement. Nobody can guess them, so no
    text can hold one."""

    def __init__(self) -> None:
        self.csrf, self.request_key = f"csrf-{secrets.token_hex(16)}", f"once-{secrets.token_hex(16)}"

    def filled(self, html: str, csrf_token: Callable[[], str], request_key: Callable[[], str]) -> str:
        """The fragment with the tokens of this request."""
        for mark, token in ((self.csrf, csrf_token), (self.request_key, request_key)):
            if mark in html:
                html = html.replace(mark, token())
        return html


def init_app(app: Flask) -> None:
    app.extensions[_EXTENSION] = FragmentCache(app.extensions["klimawerk"].fragment_cache_size)


def fragments() -> FragmentCache:
    """The cache of the current app."""
    cache: FragmentCache = current_app.extensions[_EXTENSION]
    return cache


def cached_template(key: Key, template: str, context: Callable[[], dict[str, object]]) -> Markup:
    """The fragment of `key`, rendered from the template where it is not known, with the tokens of this request.
    `context()`: what the template reads.

    RuntimeError if it holds the reader's own CSRF token, which a macro has taken past the marks.
    """
    cache = fragments()
    marks = cache.marks
    names: dict[str, Any] = current_app.jinja_env.globals

    def render() -> str:
        html = render_template(
            template, **context(), csrf_token=lambda: marks.csrf, request_key=lambda: marks.request_key
        )
        if g.get("csrf_token", marks.csrf) in html.replace(marks.csrf, ""):
            raise RuntimeError(f"{template} holds a reader's token")
        return html

    return Markup(marks.filled(cache.get(key, render), names["csrf_token"], names["request_key"]))  # noqa: S704


def digest_of(key: Key) -> bytes:
    """20 bytes that stand for a key; equal for equal keys alone."""
    return hashlib.blake2b(repr(key).encode(), digest_size=20).digest()


def _here() -> int:
    """The thread, or under gevent the greenlet, that asks."""
    return threading.get_ident()
