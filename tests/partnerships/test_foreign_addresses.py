"""Invitations do not disclose which addresses have accounts, and confirm no address that is not proved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts import expiring_links, passwords, service
from klimawerk.accounts.models import AuditEntry, Link, Person
from klimawerk.clock import now
from klimawerk.digests import builder, sending
from klimawerk.digests.models import DigestMail
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.mailbox import Mailbox

INVITER_PASSWORD = "a passphrase of the one who invites"
KNOWN, UNKNOWN = "known@example.org", "unknown@example.org"


@pytest.fixture
def team(app: Flask) -> Team:
    factories.person("Efua Known", email=KNOWN)
    return factories.partnership()


@pytest.fixture
def mailing(database_address: str, tmp_path: Path, smtp: Mailbox) -> Flask:
    """The same installation with a mail server."""
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


def invite(client: ProofReader, team: Team, email: str, name: str = "Newcomer") -> str:
    """Send an invitation; returns the page that answers."""
    town = next(each.id for each in team.partnership.municipalities if each.side == "de")
    client.get(f"/partnerships/{team.partnership.id}/members")
    data = {"email": email, "name": name, "place": f"de:{town}", "role": "editor", "language": "en"}
    return client.post(f"/partnerships/{team.partnership.id}/invitations", data=data, follow_redirects=True).text


def link_in(text: str, purpose: str = "invitation") -> str:
    link = re.search(rf"http://localhost:8000(/link/{purpose}/[\w-]+)", text)
    assert link, text
    return link[1]


def comparable(text: str) -> str:
    """The text without tokens, numbers and the two addresses, which differ between requests."""
    text = re.sub(r'(content|value)="[^"]{40,}"|name="\w*key" value="[^"]*"|/link/invitation/[\w%-]+', "", text)
    return re.sub(r"\d+", "#", re.sub(r"(un)?known(@|%40)example\.org", "ADDRESS", text))


def accept(guest: ProofReader, link: str, secret: str = INVITER_PASSWORD) -> str:
    guest.get(link)
    data = {"name": "Somebody", "new_password": secret, "language": "en", "timezone": "Africa/Accra"}
    answer = guest.post(link, data=data)
    return f"{answer.status_code} {answer.headers.get('Location')} {comparable(guest.get('/').text)}"


def is_confirmed(person: Person) -> bool:
    """Whether the address is confirmed now."""
    db.session.expire_all()
    return person.confirmed_at is not None


def new_browser(app: Flask) -> ProofReader:
    guest = app.test_client()
    assert isinstance(guest, ProofReader)
    return guest


def test_no_step_of_an_invitation_says_whether_the_address_has_an_account(app: Flask) -> None:
    factories.person("Efua Known", email=KNOWN)
    results = []
    for email in (KNOWN, UNKNOWN):
        team, client, guest = factories.partnership(), new_browser(app), new_browser(app)
        client.login(team.de["coordinator"])
        page = invite(client, team, email)
        link = link_in(page)
        answers = [client.get(link), client.post(link), guest.get(link), guest.post(link)]
        results.append(
            [
                comparable(page),
                *(f"{answer.status_code} {comparable(answer.text)}" for answer in answers),
                accept(guest, link),
            ]
        )
        results[-1].append(comparable(client.get(f"/partnerships/{team.partnership.id}/members").text))
    for known, unknown in zip(*results, strict=True):
        assert known == unknown
    assert results[0][-2].startswith("302 ")


def test_the_account_it_makes_does_not_own_the_address(app: Flask, client: ProofReader, team: Team) -> None:
    client.login(team.de["coordinator"])
    accept(new_browser(app), link_in(invite(client, team, KNOWN)))
    owner, squatter = service.accounts_with(KNOWN)
    assert (owner.name, squatter.name) == ("Efua Known", "Somebody")
    assert owner.confirmed_at
    assert squatter.confirmed_at is None
    assert service.find_person(KNOWN) == owner
    assert service.sign_in(KNOWN, factories.PASSWORD) == owner
    assert service.sign_in(KNOWN, INVITER_PASSWORD) == squatter
    assert not db.session.scalars(select(Membership).where(Membership.person_id == owner.id)).all()
    client.get(f"/partnerships/{team.partnership.id}/members")
    assert client.get(f"/partnerships/{team.partnership.id}/members").text.count("address not confirmed") == 1
    with pytest.raises(service.EmailTaken):
        service.confirm(squatter, by=None)


def test_an_existing_account_joins_by_its_own_sign_in_alone(app: Flask, client: ProofReader, team: Team) -> None:
    client.login(team.de["coordinator"])
    owner = service.find_person(KNOWN)
    assert owner
    link = link_in(invite(client, team, KNOWN))
    guest = new_browser(app)
    guest.login(owner)
    assert "Accept the invitation" in guest.get(link).text
    assert guest.post(link).status_code == 302
    assert db.session.scalars(select(Membership.partnership_id).where(Membership.person_id == owner.id)).all()
    assert "member already" in invite(client, team, KNOWN)


def test_signing_in_computes_as_much_whoever_has_the_address(
    app: Flask, client: ProofReader, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.login(team.de["coordinator"])
    other = factories.partnership("Another", "Third")
    for number, email in enumerate((KNOWN, UNKNOWN)):
        accept(new_browser(app), link_in(invite(client, team, email)), f"{INVITER_PASSWORD} {number}")
    other_coordinator = new_browser(app)
    other_coordinator.login(other.de["coordinator"])
    accept(new_browser(app), link_in(invite(other_coordinator, other, KNOWN)), f"{INVITER_PASSWORD} once more")
    assert len(service.accounts_with(KNOWN)) == 3
    hashes: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            hashes.append("computed")
            return super().verify(hash, password)

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            hashes.append("computed")
            return super().hash(password, salt=salt)

    passwords._dummy_hash()
    monkeypatch.setattr(passwords, "PasswordHasher", Counting)
    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=2, memory_cost=19_456, parallelism=1))
    for email in (KNOWN, UNKNOWN, "nobody@example.org", factories.person().email):
        hashes.clear()
        assert service.sign_in(email, "a wrong passphrase") is None
        assert len(hashes) == 2, email
    assert service.sign_in(KNOWN, f"{INVITER_PASSWORD} once more") == service.accounts_with(KNOWN)[2]


def test_whoever_gets_the_mail_has_the_address_whatever_was_made_before(
    app: Flask, mailing: Flask, client: ProofReader, team: Team, smtp: Mailbox
) -> None:
    client.login(team.de["coordinator"])
    accept(new_browser(app), link_in(invite(client, team, UNKNOWN)))
    other = factories.partnership("Another", "Third")
    other_coordinator = new_browser(mailing)
    other_coordinator.login(other.de["coordinator"])
    assert "/link/invitation/" not in invite(other_coordinator, other, UNKNOWN)
    message = smtp.wait()[0]
    guest = new_browser(mailing)
    assert accept(guest, link_in(message.get_content()), "a passphrase of its owner").startswith("302")
    owner, squatter = service.accounts_with(UNKNOWN)
    assert service.sign_in(UNKNOWN, "a passphrase of its owner") == owner
    assert owner.confirmed_at
    assert squatter.confirmed_at is None
    memberships = db.session.scalars(select(Membership).where(Membership.person_id == owner.id)).all()
    assert [membership.partnership_id for membership in memberships] == [other.partnership.id]


def test_a_mail_confirms_the_address_of_an_account(
    app: Flask, mailing: Flask, client: ProofReader, team: Team, smtp: Mailbox
) -> None:
    client.login(team.de["coordinator"])
    accept(new_browser(app), link_in(invite(client, team, UNKNOWN)))
    (account,) = service.accounts_with(UNKNOWN)
    guest = new_browser(mailing)
    guest.login(account)
    assert "address not confirmed" in guest.get("/account").text
    guest.post("/account/confirm")
    link = link_in(smtp.wait()[0].get_content(), "confirm")
    assert guest.get(link).status_code == 200
    assert not is_confirmed(account)
    assert guest.post(link, data={"new_password": "a passphrase of its owner"}).status_code == 302
    assert is_confirmed(account)
    assert "address not confirmed" not in guest.get("/account").text
    assert guest.get(link).status_code == 410


def test_a_new_password_by_mail_confirms_and_turns_everybody_else_out(
    app: Flask, mailing: Flask, client: ProofReader, team: Team, smtp: Mailbox
) -> None:
    client.login(team.de["coordinator"])
    squatter = new_browser(app)
    accept(squatter, link_in(invite(client, team, UNKNOWN)))
    guest = new_browser(mailing)
    guest.get("/forgot")
    guest.post("/forgot", data={"email": UNKNOWN})
    link = link_in(smtp.wait()[0].get_content(), "reset")
    guest.get(link)
    assert guest.post(link, data={"new_password": "a passphrase of its owner"}).status_code == 302
    (account,) = service.accounts_with(UNKNOWN)
    assert account.confirmed_at
    assert squatter.get("/account").status_code == 302
    assert service.sign_in(UNKNOWN, INVITER_PASSWORD) is None


def test_a_link_handed_over_by_a_coordinator_confirms_nothing(app: Flask, client: ProofReader, team: Team) -> None:
    client.login(team.de["coordinator"])
    accept(new_browser(app), link_in(invite(client, team, UNKNOWN)))
    (account,) = service.accounts_with(UNKNOWN)
    token = expiring_links.reset_link(account, by=team.de["coordinator"]).rpartition("/")[2]
    expiring_links.reset_password(token, "another passphrase")
    db.session.expire_all()
    assert account.confirmed_at is None


def test_the_operator_confirms_on_a_page_or_in_the_shell(app: Flask, client: ProofReader, team: Team) -> None:
    client.login(team.de["coordinator"])
    for email in (KNOWN, UNKNOWN, "third@example.org"):
        accept(new_browser(app), link_in(invite(client, team, email)), f"{INVITER_PASSWORD} {email}")
    assert client.get("/operator/accounts").status_code == 404
    operator = new_browser(app)
    operator.login(factories.person(operator=True))
    page = operator.get("/operator/accounts").text
    assert all(email in page for email in (KNOWN, UNKNOWN, "third@example.org"))
    by_email = {account.email: account for account in service.unconfirmed()}
    for email in (KNOWN, UNKNOWN):
        operator.post(f"/operator/accounts/{by_email[email].id}/confirm")
    run = app.test_cli_runner().invoke
    assert run(args=["user", "confirm", "--yes", "third@example.org"]).exit_code == 0
    refused = run(args=["user", "confirm", "--yes", str(by_email[KNOWN].id)])
    assert (refused.exit_code, "Another account" in refused.output) == (1, True)
    assert [account.email for account in service.unconfirmed()] == [KNOWN]
    assert "not confirmed" in run(args=["user", "list"]).output
    actions = db.session.scalars(select(AuditEntry.action)).all()
    assert actions.count("address_confirmed") == 2


def test_no_digest_goes_to_an_address_that_is_not_confirmed(
    app: Flask, mailing: Flask, client: ProofReader, team: Team, smtp: Mailbox
) -> None:
    client.login(team.de["coordinator"])
    accept(new_browser(app), link_in(invite(client, team, UNKNOWN)))
    (account,) = service.accounts_with(UNKNOWN)
    with mailing.app_context():
        assert builder.make_due_digests(now(), lambda: None) == 0
        mail = DigestMail(person=db.session.get_one(Person, account.id), partnerships=[])
        assert sending._no_longer_wanted(mail) == "the address is not confirmed"


@pytest.mark.parametrize("between", ["\r\n", "\n", "\u2028", "\x0b", "\x85", "\0"])
def test_a_name_writes_no_line_of_its_own_into_the_mail(
    app: Flask, mailing: Flask, team: Team, smtp: Mailbox, between: str
) -> None:
    client = new_browser(mailing)
    client.login(team.de["coordinator"])
    invite(client, team, UNKNOWN, f"Ama,{between}{between}Pay here: http://evil.example")
    text = smtp.wait()[0].get_content()
    assert all(line.startswith("Hello Ama") for line in text.splitlines() if "evil" in line)
    (link,) = db.session.scalars(select(Link))
    assert len(link.payload["name"].splitlines()) == 1


def test_a_restored_or_old_invitation_counts_as_shown(app: Flask, client: ProofReader, team: Team) -> None:
    """A link that is not marked as mailed proves no address, and a new token removes the mark."""
    client.login(team.de["coordinator"])
    invite(client, team, UNKNOWN)
    link = db.session.scalars(select(Link)).one()
    assert not expiring_links.proves_address(link)
    expiring_links.was_mailed(link)
    assert expiring_links.proves_address(link)
    client.post(f"/partnerships/{team.partnership.id}/invitations/{link.id}/resend")
    db.session.expire_all()
    assert not expiring_links.proves_address(link)
