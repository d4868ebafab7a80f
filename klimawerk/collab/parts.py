"""Updates that come in parts, until the last one is there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from klimawerk.live import events
from klimawerk.live.doors import Refused

LARGEST = 1_000_000  # bytes of all parts together
MOST = 64
AGE = 120.0  # seconds after which an unfinished one is forgotten


@dataclass
class _Heap:
    of: int
    parts: dict[int, bytes] = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)


class Parts:
    """Unfinished updates by socket, document and the client's own id. Parts may be counted from 0 or from 1."""

    def __init__(self) -> None:
        self._heaps: dict[tuple[str, str, str], _Heap] = {}

    def add(self, sid: str, doc: str, id_: str, part: int, of: int, data: bytes) -> bytes | None:
        """The whole update with its last part, None before. Raises Refused: invalid, too_large."""
        if not 0 < of <= MOST or not 0 <= part <= of:
            raise Refused(events.INVALID)
        key = (sid, doc, id_)
        heap = self._heaps.setdefault(key, _Heap(of))
        heap.parts[part] = data
        if heap.of != of or sum(map(len, heap.parts.values())) > LARGEST or self._many(sid):
            del self._heaps[key]
            raise Refused(events.TOO_LARGE if heap.of == of else events.INVALID)
        if len(heap.parts) < of:
            return None
        del self._heaps[key]
        return b"".join(heap.parts[number] for number in sorted(heap.parts))

    def _many(self, sid: str) -> bool:
        return sum(1 for key in self._heaps if key[0] == sid) > 8

    def forget(self, sid: str) -> None:
        for key in [key for key in list(self._heaps) if key[0] == sid]:
            self._heaps.pop(key, None)

    def tidy(self) -> None:
        limit = time.monotonic() - AGE
        for key in [key for key, heap in list(self._heaps.items()) if heap.at < limit]:
            self._heaps.pop(key, None)
