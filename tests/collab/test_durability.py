"""Durability and convergence: acknowledged updates survive, and all replicas become equal."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from pycrdt import Doc, XmlFragment

from klimawerk.collab import rich_text
from klimawerk.collab.models import Update
from klimawerk.collab.storage import document_store
from klimawerk.collab.validation import update_decoder
from klimawerk.database import writing
from klimawerk.extensions import db
from tests.collab.yjs import YjsWriter
from tests.live.engine_processes import Process
from tests.live.engine_server import (
    FRAGMENT,
    EngineServer,
    ReplicaClient,
    SocketTestClient,
    b64,
    paragraph,
    random_edit,
    until,
)
from tests.long_runs import steps

DOC = "measure:7"
Start = Callable[..., Process]


@pytest.fixture
def start(app: Flask, database_address: str, tmp_path: Path) -> Iterator[Start]:
    """`start()`: another server process on the test's database, which has one document."""
    with writing():
        document_store.create_document(DOC, {FRAGMENT: None})
    processes: list[Process] = []

    def make(queue: str | None = None) -> Process:
        processes.append(Process(tmp_path, database_address, queue).start())
        return processes[-1]

    yield make
    for process in processes:
        process.kill()


def on_disk() -> str:
    db.session.rollback()
    return rich_text.to_plain_text(document_store.contents(DOC)[FRAGMENT])


def join(process: Process, person: int, transport: str = "websocket") -> ReplicaClient:
    writer = ReplicaClient(SocketTestClient(process.url, person, transport=transport), DOC)
    assert writer.join()["ok"]
    return writer


def add(text: str, fragment: XmlFragment) -> None:
    """Append a paragraph."""
    fragment.children.append(paragraph(text))


def is_accepted(writer: ReplicaClient, update: bytes) -> bool:
    return bool(writer.send(update)["ok"])


def write_until_stopped(writer: ReplicaClient, acknowledged: list[str], stop: threading.Event) -> None:
    """Write paragraph after paragraph, and record each one that the server has acknowledged."""
    number = 0
    while not stop.is_set():
        text = f"p{writer.client.person}-{number}."
        update = writer.edit(partial(add, text))
        try:
            if writer.client.socket.call("doc:update", {"doc": DOC, "u": b64(update)}, timeout=2)["ok"]:
                acknowledged.append(text)
        except Exception:
            return
        number += 1


@pytest.mark.slow
def test_no_acknowledged_word_is_lost_when_the_server_is_killed(any_database: str, start: Start) -> None:
    process = start()
    writers = [join(process, person) for person in (1, 2, 3)]
    acknowledged: list[str] = []
    stop = threading.Event()
    threads = [threading.Thread(target=write_until_stopped, args=(w, acknowledged, stop)) for w in writers]
    for thread in threads:
        thread.start()
    until(lambda: len(acknowledged) > 40, 15)
    process.kill()
    stop.set()
    for thread in threads:
        thread.join()
    assert len(acknowledged) > 40
    stored = on_disk()
    assert [words for words in acknowledged if words not in stored] == []
    assert "p9-0." not in stored
    seqs = [row.seq for row in db.session.query(Update).order_by(Update.seq)]
    assert seqs == list(range(1, len(seqs) + 1))
    process.start()
    again = join(process, 4)
    assert again.plain() == stored
    assert again.type("weiter")["ok"]
    again.client.close()


def test_polling_carries_everything_too(start: Start) -> None:
    process = start()
    akosua, jan = join(process, 1, transport="polling"), join(process, 2)
    akosua.type("durch die Wand ")
    until(lambda: jan.plain() == "durch die Wand ")
    jan.type("und zurück")
    until(lambda: akosua.plain() == "durch die Wand und zurück")
    for writer in (akosua, jan):
        writer.client.close()


def test_a_large_document_arrives_whole(start: Start) -> None:
    process = start()
    akosua = join(process, 1)
    for _ in range(20):
        many = akosua.edit(lambda f: [f.children.append(paragraph("Wärme " * 400)) for _ in range(20)])
        until(partial(is_accepted, akosua, many), 20)
    jan = join(process, 2)
    assert jan.plain() == akosua.plain()
    assert len(jan.plain()) > 900_000
    for writer in (akosua, jan):
        writer.client.close()


@pytest.mark.slow
def test_two_processes_are_one_house(postgresql_address: str, valkey_address: str, start: Start) -> None:
    one, two = start(valkey_address), start(valkey_address)
    akosua, jan = join(one, 1), join(two, 2)
    akosua.type("von hier ")
    until(lambda: jan.plain() == "von hier ", 2)
    jan.type("von dort")
    until(lambda: akosua.plain() == "von hier von dort", 2)
    until(lambda: names(akosua) == names(jan) == {"Person 1", "Person 2"}, 5)
    akosua.client.ask("doc:awareness", doc=DOC, a="caret")
    assert jan.client.wait_for("doc:awareness")["a"] == "caret"
    two.kill()
    until(lambda: names(akosua) == {"Person 1"}, 12)
    akosua.client.close()


