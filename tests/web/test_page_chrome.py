"""Formats, the operator's texts, log redaction, compression and limits of pages."""

from __future__ import annotations

import gzip
import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from jinja2 import DictLoader, Environment

from klimawerk.clock import now
from klimawerk.web import formats, info_pages
from klimawerk.web.log_filter import SecretFilter, without_secrets
from klimawerk.web.whitespace import CompactTemplates
from tests import factories
from tests.client import ProofReader


@pytest.mark.parametrize(
    ("language", "value", "expected"),
    [
        ("en", "2027-05", "May 2027"),
        ("de", "2027-05", "Mai 2027"),
        ("en", "2027", "2027"),
        ("en", date(2026, 11, 24), "24 November 2026"),
        ("de", date(2026, 11, 24), "24. November 2026"),
    ],
)
def test_dates_are_said_in_words(app: Flask, language: str, value: date | str, expected: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert formats.date(value) == expected


def test_money_and_numbers_follow_the_reader(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert formats.money(Decimal("1500"), "EUR") == "1.500\u00a0€"
        assert formats.number(Decimal("1234.50")) == "1.234,5"
        assert formats.money(None, "EUR") == ""
    with app.test_request_context(), force_locale("en"):
        assert formats.money(Decimal("1500.5"), "GHS") == "GHS\u00a01,500.50"


def test_a_moment_is_told_in_both_towns(app: Flask) -> None:
    zones = {"A-Stadt": "Europe/Berlin", "B-Town": "Africa/Accra"}
    towns = [SimpleNamespace(name=name, timezone=zone) for name, zone in zones.items()]
    afternoon = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    with app.test_request_context(), force_locale("en"):
        assert formats.moment(afternoon, "Europe/Berlin") == "24 November 2026, 14:30"
        assert formats.moments(afternoon, towns) == "24 November 2026, 14:30 (A-Stadt) · 13:30 (B-Town)"
        late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
        assert formats.moments(late, towns).count("November") == 2


def test_the_operators_own_text_stands_on_the_page_and_only_as_text(app: Flask, client: ProofReader) -> None:
    folder = app.extensions["klimawerk"].instance
    assert "The operator completes this text" in client.get("/imprint").text
    (folder / "imprint.txt").write_text(
        "# Town hall\n<b>Main street 1</b>\n\n- a@town.example\n- https://town.example/x."
    )
    page = client.get("/imprint").text
    assert "<h2>Town hall</h2>" in page
    assert "&lt;b&gt;Main street" in page
    assert '<a href="mailto:a@town.example">' in page
    assert '<a href="https://town.example/x">' in page
    (folder / "imprint.de.txt").write_text("Rathaus")
    assert "Rathaus" in client.get("/imprint?lang=de").text


def test_every_page_has_the_way_to_report_a_barrier(client: ProofReader) -> None:
    assert 'href="/accessibility"' in client.get("/login").text
    assert "Report a barrier" in client.get("/accessibility").text


def test_links_are_only_for_pages_and_mail() -> None:
    assert "<a" not in info_pages.text_to_html("javascript:alert(1) data:text/html,x")


@pytest.mark.parametrize(
    "line",
    [
        "form: {'email': 'a@b.example', 'password': 'hush-hush', 'csrf_token': 'hush-hush'}",
        "password=hush-hush&next=/",
        "Cookie: klimawerk_session=hush-hush",
        "Authorization: Bearer hush-hush",
        "X-CSRFToken: hush-hush",
        "GET /link/reset/hush-hush HTTP/1.1",
        "cannot reach smtp://user:hush-hush@mail.example:25",
        'postgresql+psycopg://klima:hush-hush@db/klima {"new_password": "hush-hush"}',
        'password="before \\"quoted\\" hush-hush" behind',
        "secret='a quotation without an end, hush-hush",
        "token" * 20_000 + "=hush-hush",
        "x" * 99_990 + " token=hush-hush",
        "my.api-token-2 : hush-hush",
    ],
)
def test_a_secret_does_not_reach_the_log(line: str) -> None:
    assert "hush-hush" not in without_secrets(line)


def test_what_only_looks_like_a_secret_stays_readable() -> None:
    for line in ("GET /tokentoken HTTP/1.1", "the password was wrong", "https://host.example:8000/path", "a: b@c"):
        assert without_secrets(line) == line
    assert without_secrets("y" * 300_000) == "y" * 100_000 + " [200000 more characters]"


def test_neither_does_one_in_a_traceback_while_the_rest_stays_readable() -> None:
    try:
        raise ValueError("bad password: 'hush-hush' for a@b.example")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, "", 1, "it failed", None, trace)
    written = SecretFilter("%(message)s").format(record)
    assert "hush-hush" not in written
    assert "it failed" in written
    assert "for a@b.example" in written


def test_a_page_comes_packed_to_whom_takes_it_so(client: ProofReader) -> None:
    plain = client.get("/accessibility")
    assert "Content-Encoding" not in plain.headers
    client_without_cookies = client.application.test_client(use_cookies=False)
    with client.application.app_context():
        compressed = FlaskClient.open(client_without_cookies, "/accessibility", headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in compressed.headers["Vary"]
    assert b"Report a barrier" in gzip.decompress(compressed.data)
    assert len(compressed.data) < len(plain.data) * 0.6


def test_a_number_beyond_all_columns_is_an_unknown_page(client: ProofReader) -> None:
    client.login(factories.person())
    assert client.get(f"/partnerships/{2**31}/members").status_code == 404
    assert client.get(f"/partnerships/{10**40}/members").status_code == 404


def test_what_is_too_large_is_refused_with_a_sentence(client: ProofReader) -> None:
    client.get("/login")
    response = client.post("/login", data={"email": "x" * 3_000_000, "password": "x"})
    assert response.status_code == 413
    assert "larger than this page accepts" in response.text


def test_a_nul_finds_nobody_and_breaks_nothing(client: ProofReader, any_database: str) -> None:
    client.get("/login")
    response = client.post("/login", data={"email": "a\0b@example.org", "password": "x\0"})
    assert response.status_code == 422


def test_templates_lose_the_space_of_their_authors_and_no_other() -> None:
    source = """<p>
    {% if a %}
      <b>{{ a }}</b>
    {% endif %}
    <i>and</i>   {{ "b  c" }}
    {# a remark #}
  </p>
{% for x in (1, 2) %}
  <a>{{ x }}</a>
{% endfor %}
"""
    env = Environment(extensions=[CompactTemplates], loader=DictLoader({"page.html": source, "mail.txt": source}))
    assert env.get_template("page.html").render(a="x\n\n  y") == (
        "<p>\n<b>x\n\n  y</b>\n<i>and</i>   b  c\n</p>\n\n<a>1</a>\n\n<a>2</a>\n"
    )
    assert env.get_template("page.html").render() == "<p>\n<i>and</i>   b  c\n</p>\n\n<a>1</a>\n\n<a>2</a>\n"
    assert "\n    \n" in env.get_template("mail.txt").render()


def test_a_recent_day_is_said_by_its_name_and_this_year_not_at_all(app: Flask) -> None:
    present = now()
    last_year = present.replace(year=present.year - 1, month=3, day=3, hour=12)
    with app.test_request_context(), force_locale("en"):
        assert formats.recent_day(present).startswith("today, ")
        assert formats.recent_day(present - timedelta(days=1)).startswith("yesterday, ")
        assert formats.recent_day(last_year) == f"3 March {last_year.year}"
        assert str(present.year) not in formats.short_day(present)
    with app.test_request_context(), force_locale("de"):
        assert formats.recent_day(present).startswith("heute, ")
        assert formats.recent_day(last_year) == f"3. März {last_year.year}"
