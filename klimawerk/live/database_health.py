"""Whether the database takes anything. Once it does not, everybody is told, and told again when it does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

from klimawerk.database import writing
from klimawerk.live import changes, events
from klimawerk.live.background import BackgroundRunner

log = logging.getLogger(__name__)
PROBE_TOPIC = "storage"  # a topic that nobody watches
SUCCESSES_NEEDED = 2  # tries in a row that have to succeed: a nearly full disk takes a little now and then
PROBE_INTERVAL = 0.25  # seconds between two of them


class DatabaseHealth:
    """One per process. `able`: as far as we know."""

    def __init__(self, app: Flask, server: Any, keeper: BackgroundRunner) -> None:
        self._app, self._server, self._keeper = app, server, keeper
        self.able = True
        self.on_failure: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def failed(self) -> None:
        """Something could not be stored. Cheap, and safe to call from anywhere."""
        for listener in self.on_failure:
            listener()
        with self._lock:
            if not self.able or not self._keeper.running:
                return
            self.able = False
        log.error("the database takes nothing; everybody is told, and it is tried again all the time")
        self._keeper.soon(self._tell)
        self._server.start_background_task(self._try)

    def greet(self, sid: str) -> None:
        """A page that comes while nothing can be stored is told at once."""
        if not self.able:
            self._server.emit(events.STORING, {"able": False}, to=sid)

    def _try(self) -> None:
        succeeded = 0
        while succeeded < SUCCESSES_NEEDED and self._keeper.running:
            time.sleep(PROBE_INTERVAL)
            with self._app.app_context():
                succeeded = succeeded + 1 if _accepts_writes() else 0
        self.able = True
        log.warning("the database takes everything again")
        self._tell()

    def _tell(self) -> None:
        self._server.emit(events.STORING, {"able": self.able})


def _accepts_writes() -> bool:
    try:
        with writing():
            changes.note(PROBE_TOPIC)
    except Exception:  # whatever it is, it is tried again
        return False
    return True
