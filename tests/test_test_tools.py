"""The test tools: they find faults, and report no false ones."""

from __future__ import annotations

import subprocess
import sys

import pytest
import redis
from flask import Flask
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.web.headers import CONTENT_SECURITY_POLICY
from tests import factories, html_checks
from tests.mailbox import Mailbox
from tests.servers import KlimawerkServer, claim, free_port

GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sheet</title>
<script type="module" src="/static/js/app.js"></script></head>
<body><main><h1>Sheet</h1><form action="/save"><label for="a">Name</label><input id="a" name="a">
<label>Town <input name="b"></label><button>Save</button></form></main></body></html>"""


def test_a_good_page_has_no_faults() -> None:
    assert html_checks.page(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("<!doctype html>", ""),
        ('lang="en"', 'lang="xx"'),
        ("<title>Sheet</title>", "<title></title>"),
        ("<h1>Sheet</h1>", "<h2>Sheet</h2>"),
        ("<h1>Sheet</h1>", "<h1>Sheet</h1><h1>Again</h1>"),
        ('for="a"', 'for="c"'),
        ("<label>Town ", "<label>"),
        ('<input name="b">', '<input name="b" id="a">'),
        ("<button>", '<button style="color: red">'),
        ("<button>", '<button onclick="save()">'),
        ("<button>", '<button hx-on:click="save()">'),
        ("<button>", '<button hx-trigger="click[ctrlKey]">'),
        ("<button>Save", "<button>"),
        ("<form", "<script>alert(1)</script><form"),
        ("<form", "<style>p {}</style><form"),
        ("<form", '<img src="/static/a.png"><form'),
        ('src="/static/js/app.js"', 'src="https://example.org/app.js"'),
        ("Save", "%(count)d saved"),
        ("</form>", "</div></form>"),
    ],
)
def test_a_bad_page_is_found_out(good: str, bad: str) -> None:
    assert good in GOOD
    assert html_checks.page(GOOD.replace(good, bad, 1))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("default-src 'none'; ", ""),
        ("; base-uri 'none'", ""),
        ("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        ("script-src 'self'", "script-src *"),
        ("script-src 'self'", "script-src data:"),
    ],
)
def test_a_loose_policy_is_found_out(good: str, bad: str) -> None:
    assert html_checks.policy(CONTENT_SECURITY_POLICY) == []
    assert good in CONTENT_SECURITY_POLICY
    assert html_checks.policy(CONTENT_SECURITY_POLICY.replace(good, bad))
    assert html_checks.policy(None)


def test_a_fragment_is_whole_elements_with_ids() -> None:
    assert html_checks.fragment('<tr id="r1"><td>A</td></tr>') == []
    assert html_checks.fragment('<p id="a">A</p><p id="b">B</p>') == []
    assert html_checks.fragment("<p>A</p>")
    assert html_checks.fragment('words <p id="a">A</p>')
    assert html_checks.fragment("")


def test_a_partnership_has_people_of_both_sides(app: Flask, any_database: str) -> None:
    team = factories.partnership()
    memberships = db.session.scalars(select(Membership).where(Membership.partnership_id == team.partnership.id)).all()
    assert {(membership.side, membership.role) for membership in memberships} >= {
        ("de", "editor"),
        ("partner", "coordinator"),
        ("neutral", "moderator"),
    }
    assert app.extensions["klimawerk"].is_sqlite == any_database.startswith("sqlite")


def test_valkey_answers(valkey_address: str) -> None:
    assert redis.Redis.from_url(valkey_address).ping()


def test_mail_arrives(smtp: Mailbox) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", int(smtp.url.rsplit(":", 1)[1])) as line:
        line.sendmail("a@example.org", ["b@example.org"], "Subject: Hello\n\nWords")
    assert smtp.wait()[0]["Subject"] == "Hello"


def test_the_real_server_answers_is_killed_and_comes_back(live_server: KlimawerkServer, any_database: str) -> None:
    assert live_server.answers()
    live_server.kill()
    assert not live_server.answers()
    live_server.restart()
    assert live_server.answers()
    assert live_server.stop() == 0
    assert "Traceback" not in live_server.log


def claimed_elsewhere(*ports: int) -> list[bool]:
    """For each port: whether another test process, which ends at once, could reserve it."""
    script = f"from tests.servers import claim; print([claim(port) for port in {ports}])"
    return list(eval(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout))


def test_a_port_is_given_to_one_process_only_and_once_until_that_ends() -> None:
    own_port = free_port(2)
    other_port = next(port for port in range(40_000, 50_000) if claimed_elsewhere(port) == [True])
    assert claimed_elsewhere(own_port, own_port + 1) == [False, False]
    assert not claim(own_port)
    assert claim(other_port), "its process has ended"
    assert claimed_elsewhere(other_port) == [False]
