"""Sign-in, sign-out, and sessions."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts import passwords, service, sessions
from klimawerk.accounts.access import signed_in
from klimawerk.accounts.models import AuditEntry, Login
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories
from tests.client import ProofReader

COOKIE = "klimawerk_session"


def cookie(client: FlaskClient) -> str:
    stored = client.get_cookie(COOKIE)
    return stored.value if stored else ""


def token_in(text: str) -> str:
    field = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert field
    return field[1]


def attempt(client: FlaskClient, email: str, password: str = "wrong") -> int:
    token = token_in(client.get("/login").text)
    return client.post("/login", data={"email": email, "password": password, "csrf_token": token}).status_code


def test_the_right_password_opens_the_door_and_the_wrong_one_does_not(client: ProofReader) -> None:
    person = factories.person()
    assert attempt(client, person.email) == 422
    assert client.get("/account").status_code == 302
    assert attempt(client, f" {person.email.upper()} ", factories.PASSWORD) == 302
    assert client.get("/account").status_code == 200


def test_an_account_that_has_ended_opens_nothing_any_more(client: ProofReader) -> None:
    person = factories.person()
    client.login(person)
    service.end_person(person, by=None)
    assert client.get("/account").status_code == 302
    assert attempt(client, person.email, factories.PASSWORD) == 422


def test_the_session_has_a_new_id_after_signing_in_and_keeps_it(client: ProofReader) -> None:
    """Against session fixation; and a stable id lets nginx hash it."""
    client.get("/login")
    planted = cookie(client)
    client.login(factories.person())
    session_id = cookie(client)
    assert session_id != planted
    client.post("/account", data={"name": "Ama", "language": "en", "timezone": "UTC"})
    client.get("/account")
    client.get("/account?lang=de")
    assert cookie(client) == session_id
    stranger = client.application.test_client()
    stranger.set_cookie(COOKIE, planted)
    assert stranger.get("/account").status_code == 302


def test_an_id_that_nobody_was_given_is_not_taken_up(client: ProofReader) -> None:
    client.set_cookie(COOKIE, "chosen-by-somebody")
    client.get("/login")
    assert cookie(client) != "chosen-by-somebody"


def test_the_database_does_not_know_the_cookie(client: ProofReader) -> None:
    client.login(factories.person())
    keys = db.session.scalars(select(Login.key)).all()
    assert sessions.key_of(cookie(client)) in keys
    assert cookie(client) not in keys


def test_the_cookie_is_for_the_server_alone(client: ProofReader) -> None:
    header = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header


def test_who_only_reads_gets_no_session(client: ProofReader) -> None:
    for path in ("/static/v-0/css/main.css", "/nothing-here?lang=xx"):
        client.get(path, headers={"Accept": "application/json"})
    assert cookie(client) == ""
    assert db.session.scalars(select(Login)).all() == []


def test_signing_out_ends_the_session_on_the_server_too(client: ProofReader) -> None:
    client.login(factories.person())
    session_id = cookie(client)
    client.post("/logout")
    assert cookie(client) == ""
    client.set_cookie(COOKIE, session_id)
    assert client.get("/account").status_code == 302


def test_signing_out_everywhere_ends_the_other_browser_not_this_one(app: Flask, client: ProofReader) -> None:
    person, other = factories.person(), app.test_client()
    assert isinstance(other, ProofReader)
    client.login(person)
    other.login(person)
    client.post("/logout/everywhere")
    assert other.get("/account").status_code == 302
    assert client.get("/account").status_code == 200


def test_a_new_password_ends_the_other_browser_and_needs_the_present_one(app: Flask, client: ProofReader) -> None:
    person, other = factories.person(), app.test_client()
    assert isinstance(other, ProofReader)
    client.login(person)
    other.login(person)
    wrong = {"present_password": "not this one", "new_password": "quite another passphrase"}
    assert client.post("/account/password", data=wrong).status_code == 422
    assert other.get("/account").status_code == 200
    right = {**wrong, "present_password": factories.PASSWORD}
    assert client.post("/account/password", data={**right, "new_password": "short"}).status_code == 422
    assert client.post("/account/password", data=right).status_code == 302
    assert other.get("/account").status_code == 302
    assert client.get("/account").status_code == 200
    assert attempt(other, person.email, factories.PASSWORD) == 422
    assert attempt(other, person.email, "quite another passphrase") == 302


def test_an_expired_session_is_nobodys_and_is_purged(client: ProofReader) -> None:
    client.login(factories.person())
    with writing():
        for login in db.session.scalars(select(Login)):
            login.expires_at = now() - timedelta(seconds=1)
    assert client.get("/account").status_code == 302
    assert sessions.purge() >= 1


def test_a_session_in_use_lives_on(client: ProofReader) -> None:
    client.login(factories.person())
    soon = now() + timedelta(hours=1)
    with writing():
        for login in db.session.scalars(select(Login)):
            login.expires_at = soon
    client.get("/account")
    login = db.session.get_one(Login, sessions.key_of(cookie(client)))
    assert login.expires_at > soon + timedelta(hours=10)


def test_a_session_that_was_ended_meanwhile_does_not_come_back(app: Flask, client: ProofReader) -> None:
    client.login(factories.person())
    key = sessions.key_of(cookie(client))

    def ended_by_another_tab() -> None:
        session["something"] = 1
        service.sign_out_everywhere(signed_in(), by=None)

    app.before_request_funcs[None].append(ended_by_another_tab)
    client.get("/account")
    assert db.session.get(Login, key) is None
    assert cookie(client) == ""


def test_a_form_without_its_token_is_refused_with_a_sentence(client: ProofReader) -> None:
    person = factories.person()
    data = {"email": person.email, "password": factories.PASSWORD}
    answer = client.post("/login", data=data)
    assert answer.status_code == 400
    assert "This page is out of date" in answer.text
    client.get("/login")
    answer = client.post("/login", data={**data, "csrf_token": "made up"}, headers={"X-CSRFToken": "made up"})
    assert answer.status_code == 400


def test_the_token_may_come_in_the_header_and_a_strangers_token_is_worth_nothing(
    app: Flask, client: ProofReader
) -> None:
    client.login(factories.person())
    stranger = app.test_client()
    planted = token_in(stranger.get("/login").text)
    own_token, client.token = client.token, ""
    assert client.post("/logout/everywhere", headers={"X-CSRFToken": planted}).status_code == 400
    assert client.post("/logout/everywhere", headers={"X-CSRFToken": own_token}).status_code == 302
    assert client.post("/logout/everywhere", json={}, headers={"X-CSRFToken": ""}).status_code == 400


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client: ProofReader, to: str) -> None:
    person = factories.person()
    client.get("/login")
    answer = client.post("/login", data={"email": person.email, "password": factories.PASSWORD, "next": to})
    assert answer.location == "/"


def test_one_is_led_back_to_where_one_was(client: ProofReader) -> None:
    person = factories.person()
    client.get("/login?next=/account")
    answer = client.post("/login", data={"email": person.email, "password": factories.PASSWORD, "next": "/account"})
    assert answer.location == "/account"


def test_signing_in_again_in_place_gives_the_page_a_new_token(client: ProofReader) -> None:
    person = factories.person()
    form = client.fragment("/login/form")
    data = {"email": person.email, "password": "wrong", "csrf_token": token_in(form.text)}
    wrong = client.post("/login", data=data, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    assert "<html" not in wrong.text
    right = client.post("/login", data={**data, "password": factories.PASSWORD}, headers={"HX-Request": "true"})
    assert right.status_code == 200
    assert right.headers["X-Person"] == str(person.id)
    client.token = right.headers["X-CSRFToken"]
    assert client.post("/logout/everywhere").status_code == 302
    signed_in_answer = client.fragment("/login/form")
    assert token_in(signed_in_answer.text)
    assert signed_in_answer.headers["X-Person"] == str(person.id)


def test_an_unknown_address_gets_the_same_answer_with_the_same_work(
    client: ProofReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = factories.person()
    service.set_password(person, factories.PASSWORD, by=None)  # with the present parameters
    verified: list[str] = []

    def count(stored: str, password: str) -> bool:
        verified.append(stored.rpartition("$")[0].rpartition("$")[0])
        return False

    monkeypatch.setattr(passwords, "_check", count)
    pages: set[str] = set()
    for email in (person.email, "nobody@example.org"):
        client.get("/login")
        answer = client.post("/login", data={"email": email, "password": "wrong"})
        pages.add(re.sub(r'(value|content)="[^"]{40,}"', "", answer.text).replace(email, ""))
    assert len(pages) == 1
    assert verified == [verified[0]] * 4  # two for each: the confirmed account, and any other
    assert "m=19456,t=2,p=1" in verified[0]


def test_every_attempt_is_in_the_record_and_strangers_addresses_are_not_readable_there(client: ProofReader) -> None:
    person = factories.person()
    attempt(client, "nobody@example.org")
    attempt(client, person.email)
    attempt(client, person.email, factories.PASSWORD)
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == ["sign_in_failed", "sign_in_failed", "signed_in"]
    assert "nobody" not in str(entries[0].detail)
    assert entries[1].detail == {"person": person.id}
    assert entries[2].actor_id == person.id


@pytest.fixture
def limited_app(database_address: str, tmp_path: Path) -> Flask:
    """An app with rate limits on."""
    settings = configuration.load(
        instance=tmp_path / "limited",
        database_url=database_address,
        secret_key="tests",
        testing=True,
        rate_limits=True,
    )
    return create_app(settings)


def test_an_account_is_guarded_against_guessing_whether_it_exists_or_not(app: Flask, limited_app: Flask) -> None:
    person = factories.person()
    for email in (person.email, "nobody@example.org"):
        client = limited_app.test_client()
        codes = [attempt(client, email) for _ in range(10)]
        assert codes == [422] * 8 + [429] * 2
        assert (
            "Too many attempts"
            in client.post(
                "/login", data={"email": email, "password": "x", "csrf_token": token_in(client.get("/login").text)}
            ).text
        )
    assert attempt(limited_app.test_client(), person.email, factories.PASSWORD) == 429
    assert attempt(limited_app.test_client(), factories.person().email, factories.PASSWORD) == 302


def test_the_right_password_forgives_earlier_slips(app: Flask, limited_app: Flask) -> None:
    person, client = factories.person(), limited_app.test_client()
    for _ in range(3):
        assert [attempt(limited_app.test_client(), person.email) for _ in range(5)] == [422] * 5
        assert attempt(limited_app.test_client(), person.email, factories.PASSWORD) == 302
    assert attempt(client, person.email) == 422
