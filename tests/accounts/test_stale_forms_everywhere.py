"""Stale CSRF tokens in every plain form of the application: nothing is executed, and nothing typed is lost."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from klimawerk import exchange
from klimawerk.accounts import expiring_links
from klimawerk.accounts.models import Link, Person
from klimawerk.comments import service as comments
from klimawerk.comments.models import Thread
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.jobs import states
from klimawerk.jobs.runner import JobRunner
from klimawerk.measures.models import Measure
from klimawerk.partnerships.access import Member, member_of
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions import service as versions
from klimawerk.web.form_refill import FormParser, ParsedForm
from tests import factories
from tests.accounts.form_crawler import FoundForm, filled, forms
from tests.client import ProofReader
from tests.factories import Team

EXAMPLE = (Path(exchange.__file__).parent / "example_programme.json").read_bytes()
NOT_CRAWLED = {
    "comments.translate": "stands where the operator runs a service for translating",
    "comments.read": "is sent by a script alone, and notes no more than what was read",
    "digests.try_again": "stands where mails were given up, and holds nothing typed",
    "digests.stop_now": "needs no token: what is in the link is the proof",
    **dict.fromkeys(
        ("accounts.ask_to_confirm", "accounts.confirm", "accounts.confirm_account"),
        "stands where an address is not confirmed, and holds nothing typed",
    ),
    "exchange.read_pasted": "is asked by a script alone and keeps nothing; what was pasted stays in its field",
    "exchange.cancel": "stands while a file is being worked on, and holds nothing typed",
    "sheets.restore_row": "stands in the answer to deleting a row alone, and holds nothing typed",
}
IGNORED_TABLES = {"login", "seen", "comments_read", "visit", "mark"}
"""Tables that reading a page may write to."""


def member_for(team: Team, role: str = "coordinator") -> Member:
    current = member_of(team.de[role], team.partnership.id)
    assert current
    return current


def create_data(app: Flask, team: Team, programme: Programme, measure: Measure) -> list[str]:
    """Create data with which every form is on some page; returns addresses to crawl from."""
    coordinator = member_for(team)
    for person in (team.de["coordinator"], team.partner["coordinator"]):
        reader = app.test_client()
        assert isinstance(reader, ProofReader)
        reader.login(person)
        reader.get("/")  # news are counted from the first visit
    for number, kind in enumerate(("proposal", "task", "question")):
        comment = CommentInput(f"Number {number}", "en", str(uuid.uuid4()))
        subject = ThreadSubject(field="priority") if kind == "proposal" else ThreadSubject()
        comments.open_thread(measure, comment, kind=kind, side="", subject=subject, by=coordinator)
    proposal, _task, question = db.session.scalars(db.select(Thread).order_by(Thread.id))
    comments.resolve(question, "Agreed on", by=coordinator)
    with writing():
        proposal.proposed = {"value": "high", "old": "low", "by": team.de["reviewer"].id}
    versions.keep_version(measure.id, by=coordinator, label="First")
    rev = measure.revs["priority"]
    set_value(FieldRef(measure, "priority"), "low", based_on=rev, by=team.de["editor"].id)
    set_value(FieldRef(measure, "priority"), "medium", based_on=rev, by=team.partner["editor"].id)
    versions.keep_version(measure.id, by=coordinator, label="Second")
    empty = create_programme(team.partnership, languages=["de", "en"], lead_language="en", by=None)
    client = app.test_client()
    assert isinstance(client, ProofReader)
    client.login(team.de["coordinator"])
    town = team.partnership.municipalities[0].id

    def post(path: str, **data: Any) -> Any:
        return client.post(path, data=data)

    post(f"/programmes/{programme.id}/editions", name="Adopted", purpose="adopted", note="")
    invitation_data = {
        "email": "new@example.org",
        "name": "New",
        "place": f"de:{town}",
        "role": "editor",
        "language": "de",
    }
    post(f"/partnerships/{team.partnership.id}/invitations", **invitation_data)
    post(f"/partnerships/{team.partnership.id}/joint/delete", programme=programme.id)
    deleted, closed = (post(f"/goals/{measure.goal_id}/measures").location.rpartition("/")[2] for _ in range(2))
    post(f"/items/{deleted}/delete")
    post(f"/items/{closed}/lock", reason="We vote.")
    job = post("/import", file=(io.BytesIO(EXAMPLE), "example.json"))
    JobRunner(states.root()).finish()
    with writing() as database:
        invitation = database.scalars(db.select(Link).where(Link.purpose == expiring_links.INVITATION)).one()
        token = expiring_links.renew_link(invitation)
    return [
        "/",
        f"/measures/{measure.id}",
        f"/measures/{closed}",
        f"/items/{measure.id}/history",
        f"/items/{measure.id}/compare?from=1",
        f"/items/{measure.id}/comments",
        f"/items/{measure.id}/comments?state=resolved",
        *(f"/threads/{number}" for number in (1, 2, 3)),
        f"/programmes/{programme.id}",
        f"/programmes/{empty.id}",
        f"/items/{measure.id}/fields/priority",
        *(f"/rows/{row.id}" for rows in rows_of(measure).values() for row in rows),
        f"/programmes/{programme.id}/editions",
        f"/programmes/{programme.id}/bin",
        f"/partnerships/{team.partnership.id}/joint",
        job.location or "/import",
        "/account",
        urlsplit(expiring_links.reset_link(team.de["reviewer"], by=None)).path,
        f"/link/invitation/{token}",
    ]


def shown_values(form: ParsedForm, html: str) -> list[tuple[str, str]]:
    """Values of the form's controls, except those that are never put back."""
    pairs: list[tuple[str, str]] = []
    for control in form.controls:
        if control.kind in ("hidden", "password", "file", "submit", "button", "image") or not control.name:
            continue
        if control.kind == "textarea":
            pairs.append((control.name, unescape(html[slice(*control.inner)]).removeprefix("\n")))
        elif control.kind in ("checkbox", "radio"):
            if "checked" in control.tag.attributes:
                pairs.append((control.name, control.tag.get("value") or "on"))
        elif control.kind == "select":
            chosen = [
                (o.attributes.get("value", text) or "") for o, text in control.options if "selected" in o.attributes
            ]
            pairs += [(control.name, value) for value in chosen]
        else:
            pairs.append((control.name, control.tag.get("value")))
    return sorted(pairs)


