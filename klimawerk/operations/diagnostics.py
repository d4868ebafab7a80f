"""How much a process holds, as one line in its log, whenever its operator asks with the signal USR1.

A signal reaches it from its own machine alone, and only from root or its own user; no page and no door shows the line.
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
    """How long this process kept everybody waiting at worst: a greenlet that wants to run four times a second."""

    def __init__(self) -> None:
        self._worst = 0.0
        gevent.spawn(self._beat)

    def worst(self) -> int:
        """Milliseconds, since it was asked for last."""
        worst, self._worst = self._worst, 0.0
        return round(1_000 * worst)

    def _beat(self) -> None:
        while True:
            due = time.monotonic() + LAG_INTERVAL
            gevent.sleep(LAG_INTERVAL)
            self._worst = max(self._worst, time.monotonic() - due)


def handle_signals(app: Flask) -> None:
    """From now on the signal USR1 makes this process (a gevent worker) write its counts."""
    app.extensions["pulse"] = LoopLag()
    gevent.signal_handler(signal.SIGUSR1, _write, app)


def process_counts(app: Flask) -> dict[str, int]:
    """`rooms`: open documents, `members` those in them; `pages`: signed-in connections; `sockets`: those and others,
    `unfinished`: bytes of updates whose last part has not come; `half`: connections whose request has not come whole;
    `objects`: of Python since the start; `memory` in kB, and what is in use of the library's `heap` in it, where
    that can tell (the rest is kept for what comes); `log`: updates of all documents not yet folded; `stall`: how long
    it kept everybody waiting at worst since the last counts, in milliseconds."""
    live, rooms = app.extensions["live"], app.extensions["collab"].rooms.all()
    with app.app_context():
        rows = db.session.scalar(select(func.count()).select_from(Update)) or 0
    things = gc.get_objects()
    return {
        "rooms": len(rooms),
        "members": sum(len(room.members) for room in rooms),
        "pages": len(live.pages.all()),
        "sockets": len(live.server.eio.sockets),
        "unfinished": app.extensions["collab"].parts.size,
        "half": len(app.extensions["connections"].half) if "connections" in app.extensions else 0,
        "greenlets": sum(issubclass(type(thing), greenlet) and not thing.dead for thing in things),
        "objects": len(things),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "memory": memory.resident_kb(),
        "heap": memory.heap_in_use(),
        "log": rows,
        "stall": app.extensions["pulse"].worst() if "pulse" in app.extensions else 0,
    }


def _write(app: Flask) -> None:
    """A warning, so that it is written whatever the level of the log is."""
    try:
        log.warning("counts %s", json.dumps(process_counts(app)))
    except Exception:
        log.exception("the counts could not be taken")
