"""Anonymous sessions are in the cookie: the server stores nothing for visitors who only open pages."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import func, select

from klimawerk.accounts import sessions
from klimawerk.accounts.models import Login
from klimawerk.extensions import db
from tests import factories
from tests.accounts.test_signing_in import COOKIE, attempt, cookie, token_in
from tests.client import ProofReader


def login_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Login)) or 0


@pytest.mark.parametrize("place", ["/login", "/forgot", "/login?lang=de", "/link/reset/made-up"])
def test_opening_a_page_without_a_cookie_stores_nothing(app: Flask, place: str) -> None:
    """Before, 1,500 visits of /login in 7 s had stored 1,500 rows for two hours."""
    for _ in range(5):
        assert app.test_client().get(place).status_code in (200, 410)
    assert login_count() == 0


def test_a_stranger_signs_in_with_the_form_that_was_opened_and_only_then_is_there_a_session(
    client: ProofReader,
) -> None:
    assert attempt(client, factories.person().email) == 422
    assert login_count() == 0
    assert attempt(client, factories.person().email, factories.PASSWORD) == 302
    assert login_count() == 1
    assert "." not in cookie(client)


def test_a_strangers_language_is_remembered_all_the_same(client: ProofReader) -> None:
    assert "Anmelden" in client.get("/login?lang=de").text
    assert "Anmelden" in client.get("/login").text
    assert login_count() == 0


def test_a_form_token_of_another_browser_is_worth_nothing(app: Flask, client: ProofReader) -> None:
    stranger = app.test_client()
    planted = token_in(stranger.get("/login").text)
    client.get("/login")
    data = {"email": factories.person().email, "password": factories.PASSWORD, "csrf_token": planted}
    client.token = ""
    assert client.post("/login", data=data).status_code == 400


def test_nobody_can_write_their_own_cookie(app: Flask, client: ProofReader) -> None:
    """An anonymous cookie signs nobody in, not even one signed with the installation's key."""
    person = factories.person()
    with app.test_request_context():
        forged = sessions._signer().dumps({sessions.PERSON: person.id, sessions.LOGIN: "x", "lang": "de"})
    client.set_cookie(COOKIE, forged)
    assert client.get("/account").status_code == 302
    assert "Anmelden" in client.get("/login").text
    client.set_cookie(COOKIE, forged[:-3] + "abc")
    assert "Sign in" in client.get("/login").text


def test_the_cookie_of_a_stranger_is_not_read_for_ever(client: ProofReader, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/login?lang=de")
    monkeypatch.setattr(sessions, "ANONYMOUS_HOURS", -1)
    assert "Sign in" in client.get("/login").text


class WatchedBody(io.BytesIO):
    """A request body that records whether it was read."""

    was_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.was_read = True
        return super().read(size)


@pytest.mark.parametrize("headers", [{"Content-Length": "1000000"}, {"Transfer-Encoding": "chunked"}])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_large_body_of_a_stranger_is_not_even_read(client: ProofReader, headers: dict[str, str], kind: str) -> None:
    """After the end of a session the answer is 401 as before: the page keeps what was typed."""
    body = WatchedBody(b"x" * 1_000_000)
    answer = client.post("/account", input_stream=body, headers=headers, content_type=kind)
    assert answer.status_code == 401
    assert not body.was_read
    client.login(factories.person())
    client.post("/account", data={"name": "x" * 60_000, "language": "en", "timezone": "UTC"})
    assert client.get("/account").status_code == 200
