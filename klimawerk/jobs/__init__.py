"""Background jobs: work that takes longer than a request may, computed beside the server and stored by it.

See README.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

log = logging.getLogger(__name__)
CLEAN_UP_EVERY = 20.0  # seconds


def init_app(app: Flask) -> None:
    """Process the jobs once a second, from the moment this process serves requests."""
    from klimawerk.jobs import service

    live = app.extensions["live"]
    cleaned_up_at = float("-inf")

    def spawn(work: Callable[[], None]) -> Any:
        return live.server.start_background_task(_in_app, app, work)

    def process() -> None:
        nonlocal cleaned_up_at
        service.process_jobs(spawn)
        if time.monotonic() - cleaned_up_at >= CLEAN_UP_EVERY:
            cleaned_up_at = time.monotonic()
            service.clean_up()

    live.background.each_second(process)


def _in_app(app: Flask, work: Callable[[], None]) -> None:
    try:
        with app.app_context():
            work()
    except Exception:
        log.exception("a job could not be stored; it is tried again")
