"""The pages of import, export and the practice programme, and who may use them."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.exchange.practice import practice_of
from klimawerk.extensions import db
from klimawerk.partnerships.access import my_memberships
from klimawerk.programmes.models import Programme
from tests import factories
from tests.client import ProofReader
from tests.exchange.conftest import EXAMPLE, Census, finish_jobs


def upload(client: ProofReader, data: bytes, name: str = "programme.json") -> str:
    """Upload a file and compute its preview; the address of its page."""
    client.get("/import")
    answer = client.post("/import", data={"file": (io.BytesIO(data), name), "csrf_token": client.token})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    finish_jobs()
    return answer.location


def test_a_file_is_shown_before_it_comes_in(client: ProofReader, census: Census) -> None:
    user = factories.person()
    client.login(user)
    before = census()
    address = upload(client, EXAMPLE)
    page = client.get(address).get_data(as_text=True)
    for expected in ("Stadt Wiesenbrück", "English (original)", "1 EUR = 13 GHS", "1,106,000", "WA-02"):
        assert expected in page
    assert census()["measure"] == before["measure"]
    answer = client.post(address, data={"side": "partner", "csrf_token": client.token})
    assert answer.status_code == 303
    finish_jobs()
    imported = client.get(answer.location, follow_redirects=True)
    assert "The programme has been imported" in imported.text
    assert census()["measure"] == before["measure"] + 10
    assert [(m.side, m.role) for m in my_memberships(user)] == [("partner", "coordinator")]
    again = client.post(address, data={"side": "de"}, follow_redirects=True)
    assert again.request.path == imported.request.path, "a second press leads to what the first one brought"
    assert census()["measure"] == before["measure"] + 10
    done = client.fragment(f"{address}/state")
    assert client.get(done.headers["HX-Redirect"]).location == imported.request.path


@pytest.mark.slow
def test_a_second_press_while_it_is_being_stored_waits_with_the_first(client: ProofReader, census: Census) -> None:
    client.login(factories.person())
    address = upload(client, EXAMPLE)
    before = census()["measure"]
    for _press in range(2):
        page = client.post(address, data={"side": "de", "csrf_token": client.token}, follow_redirects=True)
        assert "The programme is being stored" in page.text
        assert f'hx-get="{address}/state"' in client.fragment(f"{address}/state").text
    assert census()["measure"] == before
    finish_jobs()
    assert census()["measure"] == before + 10


def test_a_files_size_is_written_as_its_reader_writes(client: ProofReader) -> None:
    for language, size in (("en", "1.5 MB"), ("de", "1,5 MB")):
        client.login(factories.person(language=language))
        client.get("/import")
        answer = client.post(
            "/import", data={"file": (io.BytesIO(b" " * 1_450_001), "a.json"), "csrf_token": client.token}
        )
        assert size in client.get(answer.location).text.replace("\u00a0", " ")
        client.post("/logout")


def test_a_bad_file_is_refused_with_the_place(client: ProofReader, census: Census) -> None:
    client.login(factories.person())
    before = census()
    address = upload(client, EXAMPLE.replace(b'"category": "equipment"', b'"category": "<b>gold</b>"'))
    page = client.get(address).get_data(as_text=True)
    assert "measures[0] (WA-01) → costs[0] → category" in page
    assert "“&lt;b&gt;gold&lt;/b&gt;” is not a code" in page
    assert client.post(address, data={"side": "de"}).status_code == 422
    assert census()["programme"] == before["programme"]


def test_the_look_is_in_the_readers_language_and_asks_again_by_itself(client: ProofReader) -> None:
    client.login(factories.person(language="de"))
    client.get("/import")
    address = client.post(
        "/import", data={"file": (io.BytesIO(EXAMPLE), "a.json"), "csrf_token": client.token}
    ).location
    fragment = client.fragment(f"{address}/state").get_data(as_text=True)
    assert f'hx-get="{address}/state"' in fragment
    assert "<progress" in fragment


def test_nobody_sees_what_another_has_uploaded(client: ProofReader, app: Flask) -> None:
    client.login(factories.person())
    address = upload(client, EXAMPLE)
    other = app.test_client()
    assert isinstance(other, ProofReader)
    other.login(factories.person())
    assert other.get(address).status_code == 303
    assert other.get(f"{address}/state").status_code == 404
    assert other.post(address, data={"side": "de"}).status_code == 404


def test_a_missing_file_and_a_strange_side_are_said(client: ProofReader) -> None:
    client.login(factories.person())
    client.get("/import")
    answer = client.post("/import", data={"csrf_token": client.token})
    assert answer.status_code == 422
    assert "Please choose a file." in answer.get_data(as_text=True)
    address = upload(client, EXAMPLE)
    assert client.post(address, data={"side": "neutral", "csrf_token": client.token}).status_code == 422


def test_the_export_is_for_members_and_nobody_else_learns_of_it(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    address = f"/programmes/{programme.id}/export.json"
    assert client.get(address).status_code in (302, 401)
    client.login(factories.person())
    assert client.get(address).status_code == 404
    client.login(team.partner["observer"])
    answer = client.get(address)
    assert answer.mimetype == "application/json"
    assert 'filename="klimawerk-musterstadt-exampleton.json"' in answer.headers["Content-Disposition"]
    assert json.loads(answer.data)["measures"][0]["code"] == "WA-01"
    assert client.get(f"/programmes/{factories.measure(programme).id}/export.json").status_code == 404


def practice_programme(person: Person) -> Programme:
    db.session.rollback()
    programme = practice_of(person)
    assert programme
    return programme


def test_the_practice_programme_can_be_spoilt_and_reset(any_database: str, client: ProofReader) -> None:
    user = factories.person(language="de")
    client.login(user)
    first = client.post("/practice", data={"csrf_token": client.token})
    page = client.get(first.location).get_data(as_text=True)
    assert "Übungsprogramm" in page
    first_programme = practice_programme(user)
    again = client.post("/practice", data={"csrf_token": client.token})
    assert again.location == first.location, "there is one, not two"
    reset = client.post("/practice/reset", data={"csrf_token": client.token})
    assert reset.location != first.location
    assert client.get(first.location).status_code == 404
    assert client.get(reset.location).status_code == 200
    assert practice_programme(user).id != first_programme.id
    assert len(my_memberships(user)) == 1


def test_the_practice_programme_is_ones_own(client: ProofReader) -> None:
    user, other = factories.person(), factories.person()
    client.login(user)
    address = client.post("/practice", data={"csrf_token": client.token}).location
    client.login(other)
    assert client.get(address).status_code == 404
    assert len(db.session.scalars(select(Programme)).all()) == 1
