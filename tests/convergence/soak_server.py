"""Server and simulated clients of the soak test: the real server on its own database."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from flask import Flask

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.service import all_measures, create_measure
from tests import factories, servers
from tests.convergence.simulated_clients import SimulatedClients

MEASURES, PEOPLE = 30, 15  # two thirds of the clients stay, one third comes and goes
CONNECTION_FAULTS = {"delay": [0.05, 50], "double": 0.01, "drop": 0.002}
WEIGHTS = {"remove": 70}  # keeps the length of texts about constant
SECONDS_PER_GROUP = 300  # seconds
PAUSE = 250  # milliseconds between two edits of one person, on average
Counts = dict[str, int]


@dataclass
class SoakServer:
    """`faults`: errors as sentences, in the order in which they happened."""

    app: Flask
    server: servers.KlimawerkServer
    programme: int
    measures: list[int]
    people: list[Person]
    clients: int = PEOPLE
    faults: list[str] = field(default_factory=list)
    _next_group: int = 0

    def next_measures(self) -> list[int]:
        """The next group of three measures; after the last one the first again."""
        begin, self._next_group = 3 * self._next_group % len(self.measures), self._next_group + 1
        return self.measures[begin : begin + 3]

    def counts(self) -> Counts:
        """The server's own counts now (`operations/diagnostics.py`)."""
        printed_before = len(self._printed_counts())
        os.kill(self.server.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 30
        while len(self._printed_counts()) == printed_before:
            assert time.monotonic() < deadline, "the server says no counts"
            time.sleep(0.05)
        counts: Counts = json.loads(self._printed_counts()[-1])
        return counts

    def process(self) -> int:
        """The id of gunicorn's worker process."""
        (worker,) = psutil.Process(self.server.pid).children()
        return worker.pid

    def _printed_counts(self) -> list[str]:
        return re.findall(r"\bcounts (\{.*\})", self.server.log)

    def begin(self, clients: SimulatedClients, docs: list[int], count: int) -> None:
        """Let so many pages open these measures, and write in them without end."""
        people = [self.people[number % len(self.people)] for number in range(count)]
        cookies = ["; ".join(f"{c.name}={c.value}" for c in self.server.session(person).cookies) for person in people]
        behaviour = {
            "seed": random.randrange(2**31),
            "steps": 10**9,
            "churn": 0.02,
            "pause": PAUSE,
            "faults": CONNECTION_FAULTS,
        }
        target = {"url": self.server.url, "docs": [f"measure:{number}" for number in docs], "programme": self.programme}
        clients.tell("begin", **target, **behaviour, cookies=cookies, weights=WEIGHTS, locks=True)


@contextmanager
def soak_server(clients: int = PEOPLE) -> Iterator[SoakServer]:
    """`clients`: how many pages are open at a time."""
    with tempfile.TemporaryDirectory(prefix="klimawerk-soak-") as folder, ExitStack() as stack:
        address = f"sqlite:///{folder}/klimawerk.sqlite"
        app = create_app(configuration.load(instance=Path(folder), database_url=address, secret_key="soak"))
        stack.enter_context(app.app_context())
        db.create_all()
        team = factories.partnership()
        programme = factories.programme(team)
        goal = db.session.get_one(Goal, all_measures(programme)[0].goal_id)
        for _ in range(MEASURES - 2):
            create_measure(goal, texts={}, by=None)
        people = [factories.member(team.partnership, side, "editor") for side in ("de", "partner") for _ in range(3)]
        server = servers.KlimawerkServer(Path(folder), address)
        stack.callback(server.close)
        server.start()
        measures = [measure.id for measure in all_measures(programme)]
        db.session.rollback()
        yield SoakServer(app, server, programme.id, measures, people, clients)


@contextmanager
def activity(server_under_test: SoakServer) -> Iterator[None]:
    """Clients that type all the time, clients that vanish, changes of fields, documents that are closed and opened."""
    stopping = threading.Event()
    threads = [
        threading.Thread(target=_report_errors, args=(work, server_under_test, stopping))
        for work in (_permanent_clients, _short_clients, _field_editor)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _report_errors(
    work: Callable[[SoakServer, threading.Event], None], server_under_test: SoakServer, stopping: threading.Event
) -> None:
    try:
        with server_under_test.app.app_context():
            work(server_under_test, stopping)
    except Exception as error:
        server_under_test.faults.append(f"{type(error).__name__}: {error}")


def _permanent_clients(server_under_test: SoakServer, stopping: threading.Event) -> None:
    """Clients that go through the programme, as in a workshop: three measures at a time, a few minutes for each."""
    while not stopping.is_set():
        with SimulatedClients() as clients:
            server_under_test.begin(
                clients, server_under_test.next_measures(), server_under_test.clients - server_under_test.clients // 3
            )
            deadline = time.monotonic() + SECONDS_PER_GROUP
            while not stopping.wait(1) and time.monotonic() < deadline:
                server_under_test.faults += clients.faults()


def _short_clients(server_under_test: SoakServer, stopping: threading.Event) -> None:
    """One group of pages after the other; they vanish without closing, or stop answering long before."""
    dice = random.Random(1)
    while not stopping.is_set():
        with SimulatedClients() as clients:
            server_under_test.begin(clients, dice.sample(server_under_test.measures, 3), server_under_test.clients // 3)
            stopping.wait(dice.uniform(5, 25))
            server_under_test.faults += clients.faults()
            if dice.random() < 0.5:
                os.kill(clients.pid, signal.SIGSTOP)
                stopping.wait(dice.uniform(5, 40))


def _field_editor(server_under_test: SoakServer, stopping: threading.Event) -> None:
    """One client that changes fields, and closes and opens measures for editing."""
    dice = random.Random(2)
    session = server_under_test.server.session(server_under_test.people[0])
    while not stopping.wait(0.5):
        number = dice.choice(server_under_test.measures[:6])
        value = {"value": f"{dice.randint(2026, 2035)}-{dice.randint(1, 12):02}", "rev": "0"}
        address = f"{server_under_test.server.url}/items/{number}/fields/period_start"
        status = session.post(address, data=value, headers={"HX-Request": "true"}, timeout=30).status_code
        if status not in (200, 409, 423):
            server_under_test.faults.append(f"a field was answered with {status}")
        if dice.random() < 0.05:
            _close_briefly(server_under_test, f"measure:{number}", stopping)


def _close_briefly(server_under_test: SoakServer, doc: str, stopping: threading.Event) -> None:
    with writing():
        document_store.close_documents([doc], "Council", "Somebody")
    stopping.wait(2)
    with writing():
        document_store.open_documents([doc])
