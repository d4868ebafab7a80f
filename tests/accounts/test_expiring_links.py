"""Password reset links, their mails, and the audit log."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts import expiring_links, mail, service
from klimawerk.accounts.models import AuditEntry, Link
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories
from tests.client import ProofReader
from tests.mailbox import Mailbox

NEW = "quite another passphrase"


def path(address: str) -> str:
    return address.removeprefix("http://localhost:8000")


def test_looking_at_a_link_does_not_use_it_up_but_its_button_does(client: ProofReader) -> None:
    person = factories.person()
    link = path(expiring_links.reset_link(person, by=None))
    for _ in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
        assert client.get(link, headers={"User-Agent": "scanner"}).status_code == 200
    assert client.post(link, data={"new_password": NEW}).status_code == 302
    assert client.get("/account").status_code == 200
    used_up = client.get(link)
    assert used_up.status_code == 410
    assert "This link no longer works" in used_up.text
    assert client.post(link, data={"new_password": "a third passphrase"}).status_code == 410
    assert service.sign_in(person.email, NEW)


def test_a_password_that_is_too_short_leaves_the_link_open(client: ProofReader) -> None:
    link = path(expiring_links.reset_link(factories.person(), by=None))
    client.get(link)
    assert client.post(link, data={"new_password": "short"}).status_code == 422
    assert client.post(link, data={"new_password": NEW}).status_code == 302


def test_an_expired_or_invented_link_says_the_same(client: ProofReader) -> None:
    link = path(expiring_links.reset_link(factories.person(), by=None))
    with writing():
        for stored_link in db.session.scalars(select(Link)):
            stored_link.expires_at = now() - timedelta(seconds=1)
    pages = {
        re.sub(r'content="[^"]{40,}"|\S*link/reset\S*', "", client.get(path_to_open).text)
        for path_to_open in (link, "/link/reset/made-up")
    }
    assert len(pages) == 1


def test_the_database_does_not_know_the_token(client: ProofReader) -> None:
    token = expiring_links.reset_link(factories.person(), by=None).rpartition("/")[2]
    assert token not in [link.key for link in db.session.scalars(select(Link))]


def test_a_new_password_closes_every_other_link_and_login(app: Flask, client: ProofReader) -> None:
    person, other = factories.person(), app.test_client()
    assert isinstance(other, ProofReader)
    other.login(person)
    first, second = (path(expiring_links.reset_link(person, by=None)) for _ in range(2))
    client.get(first)
    client.post(first, data={"new_password": NEW})
    assert client.get(second).status_code == 410
    assert other.get("/account").status_code == 302


def test_without_mail_the_page_says_whom_to_ask_and_makes_no_link(client: ProofReader) -> None:
    person = factories.person()
    assert "Ask a coordinator" in client.get("/forgot").text
    client.post("/forgot", data={"email": person.email})
    assert db.session.scalars(select(Link)).all() == []


@pytest.fixture
def mailing(database_address: str, tmp_path: Path, smtp: Mailbox) -> Flask:
    settings = configuration.load(
        instance=tmp_path / "mailing",
        database_url=database_address,
        secret_key="tests",
        testing=True,
        rate_limits=False,
        smtp_url=smtp.url,
    )
    app = create_app(settings)
    app.test_client_class = ProofReader
    return app


def test_who_asks_for_a_new_password_is_told_the_same_with_and_without_an_account(
    app: Flask, mailing: Flask, smtp: Mailbox
) -> None:
    person = factories.person(language="de")
    client = mailing.test_client()
    client.get("/forgot")
    answers = [client.post("/forgot", data={"email": email}).text for email in (person.email, "nobody@example.org")]
    plain = [re.sub(r'(content|value)="[^"]{40,}"', "", text) for text in answers]  # tokens hold the time
    assert plain[0] == plain[1]
    message = smtp.wait()[0]
    assert message["To"] == person.email
    assert message["Content-Language"] == "de"
    link = re.search(r"/link/reset/\S+", message.get_content())
    assert link
    assert client.get(link[0]).status_code == 200
    assert len(smtp.messages) == 1


def test_a_mail_server_that_is_down_is_no_disaster(
    app: Flask, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    settings = configuration.load(
        instance=tmp_path / "down", secret_key="x", testing=True, smtp_url="smtp://user:hush-hush@127.0.0.1:1"
    )
    with create_app(settings).app_context():
        assert mail.send("a@b.example", "Subject", "Text", language="en") is False
    assert "a mail was not sent" in caplog.text


def test_a_name_cannot_smuggle_a_header_into_a_mail(app: Flask) -> None:
    person = service.create_person("smuggler@example.org", "Eve\r\nBcc: all@example.org", factories.PASSWORD)
    assert person.name == "Eve Bcc: all@example.org"


def test_the_record_is_for_operators_and_nobody_else_learns_of_it(client: ProofReader) -> None:
    assert client.get("/operator/record").status_code == 302
    client.login(factories.person())
    assert client.get("/operator/record").status_code == 404
    client.post("/logout")
    client.sign_in(factories.person(operator=True))
    page = client.get("/operator/record")
    assert page.status_code == 200
    assert "signed_in" in page.text


def test_the_verbs_of_the_command_leave_their_traces(app: Flask) -> None:
    person = service.create_person("Anna@Town.example", "Anna", factories.PASSWORD)
    assert person.email == "anna@town.example"
    with pytest.raises(service.EmailTaken):
        service.create_person("anna@town.EXAMPLE", "Another")
    for email, name, password in (("no address", "A", ""), ("a@b.example", " ", ""), ("a@b.example", "A", "short")):
        with pytest.raises(service.InvalidInput):
            service.create_person(email, name, password)
    service.set_password(person, NEW, by=None)
    service.end_person(person, by=None)
    assert [person.email for person in service.list_people()] == ["anna@town.example"]
    actions = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert actions == ["person_created", "password_set", "person_ended"]
    assert factories.PASSWORD not in str([entry.detail for entry in db.session.scalars(select(AuditEntry))])


def test_a_name_is_text_wherever_it_is_shown(client: ProofReader) -> None:
    client.login(factories.person(name="<script>alert(1)</script>"))
    page = client.get("/account").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
