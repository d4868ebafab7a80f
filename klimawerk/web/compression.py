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
from collections.abc import Callable
from pathlib import Path

import brotli
from werkzeug.datastructures import Accept

log = logging.getLogger(__name__)
QUICK_LEVEL = {"br": 7, "gzip": 5}


def encoding_for(accepted: Accept) -> str | None:
    """The best of "br" and "gzip" that the browser takes; None when it takes neither."""
    return next((name for name in ("br", "gzip") if accepted.quality(name) > 0), None)


def compress_quickly(body: bytes, encoding: str) -> bytes:
    """`body` packed in a few milliseconds, for an answer that is made for one person."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=QUICK_LEVEL["br"], mode=brotli.MODE_TEXT))
    return gzip.compress(body, QUICK_LEVEL["gzip"], mtime=0)


def compress_fully(body: bytes, encoding: str) -> bytes:
    """`body` as small as it gets; a megabyte takes seconds."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=11))
    return gzip.compress(body, 9, mtime=0)


class CompressedCache:
    """What was made of files, by their content, in memory and in `folder`, which several processes may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str], bytes] = {}

    def packed(self, body: bytes, encoding: str) -> bytes:
        """`body` packed thoroughly. Without a writable folder that is done once per process."""
        return self.kept(body, encoding, lambda body: compress_fully(body, encoding))

    def kept(self, body: bytes, kind: str, make: Callable[[bytes], bytes]) -> bytes:
        """What `make` makes of `body`, made once; `kind` names what it makes."""
        key = (hashlib.sha256(body).hexdigest()[:32], kind)
        if key not in self._known:
            file = self._folder / ".".join(key)
            self._known[key] = _read(file) or self._write(file, make(body))
        return self._known[key]

    def _write(self, file: Path, made: bytes) -> bytes:
        try:
            self._folder.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "wb") as unfinished:
                unfinished.write(made)
            os.replace(name, file)  # another process never sees half a file
        except OSError as problem:
            log.info("packed static files are kept in memory only: %s", problem)
        return made


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
