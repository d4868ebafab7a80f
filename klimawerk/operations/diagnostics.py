"""Diagnostics of a process: counts and memory, written as one line to its log on the signal USR1.

Signals can only be sent on the same machine, by root or the process's own user; no page or route shows the counts.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import threading
import time

import gevent
from flask import Flask
from greenlet import greenlet
from sqlalchemy import func, select

from klimawerk.collab.models import Update
from klimawerk.extensions import db
from klimawerk.operations import memory

log = logging.getLogger(__name__)
LAG_INTERVAL = 0.25  # seconds


class LoopLag:
    """Longest delay of the event loop, measured by a greenlet that is due every `LAG_INTERVAL`."""

    def __init__(self) -> None:
        self._worst = 0.0
        gevent.spawn(self._measure)

    def worst(self) -> int:
        """Longest delay in milliseconds since the last call."""
        worst, self._worst = self._worst, 0.0
        return round(1_000 * worst)

    def _measure(self) -> None:
        while True:
            due = time.monotonic() + LAG_INTERVAL
            gevent.sleep(LAG_INTERVAL)
            self._worst = max(self._worst, time.monotonic() - due)


def handle_signals(app: Flask) -> None:
    """Install the handler of USR1, which writes the counts of this process (a gevent worker)."""
    app.extensions["pulse"] = LoopLag()
    gevent.signal_handler(signal.SIGUSR1, _log_counts, app)


def process_counts(app: Flask) -> dict[str, int]:
    """Counts of this process.

    `rooms`: open documents; `members`: connections in them; `pages`: signed-in connections; `sockets`: all connections;
    `unfinished`: bytes of chunked updates that are incomplete; `half`: connections with an incomplete request;
    `objects`: Python objects since the start; `memory`: resident memory in kB; `heap`: heap of the C library in use, in
    kB (0 if unknown); `log`: updates of all documents that are not compacted; `stall`: longest delay of the event loop
    since the last call, in milliseconds.
    """
    live, rooms = app.extensions["live"], app.extensions["collab"].rooms.all()
    with app.app_context():
        rows = db.session.scalar(select(func.count()).select_from(Update)) or 0
    objects = gc.get_objects()
    return {
        "rooms": len(rooms),
        "members": sum(len(room.members) for room in rooms),
        "pages": len(live.pages.all()),
        "sockets": len(live.server.eio.sockets),
        "unfinished": app.extensions["collab"].parts.size,
        "half": len(app.extensions["connections"].half) if "connections" in app.extensions else 0,
        "greenlets": sum(issubclass(type(candidate), greenlet) and not candidate.dead for candidate in objects),
        "objects": len(objects),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "memory": memory.resident_kb(),
        "heap": memory.heap_in_use(),
        "log": rows,
        "stall": app.extensions["pulse"].worst() if "pulse" in app.extensions else 0,
    }


def _log_counts(app: Flask) -> None:
    """Log the counts, as a warning, so that they are written at any usual log level."""
    try:
        log.warning("counts %s", json.dumps(process_counts(app)))
    except Exception:
        log.exception("the counts could not be taken")
