"""Deletes what accounts keep for a time only, once an hour, whether anybody comes or not."""

from __future__ import annotations

import logging
import time

from flask import Flask

from klimawerk.accounts import attempts, known_browsers, sessions
from klimawerk.extensions import socketio

log = logging.getLogger(__name__)
EVERY = 3_600.0  # seconds


def start(app: Flask) -> None:
    """From now on, in the background: sessions that ended, counted attempts of yesterday, browsers of last year."""
    socketio.start_background_task(_go_on, app)


def sweep() -> None:
    """Once."""
    sessions.purge()
    attempts.sweep()
    known_browsers.sweep()


def _go_on(app: Flask) -> None:
    while True:
        time.sleep(EVERY)
        try:
            with app.app_context():
                sweep()
        except Exception:
            log.exception("what has expired could not be deleted; it is tried again in an hour")
