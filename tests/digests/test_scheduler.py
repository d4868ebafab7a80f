"""Built-in scheduler: the server sends by itself; the pages are accessible."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from klimawerk.clock import now
from klimawerk.comments import service
from klimawerk.comments.models import CommentEvent
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.digests import preferences, scheduler, unsubscribe_link
from klimawerk.digests.models import DAILY, DigestChoice, DigestMail, DigestMark
from klimawerk.extensions import db
from klimawerk.partnerships.access import member_of
from tests import factories, servers
from tests.accessibility import LOOKS, looked_at
from tests.digests.conftest import words
from tests.factories import Team
from tests.mailbox import Mailbox


def make_digest_due(team: Team) -> None:
    """Make a digest due: the German editor missed a comment an hour ago, and their hour has come."""
    programme = factories.programme(team)
    author = member_of(team.partner["editor"], team.partnership.id)
    assert author is not None
    written = CommentInput("Forty bins.", "en", str(uuid.uuid4()))
    made = service.open_thread(
        factories.measure(programme), written, kind="question", side="", subject=ThreadSubject(), by=author
    )
    hour_ago, moment = now() - timedelta(hours=1), now()
    preferences.mark_new_memberships(moment)
    for person in team.everybody():
        preferences.set_preference(person, frequency="never", hour=7, weekday=0)
    with writing():
        made.at = hour_ago
        for event in db.session.scalars(db.select(CommentEvent)):
            event.at = hour_ago
        for mark in db.session.scalars(db.select(DigestMark)):
            mark.told_until = mark.called_until = hour_ago - timedelta(hours=1)
        choice = db.session.get_one(DigestChoice, team.de["editor"].id)
        choice.frequency, choice.due_at = DAILY, moment - timedelta(minutes=1)


@pytest.fixture
def team(app: Flask) -> Team:
    made = factories.partnership("Wiesenbrück", "Abenkrom")
    make_digest_due(made)
    return made


@pytest.fixture
def server(team: Team, database_address: str, tmp_path: Path, smtp: Mailbox) -> Iterator[Callable[..., None]]:
    started = []

    def start(**environment: str) -> None:
        instance = servers.KlimawerkServer(
            tmp_path, database_address, settings=environment, KLIMAWERK_SMTP_URL=smtp.url
        )
        started.append(instance)
        instance.start()

    yield start
    for instance in started:
        instance.close()


def test_the_server_sends_what_is_due_by_itself(
    server: Callable[..., None], smtp: Mailbox, team: Team, any_database: str
) -> None:
    server()
    (mail,) = smtp.wait(1, seconds=30)
    assert mail["To"] == team.de["editor"].email
    assert "Forty bins." in words(mail)


def test_where_cron_does_it_the_server_does_not(smtp: Mailbox, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked by which tasks start, so nothing has to be waited for."""
    begun: list[object] = []
    monkeypatch.setattr(app.extensions["live"].server, "start_background_task", lambda *task: begun.append(task))
    settings = dataclasses.replace(app.extensions["klimawerk"], smtp_url=smtp.url)
    for digests, count in ((False, 0), (True, 1)):
        app.extensions["klimawerk"] = dataclasses.replace(settings, digests=digests)
        scheduler.start_scheduler(app)
        assert len(begun) == count


@pytest.mark.slow
def test_no_page_of_digests_has_a_barrier(
    team: Team, app: Flask, live_server: servers.KlimawerkServer, page_for: Callable[..., Page]
) -> None:
    secret = (live_server.instance / "secret_key").read_text().strip()
    app.extensions["klimawerk"] = dataclasses.replace(app.extensions["klimawerk"], secret_key=secret)
    faults = []
    for side, light in LOOKS:
        person = getattr(team, side)["editor"]
        page = page_for(person)
        page.emulate_media(color_scheme=light)
        stop = unsubscribe_link.unsubscribe_url(person).removeprefix("http://localhost:8000")
        for path in ("/account", stop, f"{stop}x"):
            page.goto(path)
            faults += [f"{person.language} {path[:14]}: {fault}" for fault in looked_at(page)]
        page.goto(stop)
        page.set_viewport_size({"width": 320, "height": 900})
        page.locator("main form button").click()
        expect(page.get_by_role("button", name=re.compile("Undo|Rückgängig"))).to_be_visible()
        faults += [f"{person.language} stopped: {fault}" for fault in looked_at(page)]
    with writing():
        for state, error in (("waiting", "ConnectionRefusedError"), ("failed", "550 No such person here " * 8)):
            more = {"subject": "-", "text": "-", "html": "-", "state": state, "error": error, "tries": 3}
            mail = DigestMail(person_id=team.de["editor"].id, message_id=state, until=now(), language="de", **more)
            db.session.add(mail)
    page = page_for(factories.person("Operator", language="de", operator=True))
    for path in ("/digests/waiting", "/account"):
        page.goto(path)
        faults += [f"operator {path}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)
