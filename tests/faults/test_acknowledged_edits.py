"""What was acknowledged is on disk: the server and every page may be killed in the very next moment."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text

from klimawerk.measures.models import Measure
from tests import factories, servers
from tests.factories import Team
from tests.faults.conftest import DeskFor
from tests.faults.socket_client import SocketClient
from tests.live.engine_server import b64, until
from tests.offline.browser_store import text_on_disk

BUSY = 2.5  # seconds; SQLite gives up after 2


@contextmanager
def _nothing_can_be_written(address: str) -> Iterator[None]:
    """Another connection holds the database's write lock."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.close()
        return
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as one:
        one.execute(text('LOCK TABLE "update" IN EXCLUSIVE MODE'))
        yield
    engine.dispose()


class _FastWriter:
    """Writes one word after the other without waiting. `acknowledged`: those whose acknowledgement has arrived."""

    def __init__(self, client: SocketClient, name: str) -> None:
        self._client, self._name, self._count = client, name, 0
        self.acknowledged: list[str] = []

    def write(self) -> None:
        self._count += 1
        word = f"{self._name}{self._count}."
        payload = {"doc": self._client.name, "u": b64(self._client.edit(word))}
        self._client.socket.emit("doc:update", payload, callback=lambda answer: self._on_answer(word, answer))

    def _on_answer(self, word: str, answer: dict[str, object]) -> None:
        if answer["ok"]:
            self.acknowledged.append(word)


@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_nothing_is_acknowledged_that_a_kill_of_everything_takes_away(
    any_database: str, team: Team, measure: Measure, desk_for: DeskFor, live_server: servers.KlimawerkServer
) -> None:
    before = text_on_disk(measure)
    people = [factories.member(team.partnership, side, "editor") for side in ("de", "partner")]
    clients = [desk_for(person) for person in people]
    writers = [_FastWriter(client, name) for client, name in zip(clients, "ab", strict=True)]
    for writer in writers:
        for _ in range(5):
            writer.write()
    until(lambda: [len(writer.acknowledged) for writer in writers] == [5, 5])
    with _nothing_can_be_written(any_database):
        for writer in writers:
            writer.write()
        time.sleep(BUSY)  # time enough for an acknowledgement that does not wait for the disk
        _kill(live_server, clients)
    stored = text_on_disk(measure)
    assert [word for writer in writers for word in writer.acknowledged if stored.count(word) != 1] == []
    assert len(stored) == len(before) + sum(len(word) for writer in writers for word in writer.acknowledged)
    assert "a6." not in stored
    live_server.start()
    assert desk_for(people[0]).plain() == stored


def _kill(server: servers.KlimawerkServer, clients: list[SocketClient]) -> None:
    """The server and every page at the same moment."""
    ends = [threading.Thread(target=server.kill), *(threading.Thread(target=client.close) for client in clients)]
    for end in ends:
        end.start()
    for end in ends:
        end.join()
