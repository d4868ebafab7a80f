"""How fast one socket may talk, and how much one person may ask for on all of theirs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 40.0, 200.0
BYTES_A_SECOND, BYTES_AT_ONCE = 25_600.0, 4_000_000.0
"""At once: room for the first sync after long work offline."""

PAGES_AT_ONCE = 60  # of one person
MAX_PAGES = 2_500  # of all people, in this process
MAX_CARETS = 20  # of one page, which has one caret and remembers where others were left
PAGES_A_SECOND, PAGES_IN_A_ROW = 2.0, 120.0
PERSONAL_MESSAGES_A_SECOND, PERSONAL_MESSAGES_AT_ONCE = 120.0, 1_200.0
GIVEN_A_SECOND, GIVEN_AT_ONCE = 1_000_000.0, 40_000_000.0  # bytes of documents
EFFORT_A_SECOND, EFFORT_AT_ONCE = 500_000.0, 10_000_000.0  # steps of merging, each about a tenth of a microsecond


@dataclass
class TokenBucket:
    """Tokens that refill with time: `rate` a second, never more than `size`."""

    rate: float
    size: float
    level: float = -1.0
    at: float = field(default_factory=time.monotonic)

    def take(self, amount: float) -> bool:
        """Take `amount` if it is there. False takes nothing. More than fits is given when the bucket is full."""
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
        self._messages = TokenBucket(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        self._bytes = TokenBucket(BYTES_A_SECOND, BYTES_AT_ONCE)

    def allows(self, size: int, weight: float = 1.0) -> bool:
        """Whether one more message of `size` bytes, counting as `weight` ordinary ones, may be handled now."""
        return self._messages.take(weight) and self._bytes.take(size)


class PersonQuota:
    """What all pages of one person share: one with many sockets is no better off than one with a few."""

    def __init__(self) -> None:
        self.pages = TokenBucket(PAGES_A_SECOND, PAGES_IN_A_ROW)
        self.messages = TokenBucket(PERSONAL_MESSAGES_A_SECOND, PERSONAL_MESSAGES_AT_ONCE)
        self.given = TokenBucket(GIVEN_A_SECOND, GIVEN_AT_ONCE)
        self.effort = TokenBucket(EFFORT_A_SECOND, EFFORT_AT_ONCE)