def database_content(app: Flask) -> dict[str, list[Any]]:
    with app.app_context():
        tables = [table for name, table in db.metadata.tables.items() if name not in IGNORED_TABLES]
        return {table.name: sorted(map(repr, db.session.execute(table.select()))) for table in tables}


def check(app: Flask, client: ProofReader, person: Person | None, found_form: FoundForm) -> None:
    if person:
        client.login(person)  # in another window: the form's token is stale, and names the person
        sent = filled(found_form.form)
    else:
        sent = [(name, "stale" if name == "csrf_token" else value) for name, value in filled(found_form.form)]
    client.token = ""
    before = database_content(app)
    headers = {"Referer": f"http://localhost{found_form.page}", "Sec-Fetch-Site": "same-origin"}
    answer = client.post(found_form.action, data=MultiDict(sent), headers=headers)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 400, found_form
    assert database_content(app) == before, f"{found_form.endpoint} was done"
    refilled = [form for form in FormParser(html).forms if 'id="again"' in html[form.tag.end : form.tag.end + 80]]
    assert len(refilled) == 1, f"{found_form.action} on {found_form.page} did not come back"
    names = {control.name for control in refilled[0].controls if control.kind not in ("hidden", "password")}
    expected = sorted((n, v.replace("\r\n", "\n")) for n, v in sent if n in names)
    assert shown_values(refilled[0], html) == expected, found_form.endpoint
    assert "secret passphrase" not in html, found_form.endpoint
    hidden = dict(refilled[0].hidden())
    assert hidden["csrf_token"] not in ("", dict(sent)["csrf_token"]), found_form.endpoint
    assert all(hidden[n] == v for n, v in sent if n in hidden and n != "csrf_token"), found_form.endpoint


@pytest.mark.slow
def test_every_plain_form_with_a_stale_token_does_nothing_and_comes_back_filled_in(app: Flask) -> None:
    config = replace(app.extensions["klimawerk"], smtp_url="smtp://localhost:1")  # forms that need mail
    app.extensions["klimawerk"] = config
    team = factories.partnership()
    programme = factories.programme(team)
    measure = factories.measure(programme)
    starts = create_data(app, team, programme, measure)
    known: set[str] = set()
    crawls = [
        (team.de["coordinator"], starts),
        (team.partner["coordinator"], starts),
        (team.de["editor"], starts),
        (team.moderator, starts),
        (factories.person(operator=True), ["/digests/waiting", "/"]),
        (None, ["/login", "/forgot", *starts[-2:]]),
    ]
    for person, pages in crawls:
        client = app.test_client()
        assert isinstance(client, ProofReader)
        if person:
            client.login(person)
        for form in forms(app, client, pages, known):
            check(app, client, person, form)
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    missing = sorted(endpoints - known - set(NOT_CRAWLED))
    assert not missing, missing
