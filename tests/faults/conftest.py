"""Fixtures: a measure on the real server, and users with socket clients of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from tests import factories, servers
from tests.factories import Team
from tests.faults.socket_client import SocketClient

DeskFor = Callable[..., SocketClient]


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def measure(team: Team) -> Measure:
    return factories.measure(factories.programme(team))


@pytest.fixture
def desk_for(live_server: servers.KlimawerkServer, measure: Measure) -> Iterator[DeskFor]:
    """`desk_for(person)`: that person's socket client, joined to the measure's document unless `joined=False`."""
    opened: list[SocketClient] = []
    yield lambda person, joined=True, **options: _opened(opened, live_server, person, measure.name, joined, options)
    for client in opened:
        client.close()


@dataclass
class LimitedServer:
    """One server with all its limits for a whole file of tests.

    Each test brings users of its own, so that used-up limits and lockouts of one do not affect the others.
    """

    server: servers.KlimawerkServer
    team: Team
    name: str
    _opened: list[SocketClient] = field(default_factory=list)

    def person(self, role: str = "editor", side: str = "de") -> Person:
        return factories.member(self.team.partnership, side, role)

    def client(self, person: Person | None = None, joined: bool = True, **options: object) -> SocketClient:
        return _opened(self._opened, self.server, person or self.person(), self.name, joined, options)

    def close(self) -> None:
        for client in self._opened:
            client.close()


@pytest.fixture(scope="module")
def limited_server(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitedServer]:
    folder = tmp_path_factory.mktemp("town")
    shutil.copy(_sqlite_template, folder / "klimawerk.sqlite")
    address = f"sqlite:///{folder}/klimawerk.sqlite"
    settings = configuration.load(instance=folder / "instance", database_url=address, secret_key="tests", testing=True)
    server = servers.KlimawerkServer(folder, address, KLIMAWERK_RATE_LIMITS="on")
    server.start()
    with create_app(settings).app_context():
        team = factories.partnership("Wiesenbrück", "Abenkrom")
        limited_server = LimitedServer(server, team, factories.measure(factories.programme(team)).name)
        yield limited_server
        limited_server.close()
        db.engine.dispose()
    server.close()


def _opened(
    opened: list[SocketClient],
    server: servers.KlimawerkServer,
    person: Person,
    name: str,
    joined: bool,
    options: dict[str, object],
) -> SocketClient:
    client = SocketClient(server, person, name, **options)
    opened.append(client)
    if joined:
        assert client.join()["ok"]
    return client
