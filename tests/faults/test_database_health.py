"""The disk is full or the database unavailable: nothing is acknowledged, all users are told, and in the end all has
arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect
from sqlalchemy import text

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from tests import servers
from tests.browsers import begin_to_write
from tests.factories import Team
from tests.faults.conftest import DeskFor
from tests.faults.small_disk import disk, full, sqlite_address
from tests.faults.socket_client import FRAGMENT
from tests.live.engine_server import until

__all__ = ["disk", "sqlite_address"]
LONG = "Wärme für alle. " * 3_000
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def away(any_database: str, request: pytest.FixtureRequest) -> Away:
    """`with away():` the database accepts no writes inside the block: a full disk, or a server that is down."""
    if any_database.startswith("sqlite"):
        folder: Path = request.getfixturevalue("disk")
        return lambda: full(folder)
    server: servers.PostgreSQL = request.getfixturevalue("postgresql")
    return lambda: _stopped(server, any_database)


@contextmanager
def _stopped(server: servers.PostgreSQL, address: str) -> Iterator[None]:
    name = servers._name(address)
    db.session.rollback()
    db.engine.dispose()
    server._do(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    server._do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    yield
    server._do(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def on_disk(name: str) -> str:
    db.session.rollback()
    return rich_text.to_plain_text(document_store.contents(name)[FRAGMENT])


def test_nothing_is_acknowledged_everybody_is_told_and_all_arrives_once(
    away: Away, live_server: servers.KlimawerkServer, team: Team, measure: Measure, desk_for: DeskFor
) -> None:
    name, path = measure.name, f"{live_server.url}/items/{measure.id}/fields/priority"
    akosua, jan = desk_for(team.partner["editor"]), desk_for(team.de["editor"])
    session = live_server.session(team.de["coordinator"])
    assert akosua.type(" Before.")["ok"]
    until(lambda: "Before." in jan.plain())
    change, seen = {"value": "low", "rev": str(measure.revs["priority"])}, len(jan.told("doc:update"))
    with away():
        update = akosua.edit(LONG)
        assert akosua.send(update) == {"ok": False, "error": "unavailable"}
        until(lambda: jan.told("storing")[-1:] == [{"able": False}], 10)
        big = {**change, "value": "low", "padding": "x"}
        answer = session.post(path, data=big, headers={"HX-Request": "true"}, timeout=20)
        if answer.status_code != 200:  # a disk may have room for a small value where it has none for a text
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10")
            assert "cannot store" in answer.text or "kann gerade nichts" in answer.text
        assert len(jan.told("doc:update")) == seen
    until(lambda: jan.told("storing")[-1:] == [{"able": True}], 20)
    until(lambda: _sent(akosua.send(update)), 20)
    until(lambda: jan.plain() == akosua.plain(), 10)
    assert on_disk(name).count("Wärme") == 3_000
    until(lambda: session.post(path, data=change, headers={"HX-Request": "true"}, timeout=20).ok, 20)
    assert "Traceback" not in live_server.log


def _sent(answer: dict[str, object]) -> bool:
    assert answer["ok"] or answer["error"] == "unavailable"
    return bool(answer["ok"])


def test_a_person_without_a_page_gets_a_calm_sentence_in_their_language(
    postgresql_address: str, postgresql: servers.PostgreSQL, live_server: servers.KlimawerkServer, team: Team
) -> None:
    session = live_server.session(team.de["editor"])
    session.headers["Accept-Language"] = "de"
    with _stopped(postgresql, postgresql_address):
        answer = session.get(live_server.url, timeout=20)
        assert answer.status_code == 503
        assert 'lang="de"' in answer.text
        assert "Im Augenblick nicht möglich" in answer.text
        assert requests.get(f"{live_server.url}/healthz", timeout=20).status_code == 503
    until(lambda: session.get(live_server.url, timeout=20).ok, 20)
    assert "/login" not in session.get(live_server.url, timeout=20).url


def test_a_page_says_so_and_typing_goes_on(
    sqlite_address: str, disk: Path, team: Team, measure: Measure, page_for: Callable[..., Page]
) -> None:
    own_page, other_page = (
        page_for(team.partner[role], path=f"/measures/{measure.id}") for role in ("editor", "coordinator")
    )
    states = [page.locator("#save-state") for page in (own_page, other_page)]
    for state in states:
        expect(state).to_have_attribute("data-state", "saved")
    text_ = own_page.locator(f"#t-{measure.id}-description-en")
    begin_to_write(text_)
    with full(disk):
        for words in (" Kept.", f" {LONG}"):
            own_page.keyboard.insert_text(words)
        for page in (own_page, other_page):
            line = page.locator("#save-line")
            expect(line).to_contain_text("The server cannot store anything just now.", timeout=20_000)
        own_page.keyboard.insert_text(" And more.")
        expect(own_page.locator("#save-line")).to_contain_text("1 ")
    for state in states:
        expect(state).to_have_attribute("data-state", "saved")
    body = other_page.locator(f"#t-{measure.id}-description-en .text-body")
    expect(body).to_contain_text("And more.", timeout=20_000)
    assert on_disk(measure.name).count("Wärme") == 3_000
    assert on_disk(measure.name).count("Kept.") == 1


def test_the_database_is_read_as_it_was(away: Away, measure: Measure) -> None:
    """The negative control: the same route outside of the block."""
    assert db.session.execute(text("SELECT 1")).scalar() == 1
    before = on_disk(measure.name)
    with away():
        pass
    assert on_disk(measure.name) == before
