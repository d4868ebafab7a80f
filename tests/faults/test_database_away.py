"""PostgreSQL is unavailable: what waits is sent with the first try afterwards, and reaches users of another process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from tests import servers
from tests.browsers import Windows
from tests.factories import Team
from tests.faults.socket_client import SocketClient
from tests.live.engine_server import until

Two = tuple[servers.KlimawerkServer, servers.KlimawerkServer]
SOON = 4_000  # milliseconds; a page waited 6 s after a failed fetch


class DatabaseOutage:
    """`with outage():` no one can connect to the database; `blink()`: all connections end, new ones are accepted."""

    def __init__(self, server: servers.PostgreSQL, address: str) -> None:
        self._do, self._name = server._do, servers._name(address)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self._do(f"ALTER DATABASE {self._name} WITH ALLOW_CONNECTIONS false")
        self.blink()
        yield
        self._do(f"ALTER DATABASE {self._name} WITH ALLOW_CONNECTIONS true")

    def blink(self) -> None:
        db.session.rollback()
        db.engine.dispose()
        self._do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")


@pytest.fixture
def outage(postgresql: servers.PostgreSQL, postgresql_address: str) -> DatabaseOutage:
    return DatabaseOutage(postgresql, postgresql_address)


@pytest.fixture
def two(app: Flask, postgresql_address: str, valkey_address: str, tmp_path: Path) -> Iterator[Two]:
    """Two processes on the test's database."""
    made = [
        servers.KlimawerkServer(tmp_path / name, postgresql_address, born=True, KLIMAWERK_REDIS_URL=valkey_address)
        for name in ("here", "there")
    ]
    for server in made:
        server.start()
    yield made[0], made[1]
    for server in made:
        server.close()


@contextmanager
def clients(two: Two, team: Team, name: str) -> Iterator[tuple[SocketClient, SocketClient]]:
    """A user in each process; each has received the text of the other."""
    made = SocketClient(two[0], team.de["editor"], name), SocketClient(two[1], team.partner["editor"], name)
    for client in made:
        assert client.join()["ok"]
    for client in made:
        assert client.type("Before. ")["ok"]
    until(lambda: made[0].plain() == made[1].plain())
    yield made
    for client in made:
        client.close()


@pytest.mark.slow
def test_what_waited_is_stored_with_the_first_try_and_is_heard_in_the_other_process(
    outage: DatabaseOutage, two: Two, team: Team, measure: Measure
) -> None:
    with clients(two, team, measure.name) as (first, second):
        waiting = first.edit("Meanwhile. ")
        with outage():
            assert first.send(waiting) == {"ok": False, "error": "unavailable"}
            for client in (first, second):
                until(lambda client=client: client.told("storing")[-1:] == [{"able": False}])  # type: ignore[misc]
        for client in (first, second):
            until(lambda client=client: client.told("storing")[-1:] == [{"able": True}])  # type: ignore[misc]
        assert first.send(waiting)["ok"]
        until(lambda: "Meanwhile." in second.plain())
        assert second.type("And back. ")["ok"], "the first letter in this process since"
        until(lambda: first.plain() == second.plain())
        for client in (first, second):
            assert client.told("storing") == [{"able": False}, {"able": True}], "nobody is alarmed once more"
    for server in two:
        assert "Traceback" not in server.log


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 2.5], ids=["at once", "after a pause"])
def test_connections_that_ended_in_a_pause_are_noticed_by_nobody(
    outage: DatabaseOutage, two: Two, team: Team, measure: Measure, pause: float
) -> None:
    with clients(two, team, measure.name) as (first, second):
        until(lambda: first.ask("watch", {"topics": [measure.name]})["ok"])
        if pause:
            time.sleep(pause)
        outage.blink()
        session = two[1].session(team.de["coordinator"])
        assert session.get(f"{two[1].url}/measures/{measure.id}", timeout=20).ok
        if not pause:
            tried = first.edit("Tried. ")
            until(lambda: first.send(tried)["ok"])  # one keystroke may fail itself
            return
        assert first.type("First. ")["ok"]
        assert second.type("Second. ")["ok"]
        until(lambda: first.plain() == second.plain())
        assert [*first.told("storing"), *second.told("storing")] == []


@pytest.mark.slow
def test_a_page_shows_others_words_soon_although_it_asked_for_them_meanwhile(
    outage: DatabaseOutage,
    team: Team,
    measure: Measure,
    live_server: servers.KlimawerkServer,
    windows: Windows,
    page_for: Callable[..., Page],
) -> None:
    page = page_for(team.partner["observer"], path=f"/measures/{measure.id}")
    session = live_server.session(team.de["editor"])
    rev = 0

    def choose(value: str) -> None:
        nonlocal rev
        answer = session.post(
            f"{live_server.url}/items/{measure.id}/fields/priority",
            data={"value": value, "rev": str(rev)},
            headers={"HX-Request": "true"},
            timeout=20,
        )
        assert answer.ok
        rev = int(answer.headers["X-Rev"])

    rev, gone = measure.revs["priority"], ExitStack()
    place = page.locator(f"#f-{measure.id}-priority")
    choose("low")
    expect(place).to_contain_text("low", ignore_case=True)
    with page.expect_response(lambda answer: "/changes" in answer.url and answer.status == 503, timeout=20_000):
        choose("high")
        gone.enter_context(outage())
    gone.close()
    expect(place).to_contain_text("high", ignore_case=True, timeout=SOON)
    windows.faults[:] = [fault for fault in windows.faults if "503" not in fault]
