"""Interleaves two HTTP requests: both have passed their permission checks before either has changed anything.

On SQLite these are two threads of one process, on PostgreSQL two server processes. The order is deterministic: a lock
that both need is held until both wait for it.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import requests
from flask import Flask
from sqlalchemy import text

from klimawerk import database
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from tests.client import ProofReader
from tests.servers import KlimawerkServer

HTMX = {"HX-Request": "true"}
Data = dict[str, object]


class Request(NamedTuple):
    """A POST request of a user."""

    user: Person
    path: str
    data: Data


class HttpAnswer(NamedTuple):
    status: int
    text: str


class ConcurrentServer(Protocol):
    """A server to which two requests can be sent at once."""

    def ask(self, request: Request) -> HttpAnswer:
        """Send one request."""

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        """Send both. The second one passes its checks before the first one's change is stored, and ends after it."""


class Threads:
    """One process on SQLite."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._clients: dict[tuple[int, int], ProofReader] = {}

    def ask(self, request: Request) -> HttpAnswer:
        return self._post(request, self._client(request.user))

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        """This thread holds the writer lock, so that the second request waits, and sends the first one itself."""
        clients = [self._client(request.user, number) for number, request in enumerate((first, second))]
        db.session.rollback()
        answers: list[HttpAnswer] = []
        second_thread = threading.Thread(target=lambda: answers.append(self._post_in_thread(second, clients[1])))
        with database._sqlite_writer:
            second_thread.start()
            until(lambda: _waits_for_the_writer(second_thread) or not second_thread.is_alive())
            assert second_thread.is_alive(), f"{second.path} waits for nobody's turn: {answers}"
            first_answer = self._post(first, clients[0])
        second_thread.join()
        return first_answer, answers[0]

    def _client(self, user: Person, window: int = 0) -> ProofReader:
        if (user.id, window) not in self._clients:
            client = self._clients[user.id, window] = ProofReader(self._app)
            client.login(user)
        return self._clients[user.id, window]

    def _post_in_thread(self, request: Request, client: ProofReader) -> HttpAnswer:
        with self._app.app_context():
            return self._post(request, client)

    @staticmethod
    def _post(request: Request, client: ProofReader) -> HttpAnswer:
        answer = client.post(request.path, data=request.data, headers=HTMX)
        return HttpAnswer(answer.status_code, answer.text)


def _waits_for_the_writer(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code is not database._writer.__wrapped__.__code__:  # type: ignore[attr-defined]
        frame = frame.f_back
    return frame is not None


class Processes:
    """Two server processes on PostgreSQL. Users are assigned to them alternately, by the order of first requests."""

    def __init__(self, folder: Path, address: str) -> None:
        self._servers = []
        for name in ("one", "two"):
            instance_folder = folder / name
            instance_folder.mkdir()
            server = KlimawerkServer(instance_folder, address, born=True, KLIMAWERK_DIGESTS="off")
            server.start()
            self._servers.append(server)
        self._sessions: dict[int, tuple[str, requests.Session]] = {}

    def close(self) -> None:
        for server in self._servers:
            server.close()

    def log(self) -> str:
        return "".join(server.log for server in self._servers)

    def ask(self, request: Request) -> HttpAnswer:
        return self._post(request, *self._session(request.user))

    @staticmethod
    def _post(request: Request, base: str, session: requests.Session) -> HttpAnswer:
        answer = session.post(base + request.path, data=request.data, headers=HTMX, allow_redirects=False, timeout=60)
        return HttpAnswer(answer.status_code, answer.text)

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        return self.cross_at(_last_lock_of(first), first, second)

    def cross_at(self, statement: str, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        """Hold the locks of `statement` until the first request waits for them, and the second one for any lock."""
        sessions = [self._session(request.user) for request in (first, second)]
        answers: dict[int, HttpAnswer] = {}
        threads = []

        def send(number: int, request: Request) -> None:
            answers[number] = self._post(request, *sessions[number])

        def waits_or_is_done(number: int, thread: threading.Thread) -> bool:
            return waiting_count() > number or not thread.is_alive()

        with locks_held(statement) as waiting_count:
            for number, request in enumerate((first, second)):
                thread = threading.Thread(target=send, args=[number, request])
                thread.start()
                threads.append(thread)
                until(partial(waits_or_is_done, number, thread))
                assert thread.is_alive(), f"{request.path} waits for nobody's turn: {answers}"
        for thread in threads:
            thread.join()
        return answers[0], answers[1]

    def _session(self, user: Person) -> tuple[str, requests.Session]:
        if user.id not in self._sessions:
            server = self._servers[len(self._sessions) % 2]
            self._sessions[user.id] = (server.url, server.session(user))
        return self._sessions[user.id]


def _last_lock_of(request: Request) -> str:
    """A statement for the lock that the request takes last, of those that the other request could take before it:
    locking and deleting change documents last; all others begin with a topic, for which both then wait in turn."""
    if request.path.endswith("/confirm") or re.fullmatch(r"/items/\d+/(lock|delete)", request.path):
        return "SELECT id FROM document FOR UPDATE"
    of_partnership = request.path.startswith(("/partnerships", "/link"))
    return f"SELECT name FROM topic WHERE name {'' if of_partnership else 'NOT '}LIKE 'partnership:%' FOR UPDATE"


@contextmanager
def locks_held(statement: str) -> Iterator[Callable[[], int]]:
    """Hold the locks of `statement` on a separate connection; yields a function that counts waiting connections."""
    db.session.rollback()
    with db.engine.connect() as holder, db.engine.connect() as watcher:
        holder.execute(text(statement))
        count = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")

        def waiting_count() -> int:
            waiting = watcher.execute(count).scalar()
            watcher.rollback()
            return int(waiting or 0)

        yield waiting_count
        holder.rollback()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.002)
