"""Everybody connects at once: all get in, nothing is refused, the text is read once, and no one who waits holds a
database connection.

Judged by counts; how long it takes is measured by `make bench`, scenario J.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import bindparam, insert

from klimawerk.accounts.models import Person
from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.database import CompiledStatement, DriverConnection, release_connection, writing
from klimawerk.extensions import db
from klimawerk.live.models import Topic
from tests import factories, servers
from tests.live.engine_server import until
from tests.load import bench_data
from tests.load.load_generator import Typists

QUESTIONS = {"_connect": 3, "_watch": 7, "_here": 2, "_join": 4}
"""SQL statements per page and handler, with BEGIN; the page watches three topics, one of them twice."""
CROWD = 16  # more than a connection pool has

Open = Callable[..., servers.KlimawerkServer]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def watched(database_address: str, tmp_path: Path) -> Iterator[Open]:
    """`watched()`: one more instrumented process on the test's database."""
    opened: list[servers.KlimawerkServer] = []

    def start(**environment: str) -> servers.KlimawerkServer:
        name = f"process-{len(opened)}"
        server = servers.KlimawerkServer(
            tmp_path / name,
            database_address,
            born=True,
            serves="tests.live.instrumented_app:make()",
            settings=environment,
        )
        server.start()
        opened.append(server)
        return server

    yield start
    for server in opened:
        server.close()


def seen(server: servers.KlimawerkServer) -> dict[str, Any]:
    report: dict[str, Any] = requests.get(f"{server.url}/watched", timeout=20).json()
    return report


def people_at(urls: list[str], made: bench_data.Ground, writers: int) -> dict[str, Any]:
    clients = [
        {"doc": made.documents[0], "cookie": cookie, "writes": number < writers}
        for number, cookie in enumerate(made.cookies)
    ]
    return {"urls": urls, "programme": made.page, "clients": clients, "pace": 4, "typed": 300}


def all_well(raw: dict[str, Any], people: int) -> None:
    assert raw["refused"] == {}
    assert len(raw["entered"]) == people
    assert raw["never"] == 0
    assert raw["acknowledged"]


def test_everybody_gets_in_at_once_and_nobody_who_waits_holds_a_connection(
    any_database: str, tmp_path: Path, watched: Open
) -> None:
    made = bench_data.prepare(any_database, tmp_path / "ground", people=CROWD, documents=1)
    server = watched()
    with Typists("klimawerk") as typists:
        raw = typists.do("gather", **people_at([server.url], made, 6))
    all_well(raw, CROWD)
    report = seen(server)
    assert report["waited"] == {}
    assert report["reads"] == {made.documents[0]: 1}
    dear = {handler: report["questions"][handler] / CROWD for handler in QUESTIONS}
    assert all(dear[handler] <= most for handler, most in QUESTIONS.items()), dear


@pytest.mark.slow
@pytest.mark.parametrize("order", ["at once", "one after another"])
def test_a_hundred_on_two_processes_get_in_after_a_start_and_after_a_kill(
    postgresql_address: str, valkey_address: str, tmp_path: Path, watched: Open, order: str
) -> None:
    made = bench_data.prepare(postgresql_address, tmp_path / "ground", people=100, documents=1)
    processes = [watched(KLIMAWERK_REDIS_URL=valkey_address) for _ in range(2)]
    with Typists("klimawerk") as typists:
        all_well(typists.do("gather", **people_at([one.url for one in processes], made, 20)), 100)
        before = [seen(process) for process in processes]
        typists.do("expectLoss")
        if order == "at once":
            _again(*processes)
        else:
            _again(processes[0])
            until(lambda: typists.do("count") == {"lost": 50, "joined": 100}, 60)
            _again(processes[1])
        all_well(typists.do("regather"), 100)
    for report in (*before, *(seen(process) for process in processes)):
        assert report["waited"] == {}
        assert report["reads"] == {made.documents[0]: 1}


def _again(*processes: servers.KlimawerkServer) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.start()


@pytest.fixture
def team(app: Flask) -> factories.Team:
    return factories.partnership()


@pytest.fixture
def people(team: factories.Team) -> list[Person]:
    """Loaded completely, since threads read their addresses."""
    made = [factories.member(team.partnership, "de", "editor") for _ in range(8)]
    for person in made:
        db.session.refresh(person)
        db.session.expunge(person)
    return made


def test_a_town_signs_in_and_opens_the_programme_at_once_and_nobody_who_waits_holds_a_connection(
    any_database: str, team: factories.Team, people: list[Person], watched: Open
) -> None:
    programme, server = factories.programme(team), watched()
    faults: list[str] = []

    def come(person: Person) -> None:
        try:
            session = server.session(person)
            assert session.get(f"{server.url}/programmes/{programme.id}", timeout=30).ok
        except Exception as fault:
            faults.append(repr(fault))

    at_once([lambda person=person: come(person) for person in people])  # type: ignore[misc]
    assert faults == []
    assert seen(server)["waited"] == {}


def test_a_long_text_is_fetched_by_everybody_at_once_and_read_once(
    team: factories.Team, people: list[Person], watched: Open
) -> None:
    measure = factories.measure(factories.programme(team))
    with writing():
        document_store.replace_contents(
            measure.name, {"description.en": rich_text.from_plain_text("Heat for all. " * 8_000)}
        )
    server = watched()
    sessions = [server.session(person) for person in people[:4]]
    lengths: list[int] = []

    def fetch(session: requests.Session) -> None:
        lengths.append(len(session.get(f"{server.url}/live/documents/{measure.name}", timeout=30).content))

    at_once([lambda session=session: fetch(session) for session in sessions])  # type: ignore[misc]
    assert len(set(lengths)) == 1
    assert lengths[0] > 100_000
    report = seen(server)
    assert report["reads"] == {measure.name: 1}
    assert report["waited"] == {}


def at_once(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_who_waits_with_a_connection_is_found_and_who_gave_it_back_is_not(watched: Open) -> None:
    """The negative control of all of these."""
    server = watched()
    for way in ("right", "wrong"):
        assert seen(server)["waited"] == {}
        assert requests.get(f"{server.url}/watched/{way}", timeout=20).text == way
    assert [place.partition(":")[2].partition(":")[0] for place in seen(server)["waited"]] == ["_wait"]


def test_who_waits_for_the_one_who_writes_holds_no_connection(app: Flask) -> None:
    release_connection()
    waiting, over = threading.Event(), threading.Event()

    def write() -> None:
        with app.app_context():
            db.session.get(Topic, "measure:1")
            waiting.set()
            with writing():
                over.set()

    with writing() as session:
        session.get(Topic, "measure:1")
        thread = threading.Thread(target=write)
        thread.start()
        waiting.wait(10)
        until_held(1)
        assert not over.is_set()
    thread.join(10)
    assert over.is_set()


def until_held(count: int) -> None:
    until(lambda: db.engine.pool.checkedout() == count, 10)  # type: ignore[attr-defined]


def test_a_letter_is_stored_although_all_connections_are_in_use(postgresql_address: str, app: Flask) -> None:
    pool: Any = db.engine.pool
    taken = [pool.connect() for _ in range(pool.size() + pool._max_overflow - pool.checkedout())]
    line, statement = (
        DriverConnection(),
        CompiledStatement(insert(Topic).values(name=bindparam("name"), rev=bindparam("rev"))),
    )
    with line.writing() as cursor:
        cursor.each(statement, [{"name": "measure:1", "rev": 1}])
    line.close()
    for connection in taken:
        connection.close()
    assert db.session.get_one(Topic, "measure:1").rev == 1
