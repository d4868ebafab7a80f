"""Rate limits (token buckets) per socket, and per person over all of their sockets. Rates are per second."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MESSAGE_RATE, MESSAGE_BURST = 40.0, 200.0
BYTE_RATE, BYTE_BURST = 25_600.0, 4_000_000.0
"""At once: room for the first sync after long work offline."""

MAX_PAGES_OF_PERSON = 60  # open at the same time, of one person
MAX_PAGES = 2_500  # open at the same time in this process
MAX_CARETS = 20  # of one page; it has one caret and remembers those it left in other texts
PAGE_RATE, PAGE_BURST = 2.0, 120.0
PERSON_MESSAGE_RATE, PERSON_MESSAGE_BURST = 120.0, 1_200.0
DOWNLOAD_RATE, DOWNLOAD_BURST = 1_000_000.0, 40_000_000.0  # bytes of documents
MERGE_COST_RATE, MERGE_COST_BURST = 500_000.0, 10_000_000.0  # steps of merging of 0.1 microseconds each


@dataclass
class TokenBucket:
    """Tokens that refill with time: `rate` a second, never more than `size`."""

    rate: float
    size: float
    level: float = -1.0
    at: float = field(default_factory=time.monotonic)

    def take(self, amount: float) -> bool:
        """Take `amount` if there is enough; False takes nothing. An amount above `size` is granted when the bucket is
        full."""
        now = time.monotonic()
        level = self.size if self.level < 0 else self.level
        level = min(self.size, level + (now - self.at) * self.rate)
        self.at = now
        enough = level >= min(amount, self.size)
        self.level = max(0.0, level - amount) if enough else level
        return enough


class SocketRate:
    """The two limits of a socket: messages and bytes."""

    def __init__(self) -> None:
        self._messages = TokenBucket(MESSAGE_RATE, MESSAGE_BURST)
        self._bytes = TokenBucket(BYTE_RATE, BYTE_BURST)

    def allows(self, size: int, cost: float = 1.0) -> bool:
        """Whether one more message of `size` bytes, counting as `cost` ordinary ones, may be handled now."""
        return self._messages.take(cost) and self._bytes.take(size)


class PersonQuota:
    """Limits that all pages of one person share, so that many sockets give no advantage."""

    def __init__(self) -> None:
        self.pages = TokenBucket(PAGE_RATE, PAGE_BURST)
        self.messages = TokenBucket(PERSON_MESSAGE_RATE, PERSON_MESSAGE_BURST)
        self.downloads = TokenBucket(DOWNLOAD_RATE, DOWNLOAD_BURST)
        self.merge_cost = TokenBucket(MERGE_COST_RATE, MERGE_COST_BURST)
