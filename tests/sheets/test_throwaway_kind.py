"""A new kind of item needs three files of its own (`throwaway/`) and no change elsewhere."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.collab import access
from klimawerk.collab.rich_text import from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.exchange.service import export_programme
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import set_languages
from klimawerk.sheets.items import create_item, lock_item
from klimawerk.sheets.models import Item
from klimawerk.versions import auto_versions, service
from klimawerk.versions.models import Version
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.live.engine_server import b64, until
from tests.servers import KlimawerkServer
from tests.sheets import throwaway
from tests.sheets.throwaway.models import Note

TITLE = "title.en"


@pytest.fixture
def app(app: Flask) -> Flask:
    throwaway.init_app(app)
    return app


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def note(programme: Programme) -> Note:
    created = Note(frame=programme.frame)
    create_item(created, values=None, texts={TITLE: from_plain_text("Leaf litter")})
    return created


@pytest.fixture
def server(app: Flask, database_address: str, tmp_path: Path) -> Iterator[KlimawerkServer]:
    server = KlimawerkServer(tmp_path, database_address, born=True, serves="tests.sheets.throwaway:make()")
    server.start()
    yield server
    server.close()


class NoteSocket:
    """A user's socket with a replica of the note's document."""

    def __init__(self, server: KlimawerkServer, person: Person, name: str) -> None:
        self.socket, self.name = server.socket(person), name
        self.doc: Doc[XmlFragment] = Doc()

    def ask(self, event: str, **payload: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.call(event, payload, timeout=10)
        return answer

    def join(self) -> dict[str, Any]:
        answer = self.ask("doc:join", doc=self.name)
        if answer["ok"]:
            self.doc.apply_update(base64.b64decode(answer["u"]))
        return answer

    def write(self, text: str) -> dict[str, Any]:
        before = self.doc.get_state()
        paragraph = self.doc.get(TITLE, type=XmlFragment).children[0]
        assert isinstance(paragraph, XmlElement)
        paragraph.children.append(XmlText(text))
        return self.ask("doc:update", doc=self.name, u=b64(self.doc.get_update(before)))


def test_its_document_is_joined_and_written_by_whom_its_kind_admits(
    server: KlimawerkServer, team: Team, note: Note
) -> None:
    moderator, editor, observer, stranger = (
        NoteSocket(server, person, note.name)
        for person in (team.moderator, team.de["editor"], team.partner["observer"], factories.person())
    )
    assert [moderator.join()["write"], editor.join()["write"]] == [True, False]
    for outsider in (observer, stranger):
        assert outsider.join() == {"ok": False, "error": "not_found"}
        assert outsider.ask("watch", topics=[note.name, f"versions:{note.id}"])["refused"] == [
            note.name,
            f"versions:{note.id}",
        ]
    assert moderator.write(" in autumn")["ok"]
    assert editor.write(" never") == {"ok": False, "error": "forbidden"}
    session = server.session(team.de["editor"])
    until(lambda: f'href="/notes/{note.id}' in session.get(f"{server.url}/search?q=autumn", timeout=10).text)
    for writer in (moderator, editor, observer, stranger):
        writer.socket.disconnect()


def test_its_field_is_set_by_the_route_of_all_fields(client: ProofReader, team: Team, programme: Programme) -> None:
    client.login(team.moderator)
    address = client.post(f"/programmes/{programme.id}/notes").headers["Location"]
    note = db.session.scalars(select(Note)).one()
    set_place = f"/items/{note.id}/fields/place"
    assert f'href="{set_place}"' in client.get(address).text
    assert 'name="value"' in client.get(set_place).text
    assert client.post(set_place, data={"value": "Town hall", "rev": "0"}).status_code == 303
    assert db.session.get_one(Item, note.id).values == {"place": "Town hall"}
    client.login(team.de["editor"])
    assert client.get(address).status_code == 200
    assert client.post(set_place, data={"value": "Elsewhere", "rev": "9"}).status_code == 403
    client.login(team.de["observer"])
    for path in (address, f"/items/{note.id}/changes", f"/items/{note.id}/history", f"/items/{note.id}/comments"):
        assert client.get(path).status_code == 404, path


def test_it_is_found_by_search_by_whom_may_read_it(client: ProofReader, team: Team, note: Note) -> None:
    client.login(team.moderator)
    client.post(f"/items/{note.id}/fields/place", data={"value": "Town hall", "rev": "0"})
    for person, is_found in ((team.de["reviewer"], True), (team.de["observer"], False), (factories.person(), False)):
        client.login(person)
        for words in ("town hall", "leaf litter"):
            page = client.get("/search", query_string={"q": words}).get_data(as_text=True)
            assert (f'href="/notes/{note.id}' in page) == is_found, (person.name, words)


def test_it_gets_versions_when_editing_stops(
    client: ProofReader, team: Team, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.login(team.moderator)
    client.post(f"/items/{note.id}/fields/place", data={"value": "Town hall", "rev": "0"})
    monkeypatch.setattr(auto_versions, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(auto_versions, "LEAVE_SECONDS", 0.0)
    watch: auto_versions.AutoVersions = client.application.extensions["versions"]
    watch._has_checked_all = True  # only what was recorded when it changed
    for _item in db.session.scalars(select(Item)).all():
        watch.look()
    version = db.session.scalars(select(Version).where(Version.item_id == note.id)).one()
    client.login(team.de["editor"])
    assert "Town hall" in client.get(f"/items/{note.id}/history/{version.number}").get_data(as_text=True)


def test_its_changes_are_news_for_whom_may_read_it(client: ProofReader, team: Team, note: Note) -> None:
    client.login(team.moderator)
    client.post(f"/items/{note.id}/fields/place", data={"value": "Town hall", "rev": "0"})
    for role, told in (("reviewer", True), ("observer", False)):
        client.login(team.de[role])
        assert (f"/notes/{note.id}" in client.get("/").get_data(as_text=True)) == told, role


def test_locks_and_languages_of_the_programme_hold_for_it(team: Team, programme: Programme, note: Note) -> None:
    lock_item(programme, "We vote", by="Workshop")
    assert document_store.is_locked(note.name)
    set_languages(programme, languages=["de", "en", "fr"], lead="en", by=None)
    assert "title.fr" in document_store.texts([note.name])[note.name]


def test_it_goes_to_the_bin_and_back_by_whom_may_write_it(client: ProofReader, team: Team, note: Note) -> None:
    for person, status in ((team.de["editor"], 403), (team.de["observer"], 404), (team.moderator, 303)):
        client.login(person)
        assert client.post(f"/items/{note.id}/delete").status_code == status
    assert access.access_of(team.moderator.id, note.name) is None
    for role, status in (("editor", 403), ("observer", 404)):
        client.login(team.de[role])
        assert client.post(f"/items/{note.id}/restore").status_code == status
    client.login(team.moderator)
    assert client.post(f"/items/{note.id}/restore").headers["Location"] == f"/notes/{note.id}"
    assert access.access_of(team.moderator.id, note.name)


def test_it_stays_out_of_files_unless_its_kind_says_so(
    client: ProofReader, team: Team, programme: Programme, note: Note
) -> None:
    client.login(team.moderator)
    for item in (note, factories.measure(programme)):
        thread = {"words": f"About {item.kind}", "kind": "question", "language": "en", "key": str(uuid.uuid4())}
        client.post(f"/items/{item.id}/comments", data=thread)
        service.take_version(item.id, service.QUIET)
    file = export_programme(programme)
    assert {item["kind"] for item in file["history"]["items"]} == {"programme", "goal", "measure"}
    assert [thread["thread"][0]["text"] for thread in file["comments_sample"]] == ["About measure"]
    assert "Leaf litter" not in str(file)
