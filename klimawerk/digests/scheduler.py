"""Built-in scheduler: a round every minute in each process of the server. The process that claims a mail sends it."""

from __future__ import annotations

import logging
import time

from flask import Flask

from klimawerk import pycrdt_errors
from klimawerk.database import WRITE_FAILURES, yield_if_due
from klimawerk.digests import sending
from klimawerk.extensions import db

log = logging.getLogger(__name__)
FIRST, EVERY = 2, 60  # seconds


def start_scheduler(app: Flask) -> None:
    """Start, unless the operator uses `flask digest send`, or there is no mail server."""
    config = app.extensions["klimawerk"]
    if config.digests and config.smtp_url:
        app.extensions["live"].server.start_background_task(_run, app)


def _run(app: Flask) -> None:
    time.sleep(FIRST)
    while True:
        _run_once(app)
        time.sleep(EVERY)


def _run_once(app: Flask) -> None:
    """One round; a failure is logged, and the next round follows."""
    try:
        with pycrdt_errors.panics_as_exceptions(), app.app_context():
            try:
                sending.send_due(yield_if_due=yield_if_due)
            finally:
                db.session.remove()
    except WRITE_FAILURES as error:
        log.error("digests wait for the database: %s", type(error).__name__)
    except Exception:
        log.exception("a round of digests failed")
