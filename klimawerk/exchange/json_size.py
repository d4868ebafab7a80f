"""How large a JSON file would become: its values are counted while it is read in pieces, and nothing of it is built.

20 MB of `{}` are seven million objects, half a gigabyte. A parser that works in events (ijson) would count them too,
with a Python object for each; here the C loops of `bytes` do it, in a tenth of a second.
"""

from __future__ import annotations

from typing import IO

from flask_babel import lazy_gettext as _

from klimawerk.exchange.import_problems import ImportRefused

MAX_VALUES = 1_500_000
"""Values and keys in one file. The largest programme allowed has a third of that, with a version of each item."""

CHUNK_SIZE = 256_000  # bytes


def check_size(file: IO[bytes], max_bytes: int) -> None:
    """Raises Refused for a file of more than `max_bytes`, or of more than MAX_VALUES values and keys."""
    size = values = 0
    strings = _Strings()
    while piece := file.read(CHUNK_SIZE):
        size += len(piece)
        if size > max_bytes:
            raise ImportRefused(_("The file is larger than %(size)s MB.", size=max_bytes // 1_000_000))
        outside = strings.outside(piece)
        values += sum(outside.count(sign) for sign in (b",", b":", b"[", b"{"))
        if values > MAX_VALUES:
            raise ImportRefused(_("The file holds more than %(most)s values.", most=f"{MAX_VALUES:,}"))


class _Strings:
    """Leaves out what stands between quotation marks, over the borders of pieces."""

    def __init__(self) -> None:
        self._inside = False
        self._rest = b""

    def outside(self, piece: bytes) -> bytes:
        """What of the next piece stands in no string."""
        piece = self._rest + piece
        slashes = len(piece) - len(piece.rstrip(b"\\"))
        cut = len(piece) - slashes % 2  # half an escape waits for its other half
        piece, self._rest = piece[:cut], piece[cut:]
        parts = piece.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        found = b"".join(parts[1 if self._inside else 0 :: 2])
        self._inside ^= len(parts) % 2 == 0
        return found