def test_two_processes_writing_at_once_keep_one_log(postgresql_address: str, valkey_address: str, start: Start) -> None:
    one, two = start(valkey_address), start(valkey_address)
    writers = [join(one, 1), join(two, 2), join(one, 3), join(two, 4)]
    threads = [threading.Thread(target=lambda w=w: [w.type("x") for _ in range(15)]) for w in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: {writer.plain().count("x") for writer in writers} == {60}, 6)
    assert [row.seq for row in db.session.query(Update).order_by(Update.seq)] == list(range(1, 61))
    for writer in writers:
        writer.client.close()


def names(writer: ReplicaClient) -> set[str]:
    payloads = writer.client.get("doc:people")
    return {person["name"] for person in payloads[-1]["people"]} if payloads else set()


def test_without_the_message_queue_the_next_look_brings_the_words(postgresql_address: str, start: Start) -> None:
    one, two = start(), start()
    akosua, jan = join(one, 1), join(two, 2)
    akosua.type("ohne Hinweis")
    until(lambda: jan.plain() == "ohne Hinweis", 3)
    for writer in (akosua, jan):
        writer.client.close()


@pytest.mark.slow
def test_all_replicas_end_up_the_same_after_any_disorder(engine: EngineServer) -> None:
    """Random edits with lost connections, repeated and reordered updates, similar to Yjs' own test.

    Three of the people write with the browser's own Yjs.
    """
    seed = int(time.time())
    print("seed", seed)
    with writing():
        document_store.create_document(DOC, {FRAGMENT: None})
    dice = random.Random(seed)
    people = [_UnreliableClient(engine, number, random.Random(seed + number)) for number in range(1, 7)]
    for _ in range(steps(120, 1_000)):
        dice.choice(people).act()
    for person in people:
        person.come_back()
    until(lambda: len({person.everything() for person in people}) == 1)
    assert people[0].everything()[0] == json.dumps(document_store.contents(DOC)[FRAGMENT])
    assert len(on_disk()) > 20
    for person in people:
        person.close()


def test_a_replica_that_missed_something_is_not_the_same(engine: EngineServer) -> None:
    with writing():
        document_store.create_document(DOC, {FRAGMENT: None})
    online, offline = (_UnreliableClient(engine, number, random.Random(number)) for number in (1, 2))
    offline.writer.client.close()
    online.deliver(online.random_update())
    assert online.everything() != offline.everything()
    offline.come_back()
    until(lambda: online.everything() == offline.everything())


class _UnreliableClient:
    """A client whose connection is lost now and then; unsent updates wait in the replica."""

    def __init__(self, engine: EngineServer, number: int, dice: random.Random) -> None:
        self.house, self.number, self.dice = engine, number, dice
        writer_class = YjsWriter if number > 3 else ReplicaClient
        self.writer = writer_class(engine.client(number), DOC)
        self.writer.join()
        self.sent: list[bytes] = []

    def act(self) -> None:
        choice = self.dice.random()
        if choice < 0.02:
            self.writer.client.close()
        elif choice < 0.05:
            self.come_back()
        elif choice < 0.1 and self.sent and self.connected:
            assert self.writer.send(self.dice.choice(self.sent))["ok"]
        else:
            update = self.random_update()
            if self.connected:
                self.deliver(update)

    def random_update(self) -> bytes:
        if isinstance(self.writer, YjsWriter):
            return bytes(self.writer.doc.scribble(self.dice.randrange(2**31)))
        return self.writer.edit(lambda fragment: random_edit(fragment, self.dice))

    def deliver(self, update: bytes) -> None:
        answer = self.writer.send(update)
        if answer["ok"]:
            self.sent.append(update)
        else:
            assert answer["error"] in ("resync", "rate", "unavailable")
            self.come_back()

    @property
    def connected(self) -> bool:
        return bool(self.writer.client.socket.connected)

    def come_back(self) -> None:
        """Reconnect where needed, and exchange what each side lacks."""
        if not self.connected:
            client = self.house.client(self.number)
            client.socket.on("doc:update", self.writer._take)
            self.writer.client = client
        until(lambda: self.writer.join()["ok"])
        missing = self.writer.doc.get_update(self.writer.sv)
        until(lambda: self.writer.send(missing)["ok"])

    def everything(self) -> tuple[str, str]:
        """The whole text with its marks, and the clocks of all clients."""
        copy: Doc[XmlFragment] = Doc()
        copy.apply_update(self.writer.doc.get_update())
        text = rich_text.read_fragment(copy.get(FRAGMENT, type=XmlFragment))
        return json.dumps(text), json.dumps(sorted(update_decoder.decode_state_vector(copy.get_state()).items()))

    def close(self) -> None:
        if isinstance(self.writer, YjsWriter):
            self.writer.close()


def test_letters_one_by_one_are_all_there(engine: EngineServer) -> None:
    with writing():
        document_store.create_document(DOC, {FRAGMENT: None})
    akosua = ReplicaClient(engine.client(1), DOC)
    akosua.join()
    words = "Grüne Dächer für Abenkrom 😀"

    for letter in words:
        assert akosua.type(letter)["ok"]
    assert on_disk() == words
