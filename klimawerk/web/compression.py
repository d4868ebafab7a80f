"""Response compression: brotli where the browser accepts it, gzip elsewhere.

Pages are compressed quickly for each response; static files with the highest level, once per content, in a cache folder
that outlasts restarts. Compressed pages hold a form token. The length of a compressed response can reveal a secret in
it (BREACH) to an attacker who makes the user's browser fetch the same secret hundreds of times beside guesses. The
token is signed again each second, and requests of other sites come without the cookie (SameSite=Lax).
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import tempfile
from pathlib import Path

import brotli
from werkzeug.datastructures import Accept

log = logging.getLogger(__name__)
QUICK_LEVEL = {"br": 6, "gzip": 5}
"""Brotli's next level takes four times as long for the forms of a sheet, and saves 0.2 %."""


def encoding_for(accepted: Accept) -> str | None:
    """The better of "br" and "gzip" that the browser accepts; None when it accepts neither."""
    return next((name for name in ("br", "gzip") if accepted.quality(name) > 0), None)


def compress_quickly(body: bytes, encoding: str) -> bytes:
    """`body` compressed in a few milliseconds, for a response made for one user."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=QUICK_LEVEL["br"], mode=brotli.MODE_TEXT))
    return gzip.compress(body, QUICK_LEVEL["gzip"], mtime=0)


def compress_fully(body: bytes, encoding: str) -> bytes:
    """`body` compressed with the highest level; a megabyte takes seconds."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=11))
    return gzip.compress(body, 9, mtime=0)


class CompressedCache:
    """Compressed static files by content hash, in memory and in `folder`, which processes may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str], bytes] = {}

    def packed(self, body: bytes, encoding: str) -> bytes:
        """`body` compressed with the highest level. Without a writable folder each process does it once."""
        key = (hashlib.sha256(body).hexdigest()[:32], encoding)
        if key not in self._known:
            file = self._folder / ".".join(key)
            self._known[key] = _read(file) or self._write(file, compress_fully(body, encoding))
        return self._known[key]

    def _write(self, file: Path, made: bytes) -> bytes:
        try:
            self._folder.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "wb") as unfinished:
                unfinished.write(made)
            os.replace(name, file)  # atomic: another process never reads a partial file
        except OSError as problem:
            log.info("packed static files are kept in memory only: %s", problem)
        return made


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
