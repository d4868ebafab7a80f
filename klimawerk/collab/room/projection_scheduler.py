"""Schedules projection: soon after the last edit, spread over time where a hundred documents are edited."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

from flask import Flask

from klimawerk import pycrdt_errors
from klimawerk.collab.room.room import Room
from klimawerk.collab.storage import document_store, projection
from klimawerk.collab.storage.retry_backoff import RetryBackoff

log = logging.getLogger(__name__)
QUIET_SECONDS = 2.0  # seconds without a change
MAX_DELAY = 5.0, 10.0  # seconds after the first change; random, since many people begin to write together
YIELD_SECONDS = 0.02  # pause in seconds between two documents, each of which takes some milliseconds


class ProjectionScheduler:
    """Projects waiting documents in a thread (or greenlet) that ends with its work, so that typing and the other jobs
    of each second are not delayed."""

    def __init__(self, app: Flask, spawn: Callable[[Callable[[], None]], object]) -> None:
        self._app, self._spawn = app, spawn
        self._deadlines: dict[Room, float] = {}
        self.backoff = RetryBackoff()
        self._running = False

    def __contains__(self, room: Room) -> bool:
        return room in self._deadlines

    def note(self, room: Room) -> None:
        """The room has stored updates that are not projected."""
        if room not in self._deadlines:
            self._deadlines[room] = time.monotonic() + random.uniform(*MAX_DELAY)  # noqa: S311

    def poll(self) -> None:
        """Start on the documents that are due, unless a thread is at work."""
        if not self._running and (due := self._due()):
            self._running = True
            self._spawn(lambda: self._work(due))

    def _due(self) -> list[Room]:
        moment, waiting = time.monotonic(), list(self._deadlines.items())
        waiting.sort(key=lambda item: item[1])
        due = [room for room, deadline in waiting if moment >= deadline or moment - room.changed_at >= QUIET_SECONDS]
        return [room for room in due if not self.backoff.is_waiting(room.name)]

    def _work(self, due: list[Room]) -> None:
        try:
            for room in due:
                self._deadlines.pop(room, None)  # updates stored from now on are noted again
                self._project(room)
                time.sleep(YIELD_SECONDS)
        finally:
            self._running = False

    def _project(self, room: Room) -> None:
        try:
            with pycrdt_errors.panics_as_exceptions(), self._app.app_context():
                projection.project_now(room.name)
            self.backoff.succeeded(room.name)
        except document_store.NoDocument:
            pass
        except Exception:
            pause = self.backoff.failed(room.name)
            self._deadlines[room] = time.monotonic() + pause
            log.exception("%s could not be projected; the next try is in %.0f s", room.name, pause)
