"""Health of the database: whether it accepts writes. All pages are notified when it stops and when it starts again."""

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
PROBE_TOPIC = "storage"  # a topic that no page watches
SUCCESSES_NEEDED = 2  # successful probes in a row; a nearly full disk accepts a small write now and then
PROBE_INTERVAL = 0.25  # seconds between two probes


class DatabaseHealth:
    """State of an app's database as this process knows it (`able`), and the probes while it accepts nothing.

    `on_failure`: listeners of this app, called at each failed write.
    """

    def __init__(self, app: Flask, server: Any, background: BackgroundRunner) -> None:
        self._app, self._server, self._background = app, server, background
        self.able = True
        self.on_failure: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def failed(self) -> None:
        """A write has failed. Cheap, and safe to call from anywhere."""
        for listener in self.on_failure:
            listener()
        with self._lock:
            if not self.able or not self._background.running:
                return
            self.able = False
        log.error("the database takes nothing; everybody is told, and it is tried again all the time")
        self._background.soon(self._send_status)
        self._server.start_background_task(self._probe)

    def notify_new_page(self, sid: str) -> None:
        """Tell a page that connects while nothing can be stored."""
        if not self.able:
            self._server.emit(events.STORING, {"able": False}, to=sid)

    def _probe(self) -> None:
        succeeded = 0
        while succeeded < SUCCESSES_NEEDED and self._background.running:
            time.sleep(PROBE_INTERVAL)
            with self._app.app_context():
                succeeded = succeeded + 1 if _accepts_writes() else 0
        self.able = True
        log.warning("the database takes everything again")
        self._send_status()

    def _send_status(self) -> None:
        self._server.emit(events.STORING, {"able": self.able})


def _accepts_writes() -> bool:
    try:
        with writing():
            changes.note(PROBE_TOPIC)
    except Exception:  # any error: it is probed again
        return False
    return True
