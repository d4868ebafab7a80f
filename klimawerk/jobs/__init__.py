"""Work that takes longer than a request may: queued, computed beside the server, stored by it. See README.md."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

log = logging.getLogger(__name__)
SWEEP_EVERY = 20.0  # seconds


def init_app(app: Flask) -> None:
    """Look after the jobs once a second, from when this process serves."""
    from klimawerk.extensions import socketio
    from klimawerk.jobs import service

    swept = float("-inf")

    def spawn(work: Callable[[], None]) -> Any:
        return socketio.server.start_background_task(_in_app, app, work)

    def look() -> None:
        nonlocal swept
        service.process_jobs(spawn)
        if time.monotonic() - swept >= SWEEP_EVERY:
            swept = time.monotonic()
            service.clean_up()

    app.extensions["live"].background.each_second(look)


def _in_app(app: Flask, work: Callable[[], None]) -> None:
    try:
        with app.app_context():
            work()
    except Exception:
        log.exception("a job could not be stored; it is tried again")
