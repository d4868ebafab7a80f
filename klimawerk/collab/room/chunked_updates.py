"""Buffers for updates that are sent in parts, until the last part has arrived: bounded per socket, person and process.

A part that does not continue a buffer is refused with `resync`, so that no client takes the answer to its last part for
an acknowledgement after the buffer was dropped.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from klimawerk.live import events
from klimawerk.live.handlers import EventRefused

MAX_UPDATE_BYTES = 1_000_000  # bytes of all parts of one update
MAX_CHUNKS = 64  # parts of one update
MAX_BUFFERS_PER_SOCKET = 8  # unfinished updates
MAX_BYTES_PER_PERSON = 2_000_000  # bytes over all sockets of one person
MAX_BYTES_TOTAL = 32_000_000  # bytes in this process
MAX_AGE = 120.0  # seconds after which an unfinished update is dropped

ChunkKey = tuple[str, str, str]


@dataclass
class ChunkBuffer:
    """The parts of one unfinished update so far. `first`: the number of its first part, 0 or 1."""

    person_id: int
    of: int
    first: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    at: float = field(default_factory=time.monotonic)


class ChunkBuffers:
    """Unfinished updates by socket, document and the client's own id. Parts come in order, from 0 or from 1."""

    def __init__(self) -> None:
        self._buffers: dict[ChunkKey, ChunkBuffer] = {}

    @property
    def size(self) -> int:
        """Bytes of all unfinished updates in this process."""
        return sum(buffer.size for buffer in list(self._buffers.values()))

    def add(self, key: ChunkKey, person_id: int, part: int, of: int, data: bytes) -> bytes | None:
        """The whole update with its last part, None before; `key`: (socket, document, id).

        Raises EventRefused: invalid, too_large, rate (the person has too much unfinished), resync (the parts before are
        missing).
        """
        if not 0 < of <= MAX_CHUNKS or not 0 <= part <= of:
            raise EventRefused(events.INVALID)
        if part == 0 or (part == 1 and key not in self._buffers):
            self._begin(key, person_id, part, of)
        try:
            buffer = self._continue(key, part, of, data)
        except EventRefused:
            self._buffers.pop(key, None)
            raise
        if len(buffer.parts) < of:
            return None
        self._buffers.pop(key, None)
        return b"".join(buffer.parts)

    def drop(self, sid: str, doc: str | None = None) -> None:
        """Drop unfinished updates of the socket, in all documents or in one."""
        for key in [key for key in list(self._buffers) if key[0] == sid and doc in (None, key[1])]:
            self._buffers.pop(key, None)

    def drop_expired(self) -> None:
        """Drop unfinished updates that were begun more than MAX_AGE seconds ago."""
        limit = time.monotonic() - MAX_AGE
        for key in [key for key, buffer in list(self._buffers.items()) if buffer.at < limit]:
            self._buffers.pop(key, None)

    def _begin(self, key: ChunkKey, person_id: int, part: int, of: int) -> None:
        self._buffers.pop(key, None)
        if sum(1 for other in list(self._buffers) if other[0] == key[0]) >= MAX_BUFFERS_PER_SOCKET:
            raise EventRefused(events.RATE)
        self._buffers[key] = ChunkBuffer(person_id, of, part)

    def _continue(self, key: ChunkKey, part: int, of: int, data: bytes) -> ChunkBuffer:
        buffer = self._buffers.get(key)
        if buffer is None or part != buffer.first + len(buffer.parts):
            raise EventRefused(events.RESYNC)
        if buffer.of != of:
            raise EventRefused(events.INVALID)
        if buffer.size + len(data) > MAX_UPDATE_BYTES:
            raise EventRefused(events.TOO_LARGE)
        person_bytes = sum(other.size for other in list(self._buffers.values()) if other.person_id == buffer.person_id)
        if person_bytes + len(data) > MAX_BYTES_PER_PERSON:
            raise EventRefused(events.RATE)
        buffer.parts.append(data)
        buffer.size += len(data)
        self._enforce_total_limit(key)
        return buffer

    def _enforce_total_limit(self, latest: ChunkKey) -> None:
        """While the process holds more than MAX_BYTES_TOTAL, drop the oldest update of the person who has most."""
        while self.size > MAX_BYTES_TOTAL:
            sizes: dict[int, int] = defaultdict(int)
            for buffer in list(self._buffers.values()):
                sizes[buffer.person_id] += buffer.size
            largest = max(sizes, key=lambda person: sizes[person])
            candidates = [
                key for key, buffer in list(self._buffers.items()) if buffer.person_id == largest and key != latest
            ]
            if not candidates:
                return
            self._buffers.pop(candidates[0], None)
