"""Deletes what accounts keep for a time only, once an hour, whether anybody comes or not."""

from __future__ import annotations

import logging
import time

from flask import Flask

from klimawerk.accounts import attempts, known_browsers, sessions
from klimawerk.extensions import socketio

log = logging.getLogger(__name__)
CLEANUP_INTERVAL = 3_600.0  # seconds


def start_cleanup(app: Flask) -> None:
    """From now on, in the background: sessions that ended, counted attempts of yesterday, browsers of last year."""
    socketio.start_background_task(_run, app)


def clean_up() -> None:
    """Once."""
    sessions.purge()
    attempts.delete_old_attempts()
    known_browsers.delete_old_browsers()


def _run(app: Flask) -> None:
    while True:
        time.sleep(CLEANUP_INTERVAL)
        try:
            with app.app_context():
                clean_up()
        except Exception:
            log.exception("what has expired could not be deleted; it is tried again in an hour")
