"""Two people whose requests cross: both have passed their doors before either has changed anything.

On SQLite these are two threads of one process, on PostgreSQL two server processes. Nothing is left to chance: what both
wait for is held until both do wait for it.
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
    """Who sends what where."""

    who: Person
    path: str
    data: Data


class HttpAnswer(NamedTuple):
    status: int
    text: str


class ConcurrentServer(Protocol):
    """Where requests can cross."""

    def ask(self, request: Request) -> HttpAnswer:
        """One request by itself."""

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        """The second one is past its door when the first one's change is stored, and goes on then."""


class Threads:
    """One process on SQLite."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._clients: dict[tuple[int, int], ProofReader] = {}

    def ask(self, request: Request) -> HttpAnswer:
        return self._sent(request, self._client(request.who))

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        """The lock of writers is this thread's, so the second one waits; the first one is sent by this thread."""
        clients = [self._client(one.who, number) for number, one in enumerate((first, second))]
        db.session.rollback()
        answers: list[HttpAnswer] = []
        waiting = threading.Thread(target=lambda: answers.append(self._sent_alone(second, clients[1])))
        with database._sqlite_writer:
            waiting.start()
            until(lambda: _waits_for_the_writer(waiting) or not waiting.is_alive())
            assert waiting.is_alive(), f"{second.path} waits for nobody's turn: {answers}"
            before = self._sent(first, clients[0])
        waiting.join()
        return before, answers[0]

    def _client(self, who: Person, window: int = 0) -> ProofReader:
        if (who.id, window) not in self._clients:
            client = self._clients[who.id, window] = ProofReader(self._app)
            client.login(who)
        return self._clients[who.id, window]

    def _sent_alone(self, request: Request, client: ProofReader) -> HttpAnswer:
        with self._app.app_context():
            return self._sent(request, client)

    @staticmethod
    def _sent(request: Request, client: ProofReader) -> HttpAnswer:
        answer = client.post(request.path, data=request.data, headers=HTMX)
        return HttpAnswer(answer.status_code, answer.text)


def _waits_for_the_writer(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code is not database._writer.__wrapped__.__code__:  # type: ignore[attr-defined]
        frame = frame.f_back
    return frame is not None


class Processes:
    """Two server processes on PostgreSQL; whoever is on the partner's side is served by the second one."""

    def __init__(self, folder: Path, address: str) -> None:
        self._servers = []
        for name in ("one", "two"):
            place = folder / name
            place.mkdir()
            server = KlimawerkServer(place, address, born=True, KLIMAWERK_DIGESTS="off")
            server.start()
            self._servers.append(server)
        self._sessions: dict[int, tuple[str, requests.Session]] = {}

    def close(self) -> None:
        for server in self._servers:
            server.close()

    def log(self) -> str:
        return "".join(server.log for server in self._servers)

    def ask(self, request: Request) -> HttpAnswer:
        return self._sent(request, *self._session(request.who))

    @staticmethod
    def _sent(request: Request, base: str, session: requests.Session) -> HttpAnswer:
        answer = session.post(base + request.path, data=request.data, headers=HTMX, allow_redirects=False, timeout=60)
        return HttpAnswer(answer.status_code, answer.text)

    def cross(self, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        return self.cross_at(_last_of(first), first, second)

    def cross_at(self, statement: str, first: Request, second: Request) -> tuple[HttpAnswer, HttpAnswer]:
        """What the statement takes is held until the first one waits for it, and the second one for either."""
        sessions = [self._session(one.who) for one in (first, second)]
        answers: dict[int, HttpAnswer] = {}
        threads = []

        def send(number: int, request: Request) -> None:
            answers[number] = self._sent(request, *sessions[number])

        def waits_or_is_done(number: int, thread: threading.Thread) -> bool:
            return waiting() > number or not thread.is_alive()

        with held(statement) as waiting:
            for number, one in enumerate((first, second)):
                thread = threading.Thread(target=send, args=[number, one])
                thread.start()
                threads.append(thread)
                until(partial(waits_or_is_done, number, thread))
                assert thread.is_alive(), f"{one.path} waits for nobody's turn: {answers}"
        for thread in threads:
            thread.join()
        return answers[0], answers[1]

    def _session(self, who: Person) -> tuple[str, requests.Session]:
        if who.id not in self._sessions:
            server = self._servers[len(self._sessions) % 2]
            self._sessions[who.id] = (server.url, server.session(who))
        return self._sessions[who.id]


def _last_of(request: Request) -> str:
    """What the request needs, and takes after everything that the other one might take before it: closing and deleting
    change documents last; the other verbs begin with a topic, and both wait for the same one in turn."""
    if request.path.endswith("/confirm") or re.fullmatch(r"/items/\d+/(lock|delete)", request.path):
        return "SELECT id FROM document FOR UPDATE"
    of_partnership = request.path.startswith(("/partnerships", "/link"))
    return f"SELECT name FROM topic WHERE name {'' if of_partnership else 'NOT '}LIKE 'partnership:%' FOR UPDATE"


@contextmanager
def held(statement: str) -> Iterator[Callable[[], int]]:
    """A connection of its own keeps what the statement takes; gives how many others wait for a lock."""
    db.session.rollback()
    with db.engine.connect() as holder, db.engine.connect() as watcher:
        holder.execute(text(statement))
        count = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")

        def waiting() -> int:
            found = watcher.execute(count).scalar()
            watcher.rollback()
            return int(found or 0)

        yield waiting
        holder.rollback()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.002)
