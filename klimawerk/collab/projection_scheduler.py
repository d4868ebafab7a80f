"""When documents are projected: soon after the last word, and not all at once where a hundred are written in."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

from flask import Flask

from klimawerk import pycrdt_errors
from klimawerk.collab import document_store, projection
from klimawerk.collab.retry_backoff import RetryBackoff
from klimawerk.collab.room import Room

log = logging.getLogger(__name__)
QUIET_SECONDS = 2.0  # seconds without a change
MAX_DELAY = 5.0, 10.0  # seconds after the first change; drawn anew each time, since many begin to write together
YIELD_SECONDS = 0.02  # seconds for everybody else, between two documents: each takes some milliseconds


class ProjectionScheduler:
    """What waits is projected in a thread (or greenlet) that ends with its work: whoever types, and whatever else is
    done once a second, goes on meanwhile."""

    def __init__(self, app: Flask, spawn: Callable[[Callable[[], None]], object]) -> None:
        self._app, self._spawn = app, spawn
        self._latest: dict[Room, float] = {}
        self.setbacks = RetryBackoff()
        self._at_work = False

    def __contains__(self, room: Room) -> bool:
        return room in self._latest

    def note(self, room: Room) -> None:
        """Something was stored that is not projected."""
        if room not in self._latest:
            self._latest[room] = time.monotonic() + random.uniform(*MAX_DELAY)  # noqa: S311

    def look(self) -> None:
        """Begin with what is due, unless that is being done."""
        if not self._at_work and (due := self._due()):
            self._at_work = True
            self._spawn(lambda: self._work(due))

    def _due(self) -> list[Room]:
        moment, waiting = time.monotonic(), list(self._latest.items())
        waiting.sort(key=lambda item: item[1])
        due = [room for room, latest in waiting if moment >= latest or moment - room.changed_at >= QUIET_SECONDS]
        return [room for room in due if not self.setbacks.waits(room.name)]

    def _work(self, due: list[Room]) -> None:
        try:
            for room in due:
                self._latest.pop(room, None)  # what is stored from now on is noted anew
                self._project(room)
                time.sleep(YIELD_SECONDS)
        finally:
            self._at_work = False

    def _project(self, room: Room) -> None:
        try:
            with pycrdt_errors.panics_as_exceptions(), self._app.app_context():
                projection.project_now(room.name)
            self.setbacks.over(room.name)
        except document_store.NoDocument:
            pass
        except Exception:
            pause = self.setbacks.failed(room.name)
            self._latest[room] = time.monotonic() + pause
            log.exception("%s could not be projected; the next try is in %.0f s", room.name, pause)
