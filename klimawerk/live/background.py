"""Background thread (or greenlet) of a process, for jobs that run soon or once a second."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from flask import Flask

from klimawerk import pycrdt_errors
from klimawerk.database import WRITE_FAILURES

log = logging.getLogger(__name__)
TICK = 1.0  # seconds


class BackgroundRunner:
    """Runs jobs one after the other, each in its own app context; errors of a job are only logged.

    `on_write_failure` is called when the database failed.
    """

    def __init__(self, app: Flask, spawn: Callable[[Callable[[], None]], object]) -> None:
        self._app = app
        self._spawn = spawn
        self._jobs: deque[Callable[[], None]] = deque()
        self._each_second: list[Callable[[], None]] = []
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._running = False
        self.on_write_failure: Callable[[], None] = lambda: None

    def soon(self, job: Callable[[], None]) -> None:
        """Run `job` soon. Before the start the job is dropped."""
        if self._running:
            self._jobs.append(job)
            self._wake.set()

    @property
    def running(self) -> bool:
        return self._running

    def each_second(self, job: Callable[[], None]) -> None:
        """Run `job` once a second."""
        self._each_second.append(job)

    def start(self) -> None:
        with self._lock:
            if not self._running:
                self._running = True
                self._spawn(self._run)

    def stop(self) -> None:
        self._running = False
        self._wake.set()

    def _run(self) -> None:
        due = time.monotonic()
        while self._running:
            self._wake.wait(max(0.0, due - time.monotonic()))
            self._wake.clear()
            while self._jobs:
                self._run_job(self._jobs.popleft())
            if time.monotonic() >= due:
                due = time.monotonic() + TICK
                for job in self._each_second:
                    self._run_job(job)

    def _run_job(self, job: Callable[[], None]) -> None:
        try:
            with pycrdt_errors.panics_as_exceptions(), self._app.app_context():
                job()
        except WRITE_FAILURES as error:
            self.on_write_failure()
            log.error("a background job failed: %s", type(error).__name__)
        except Exception:
            log.exception("a background job failed")
