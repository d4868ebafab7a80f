"""What was acknowledged is on disk: the server and everybody's pages may end in the very next moment."""

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
    """Somebody else keeps the database for themselves."""
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


class _Hasty:
    """Writes one word after the other without waiting. `acknowledged`: those for which the answer has come."""

    def __init__(self, desk: SocketClient, name: str) -> None:
        self._desk, self._name, self._said = desk, name, 0
        self.acknowledged: list[str] = []

    def say(self) -> None:
        self._said += 1
        word = f"{self._name}{self._said}."
        payload = {"doc": self._desk.name, "u": b64(self._desk.edit(word))}
        self._desk.socket.emit("doc:update", payload, callback=lambda answer: self._heard(word, answer))

    def _heard(self, word: str, answer: dict[str, object]) -> None:
        if answer["ok"]:
            self.acknowledged.append(word)


@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_nothing_is_acknowledged_that_a_kill_of_everything_takes_away(
    any_database: str, team: Team, measure: Measure, desk_for: DeskFor, live_server: servers.KlimawerkServer
) -> None:
    before = text_on_disk(measure)
    people = [factories.member(team.partnership, side, "editor") for side in ("de", "partner")]
    desks = [desk_for(person) for person in people]
    hands = [_Hasty(desk, name) for desk, name in zip(desks, "ab", strict=True)]
    for hand in hands:
        for _ in range(5):
            hand.say()
    until(lambda: [len(hand.acknowledged) for hand in hands] == [5, 5])
    with _nothing_can_be_written(any_database):
        for hand in hands:
            hand.say()
        time.sleep(BUSY)  # time enough for an answer that does not wait for the disk
        _kill(live_server, desks)
    stored = text_on_disk(measure)
    assert [word for hand in hands for word in hand.acknowledged if stored.count(word) != 1] == []
    assert len(stored) == len(before) + sum(len(word) for hand in hands for word in hand.acknowledged)
    assert "a6." not in stored
    live_server.start()
    assert desk_for(people[0]).plain() == stored


def _kill(server: servers.KlimawerkServer, desks: list[SocketClient]) -> None:
    """The server and every page at the same moment."""
    ends = [threading.Thread(target=server.kill), *(threading.Thread(target=desk.close) for desk in desks)]
    for end in ends:
        end.start()
    for end in ends:
        end.join()
