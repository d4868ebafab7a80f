"""A town for the soak: the real server on a database of its own, and people who come, type, crash and go."""

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

MEASURES, PEOPLE = 30, 15  # two thirds of the people stay, one third comes and goes
LINE = {"delay": [0.05, 50], "double": 0.01, "drop": 0.002}
WEIGHTS = {"remove": 70}  # so that texts stay about as long as they are
STAY = 300  # seconds
PAUSE = 250  # milliseconds between two edits of one person, on average
Counts = dict[str, int]


@dataclass
class SoakServer:
    """`faults`: sentences on what must not happen, in the order it happened."""

    app: Flask
    server: servers.KlimawerkServer
    programme: int
    measures: list[int]
    people: list[Person]
    crowd: int = PEOPLE
    faults: list[str] = field(default_factory=list)
    _turn: int = 0

    def next_measures(self) -> list[int]:
        """The three that come next, from the first on when all have had their turn."""
        begin, self._turn = 3 * self._turn % len(self.measures), self._turn + 1
        return self.measures[begin : begin + 3]

    def counts(self) -> Counts:
        """What the server says of itself now."""
        said = len(self._said())
        os.kill(self.server.pid, signal.SIGUSR1)
        until = time.monotonic() + 30
        while len(self._said()) == said:
            assert time.monotonic() < until, "the server says no counts"
            time.sleep(0.05)
        counts: Counts = json.loads(self._said()[-1])
        return counts

    def process(self) -> int:
        """Of gunicorn's two the one that serves."""
        (worker,) = psutil.Process(self.server.pid).children()
        return worker.pid

    def _said(self) -> list[str]:
        return re.findall(r"\bcounts (\{.*\})", self.server.log)

    def begin(self, crowd: SimulatedClients, docs: list[int], count: int) -> None:
        """Let so many pages open these measures, and write in them without end."""
        people = [self.people[number % len(self.people)] for number in range(count)]
        cookies = ["; ".join(f"{c.name}={c.value}" for c in self.server.session(one).cookies) for one in people]
        endless = {"seed": random.randrange(2**31), "steps": 10**9, "churn": 0.02, "pause": PAUSE, "faults": LINE}
        place = {"url": self.server.url, "docs": [f"measure:{number}" for number in docs], "programme": self.programme}
        crowd.tell("begin", **place, **endless, cookies=cookies, weights=WEIGHTS, locks=True)


@contextmanager
def town(crowd: int = PEOPLE) -> Iterator[SoakServer]:
    """`crowd`: how many pages are open at a time."""
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
        yield SoakServer(app, server, programme.id, measures, people, crowd)


@contextmanager
def life(here: SoakServer) -> Iterator[None]:
    """Regulars who type all the time, visitors who vanish, fields that change, documents that close and open."""
    over = threading.Event()
    threads = [threading.Thread(target=_guarded, args=(work, here, over)) for work in (_regulars, _visitors, _desk)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _guarded(work: Callable[[SoakServer, threading.Event], None], here: SoakServer, over: threading.Event) -> None:
    try:
        with here.app.app_context():
            work(here, over)
    except Exception as problem:
        here.faults.append(f"{type(problem).__name__}: {problem}")


def _regulars(here: SoakServer, over: threading.Event) -> None:
    """They go through the programme, as in a workshop: three measures at a time, a few minutes for each."""
    while not over.is_set():
        with SimulatedClients() as crowd:
            here.begin(crowd, here.next_measures(), here.crowd - here.crowd // 3)
            until = time.monotonic() + STAY
            while not over.wait(1) and time.monotonic() < until:
                here.faults += crowd.faults()


def _visitors(here: SoakServer, over: threading.Event) -> None:
    """One handful of pages after the other; they vanish without a goodbye, or fall silent long before."""
    dice = random.Random(1)
    while not over.is_set():
        with SimulatedClients() as crowd:
            here.begin(crowd, dice.sample(here.measures, 3), here.crowd // 3)
            over.wait(dice.uniform(5, 25))
            here.faults += crowd.faults()
            if dice.random() < 0.5:
                os.kill(crowd.pid, signal.SIGSTOP)
                over.wait(dice.uniform(5, 40))


def _desk(here: SoakServer, over: threading.Event) -> None:
    """Somebody fills in fields, and closes and opens measures for writing."""
    dice = random.Random(2)
    session = here.server.session(here.people[0])
    while not over.wait(0.5):
        number = dice.choice(here.measures[:6])
        value = {"value": f"{dice.randint(2026, 2035)}-{dice.randint(1, 12):02}", "rev": "0"}
        address = f"{here.server.url}/items/{number}/fields/period_start"
        status = session.post(address, data=value, headers={"HX-Request": "true"}, timeout=30).status_code
        if status not in (200, 409, 423):
            here.faults.append(f"a field was answered with {status}")
        if dice.random() < 0.05:
            _close_for_a_moment(here, f"measure:{number}", over)


def _close_for_a_moment(here: SoakServer, doc: str, over: threading.Event) -> None:
    with writing():
        document_store.close_documents([doc], "Council", "Somebody")
    over.wait(2)
    with writing():
        document_store.open_documents([doc])
