"""What failed lately and is tried again later: each time after twice the pause, so that one document that cannot be
projected neither holds up the others nor fills the log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

FIRST, LONGEST = 15.0, 3_600.0  # seconds


@dataclass
class RetryBackoff:
    """By the names of documents, in this process."""

    _until: dict[str, tuple[float, float]] = field(default_factory=dict)  # name: (moment, pause)

    def waits(self, name: str) -> bool:
        """Whether it is too early to try again."""
        return self._until.get(name, (0.0, 0.0))[0] > time.monotonic()

    def failed(self, name: str) -> float:
        """The pause in seconds until the next try."""
        pause = min(LONGEST, 2 * self._until.get(name, (0.0, FIRST / 2))[1])
        self._until[name] = time.monotonic() + pause, pause
        return pause

    def over(self, name: str) -> None:
        """It went well."""
        self._until.pop(name, None)
