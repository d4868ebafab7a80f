"""Flash messages at the beginning or end of a session reach the next page."""

from __future__ import annotations

from flask import Flask

from klimawerk.accounts import expiring_links
from klimawerk.partnerships import invitations
from klimawerk.partnerships.access import member_of
from tests import factories
from tests.client import ProofReader


def test_whoever_erased_themselves_is_told(client: ProofReader) -> None:
    person = factories.person(language="en")
    client.login(person)
    client.get("/account/erase")
    answer = client.post("/account/erase", data={"present_password": factories.PASSWORD})
    assert "Your account is erased." in client.get(answer.location).text
    assert "Your account is erased." not in client.get("/login").text
    assert client.get("/account").status_code == 302


def test_whoever_signs_out_leaves_no_cookie(client: ProofReader) -> None:
    """Negative control: without a message no session is stored."""
    client.login(factories.person())
    client.get("/account")
    answer = client.post("/logout")
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("klimawerk_session=")]
    assert cookie.startswith("klimawerk_session=;")


def test_a_new_password_is_told_of(app: Flask, client: ProofReader) -> None:
    person = factories.person(language="en")
    address = expiring_links.reset_link(person, by=None)
    path = address[address.index("/link/") :]
    client.get(path)
    answer = client.post(path, data={"new_password": "another long password"})
    assert "Your new password holds." in client.get(answer.location).text


def test_a_new_member_is_welcomed(app: Flask, client: ProofReader) -> None:
    team = factories.partnership()
    by = member_of(team.de["coordinator"], team.partnership.id)
    assert by
    invitation = invitations.Invitation("new@example.org", "de", "editor", "en", "New")
    _link, token = invitations.invite(by, invitation)
    path = f"/link/invitation/{token}"
    client.get(path)
    data = {"name": "New", "new_password": "another long password", "language": "en", "timezone": "Europe/Berlin"}
    answer = client.post(path, data=data)
    assert answer.status_code == 302
    assert "Your account is ready." in client.get(answer.location).text
