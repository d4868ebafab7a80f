"""Size check of JSON files: counts values while the file is read in chunks, without building any object.

20 MB of `{}` are seven million objects, half a gigabyte. An event-based parser (ijson) would count them too, with a
Python object for each; here the C loops of `bytes` do it, in a tenth of a second.
"""

from __future__ import annotations

from typing import IO

from flask_babel import lazy_gettext as _

from klimawerk.exchange.import_problems import ImportRefused

MAX_VALUES = 1_500_000
"""Values and keys in one file. The largest allowed programme, with a version of each item, has a third of that."""

CHUNK_SIZE = 256_000  # bytes


def check_size(file: IO[bytes], max_bytes: int) -> None:
    """Raises ImportRefused for a file of more than `max_bytes`, or of more than MAX_VALUES values and keys."""
    size = values = 0
    strings = _Strings()
    while chunk := file.read(CHUNK_SIZE):
        size += len(chunk)
        if size > max_bytes:
            raise ImportRefused(_("The file is larger than %(size)s MB.", size=max_bytes // 1_000_000))
        outside = strings.outside(chunk)
        values += sum(outside.count(sign) for sign in (b",", b":", b"[", b"{"))
        if values > MAX_VALUES:
            raise ImportRefused(_("The file holds more than %(most)s values.", most=f"{MAX_VALUES:,}"))


class _Strings:
    """Removes the content of strings, across chunk boundaries."""

    def __init__(self) -> None:
        self._inside = False
        self._rest = b""

    def outside(self, chunk: bytes) -> bytes:
        """The bytes of the next chunk that are outside of strings."""
        chunk = self._rest + chunk
        backslashes = len(chunk) - len(chunk.rstrip(b"\\"))
        cut = len(chunk) - backslashes % 2  # half an escape waits for the next chunk
        chunk, self._rest = chunk[:cut], chunk[cut:]
        parts = chunk.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        outside = b"".join(parts[1 if self._inside else 0 :: 2])
        self._inside ^= len(parts) % 2 == 0
        return outside
