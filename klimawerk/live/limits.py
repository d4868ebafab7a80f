"""How fast one socket may talk."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 40.0, 200.0
BYTES_A_SECOND, BYTES_AT_ONCE = 25_600.0, 4_000_000.0
"""At once: room for the first sync after long work offline."""


@dataclass
class Bucket:
    """Tokens that refill with time: `rate` a second, never more than `size`."""

    rate: float
    size: float
    level: float = -1.0
    at: float = field(default_factory=time.monotonic)

    def take(self, amount: float) -> bool:
        """Take `amount` if it is there. False takes nothing."""
        now = time.monotonic()
        level = self.size if self.level < 0 else self.level
        level = min(self.size, level + (now - self.at) * self.rate)
        self.at = now
        self.level = level - amount if level >= amount else level
        return level >= amount


class Pace:
    """The two limits of a socket: messages and bytes."""

    def __init__(self) -> None:
        self._messages = Bucket(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        self._bytes = Bucket(BYTES_A_SECOND, BYTES_AT_ONCE)

    def allows(self, size: int) -> bool:
        """Whether one more message of `size` bytes may be handled now."""
        return self._messages.take(1) and self._bytes.take(size)
