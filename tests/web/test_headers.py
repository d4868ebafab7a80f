"""Security headers and error responses, of every kind of response."""

from __future__ import annotations

import pytest
from flask import Flask, abort

from klimawerk import config as configuration
from klimawerk import create_app
from tests import factories
from tests.client import ProofReader

PLACES = ["/login", "/forgot", "/imprint", "/nothing-here", "/static/js/main.js", "/static/none.css", "/", "/healthz"]


@pytest.mark.parametrize("place", PLACES)
def test_every_answer_has_the_policy_and_its_companions(client: ProofReader, place: str) -> None:
    headers = client.get(place).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_a_crash_has_them_too(app: Flask, client: ProofReader) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/crash", "crash", lambda: str(1 / 0))
    response = client.get("/crash")
    assert response.status_code == 500
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("place", ["/login", "/imprint", "/nothing-here"])
def test_pages_are_not_kept_by_any_cache(client: ProofReader, place: str) -> None:
    assert client.get(place).headers["Cache-Control"] == "no-store"


def test_https_is_remembered_and_makes_the_cookie_secure(app: Flask, tmp_path, database_address: str) -> None:  # type: ignore[no-untyped-def]
    settings = configuration.load(
        instance=tmp_path, database_url=database_address, secret_key="x", https=True, testing=True, rate_limits=False
    )
    response = create_app(settings).test_client().get("/login", base_url="https://localhost")
    assert "max-age" in response.headers["Strict-Transport-Security"]
    assert "Secure" in response.headers["Set-Cookie"]


def test_a_page_is_marked_as_differing_for_htmx(client: ProofReader) -> None:
    assert "HX-Request" in client.get("/login").headers["Vary"]


def test_an_error_is_a_page_in_the_readers_language_with_a_number(client: ProofReader) -> None:
    page = client.get("/nothing-here")
    assert page.status_code == 404
    assert "This page does not exist, or it is not open to you." in page.text
    assert "quote this number" in page.text


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 413, 429])
def test_htmx_gets_an_error_as_a_fragment_for_the_messages(app: Flask, client: ProofReader, code: int) -> None:
    app.add_url_rule(f"/fails/{code}", f"fails{code}", lambda: abort(code))
    response = client.fragment(f"/fails/{code}")
    assert response.status_code == code
    assert response.headers["HX-Retarget"] == "#flashes"
    assert "<html" not in response.text


def test_a_script_gets_an_error_as_json(client: ProofReader) -> None:
    response = client.get("/nothing-here", headers={"Accept": "application/json"})
    assert response.json is not None
    assert set(response.json) == {"error", "text", "number"}


def test_a_crash_shows_no_trace_but_its_number_is_in_the_log(
    app: Flask, client: ProofReader, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def crash() -> str:
        raise RuntimeError("the inner secret")

    app.add_url_rule("/crash", "crash", crash)
    response = client.get("/crash")
    assert "RuntimeError" not in response.text
    assert "inner secret" not in response.text
    number = response.text.split("quote this number: ")[1][:8]
    assert number in caplog.text
    assert "inner secret" in caplog.text


def test_a_stranger_is_led_to_signing_in_and_back(client: ProofReader) -> None:
    response = client.get("/account?x=1")
    assert response.status_code == 302
    assert response.location == "/login?next=/account?x%3D1"
    assert client.fragment("/account").status_code == 401


def test_a_reader_has_their_own_language_and_can_switch_for_a_while(client: ProofReader) -> None:
    assert "Sign in" in client.get("/login").text
    assert 'lang="de"' in client.get("/login", headers={"Accept-Language": "de-AT,en;q=0.5"}).text
    assert 'lang="de"' in client.get("/login?lang=de").text
    assert 'lang="de"' in client.get("/login").text
    client.login(factories.person(language="de"))
    assert '<html lang="de"' in client.get("/account").text
    assert '<html lang="en"' in client.get("/account?lang=en").text
    assert '<html lang="en"' in client.get("/account").text
