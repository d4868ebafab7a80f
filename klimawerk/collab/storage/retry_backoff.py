"""Exponential backoff per document: a document that cannot be projected or compacted is tried again after twice the
pause each time, so it neither holds up the others nor fills the log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

FIRST_PAUSE, MAX_PAUSE = 15.0, 3_600.0  # seconds


@dataclass
class RetryBackoff:
    """Pauses by the names of documents, in this process."""

    _until: dict[str, tuple[float, float]] = field(default_factory=dict)  # name: (moment, pause)

    def is_waiting(self, name: str) -> bool:
        """Whether it is too early to try again."""
        return self._until.get(name, (0.0, 0.0))[0] > time.monotonic()

    def failed(self, name: str) -> float:
        """Note a failure. Returns the pause in seconds until the next try."""
        pause = min(MAX_PAUSE, 2 * self._until.get(name, (0.0, FIRST_PAUSE / 2))[1])
        self._until[name] = time.monotonic() + pause, pause
        return pause

    def succeeded(self, name: str) -> None:
        """Forget earlier failures."""
        self._until.pop(name, None)
