"""Confirming an address by mail gives the account to the reader of the mailbox and signs everyone else out."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.accounts import expiring_links, service
from klimawerk.accounts.known_browsers import KnownBrowser
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

EMAIL, STRANGER_PASSWORD, OWNER_PASSWORD = (
    "ama@example.org",
    "a passphrase of the stranger",
    "a passphrase of the owner",
)


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership("Musterstadt", "Beispiel")


@pytest.fixture
def account(team: Team) -> Person:
    """An unconfirmed account, made by a stranger with a link that was shown."""
    password_hash = service.password_hash(STRANGER_PASSWORD, EMAIL)
    with writing():
        person = service.add_person(
            EMAIL, "Kwame Stranger", password_hash, language="en", timezone="UTC", by=None, confirmed=False
        )
    factories.member(team.partnership, "de", "editor", who=person)
    return person


@pytest.fixture
def stranger(app: Flask, account: Person) -> ProofReader:
    """The stranger's browser, signed in."""
    client = app.test_client()
    assert isinstance(client, ProofReader)
    client.get("/login")
    assert client.post("/login", data={"email": EMAIL, "password": STRANGER_PASSWORD}).status_code == 302
    return client


def confirmation_path(account: Person) -> str:
    address = expiring_links.confirming_link(account)
    return address[address.index("/link/") :]


def is_confirmed(account: Person) -> bool:
    db.session.expire_all()
    return db.session.get_one(Person, account.id).confirmed_at is not None


def test_the_mail_confirms_with_a_new_password_and_turns_the_stranger_out(
    client: ProofReader, stranger: ProofReader, account: Person
) -> None:
    """Before, the stranger's password still opened the account after its confirmation."""
    link = confirmation_path(account)
    client.get(link)
    assert client.post(link).status_code == 422
    assert not is_confirmed(account)
    answer = client.post(link, data={"new_password": OWNER_PASSWORD})
    assert answer.status_code == 302
    assert f"The address {EMAIL} is confirmed, and your new password holds." in client.get(answer.location).text
    assert is_confirmed(account)
    assert service.sign_in(EMAIL, STRANGER_PASSWORD) is None
    assert service.sign_in(EMAIL, OWNER_PASSWORD) == account
    assert stranger.get("/account").status_code == 302
    assert "Kwame Stranger" in client.get("/account").text
    assert len(db.session.scalars(db.select(KnownBrowser)).all()) == 1, "the stranger's browser is known no more"


@pytest.mark.parametrize("purpose", [expiring_links.CONFIRM, expiring_links.RESET])
def test_the_page_says_whose_account_it_is_before_its_button(
    client: ProofReader, account: Person, purpose: str
) -> None:
    link = confirmation_path(account)
    if purpose == expiring_links.RESET:
        with writing():
            payload = {expiring_links.VERIFIED_BY_MAIL: True}
            _link, token = expiring_links.create_link(expiring_links.RESET, by=None, person=account, payload=payload)
            link = f"/link/reset/{token}"
    page = client.get(link).text
    for fact in ("Kwame Stranger", EMAIL, "since ", "Musterstadt and Beispiel"):
        assert fact in page


def test_a_password_that_is_too_short_confirms_nothing_and_uses_up_no_link(
    client: ProofReader, stranger: ProofReader, account: Person
) -> None:
    link = confirmation_path(account)
    client.get(link)
    assert client.post(link, data={"new_password": "short"}).status_code == 422
    assert stranger.get("/account").status_code == 200
    assert client.post(link, data={"new_password": OWNER_PASSWORD}).status_code == 302
    assert client.get(link).status_code == 410


def test_where_the_address_has_an_owner_already_nothing_changes(
    client: ProofReader, stranger: ProofReader, account: Person
) -> None:
    link = confirmation_path(account)
    factories.person(email=EMAIL)
    client.get(link)
    answer = client.post(link, data={"new_password": OWNER_PASSWORD})
    assert (answer.status_code, "Another account has this address already." in answer.text) == (409, True)
    assert service.sign_in(EMAIL, STRANGER_PASSWORD) == account
    assert stranger.get("/account").status_code == 200


def test_an_operator_reads_the_same_facts_before_confirming(app: Flask, client: ProofReader, account: Person) -> None:
    client.login(factories.person(operator=True))
    page = client.get("/operator/accounts").text
    run = app.test_cli_runner().invoke
    prompt = run(args=["user", "confirm", EMAIL], input="n\n")
    for text in (page, prompt.output):
        assert "Kwame Stranger" in text
        assert "Musterstadt and Beispiel" in text
    assert prompt.exit_code == 1
    assert not is_confirmed(account)
    assert run(args=["user", "confirm", EMAIL], input="y\n").exit_code == 0
    assert is_confirmed(account)
