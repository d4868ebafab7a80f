"""What goes over the line is packed: brotli where the browser takes it, gzip elsewhere.

Pages are packed quickly each time; static files thoroughly, once per content, and kept in a folder over restarts.
Packed pages hold a form token, and the length of what is packed can betray what stands in it (BREACH), to whoever
makes a reader's browser fetch the same secret hundreds of times beside guesses. The token is signed anew each second,
and other sites' requests come without the cookie (SameSite=Lax).
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
QUICK = {"br": 5, "gzip": 5}


def encoding_for(accepted: Accept) -> str | None:
    """The best of "br" and "gzip" that the browser takes; None when it takes neither."""
    return next((name for name in ("br", "gzip") if accepted.quality(name) > 0), None)


def quickly(body: bytes, encoding: str) -> bytes:
    """`body` packed in a few milliseconds, for an answer that is made for one person."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=QUICK["br"], mode=brotli.MODE_TEXT))
    return gzip.compress(body, QUICK["gzip"], mtime=0)


def thoroughly(body: bytes, encoding: str) -> bytes:
    """`body` as small as it gets; a megabyte takes seconds."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=11))
    return gzip.compress(body, 9, mtime=0)


class Shelf:
    """Packed bodies by their content, in memory and in `folder`, which several processes may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str], bytes] = {}

    def packed(self, body: bytes, encoding: str) -> bytes:
        """`body` packed thoroughly. Without a writable folder it is packed once per process."""
        key = (hashlib.sha256(body).hexdigest()[:32], encoding)
        if key not in self._known:
            file = self._folder / ".".join(key)
            self._known[key] = _kept(file) or self._make(file, body, encoding)
        return self._known[key]

    def _make(self, file: Path, body: bytes, encoding: str) -> bytes:
        made = thoroughly(body, encoding)
        try:
            self._folder.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "wb") as unfinished:
                unfinished.write(made)
            os.replace(name, file)  # another process never sees half a file
        except OSError as problem:
            log.info("packed static files are kept in memory only: %s", problem)
        return made


def _kept(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
