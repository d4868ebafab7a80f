"""Background task that deletes expired sessions, counted attempts and known browsers once an hour."""

from __future__ import annotations

import logging
import time

from flask import Flask

from klimawerk.accounts import attempts, known_browsers, sessions

log = logging.getLogger(__name__)
CLEANUP_INTERVAL = 3_600.0  # seconds


def start_cleanup(app: Flask) -> None:
    """Start the background task: once an hour, beginning an hour from now."""
    app.extensions["live"].server.start_background_task(_run, app)


def clean_up() -> None:
    """Delete expired sessions, old attempts and old known browsers now."""
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
