"""Memberships: permissions, invitations, changing and ending; nothing is disclosed to others."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from klimawerk.accounts import mail
from klimawerk.accounts import service as accounts
from klimawerk.accounts.models import AuditEntry, Link, Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.partnerships import access, invitations, members
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import RIGHTS, Right, allows
from klimawerk.partnerships.signals import rights_changed
from tests import factories
from tests.client import ProofReader
from tests.factories import Team


def member_for(person: Person, team: Team) -> Member:
    member = member_of(person, team.partnership.id)
    assert member
    return member


def membership(person: Person) -> Membership:
    return db.session.scalars(select(Membership).where(Membership.person_id == person.id)).one()


def test_the_table_of_rights_says_what_each_role_may() -> None:
    assert allows("reviewer", Right.COMMENT)
    assert not allows("reviewer", Right.EDIT)
    assert allows("editor", Right.EDIT)
    assert not allows("editor", Right.MODERATE)
    assert allows("moderator", Right.MODERATE)
    assert not allows("moderator", Right.INVITE)
    assert not allows("observer", Right.COMMENT)
    assert not allows("interpreter", Right.READ)
    assert all(Right.EXPORT in rights and Right.READ in rights for rights in RIGHTS.values())
    assert RIGHTS["coordinator"] == set(Right)


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [(-10, None, True), (0, 0, True), (1, None, False), (-10, -1, False), (-10, 5, True)],
)
def test_a_membership_counts_from_its_first_to_its_last_day(
    app: Flask, first: int, last: int | None, counts: bool
) -> None:
    team = factories.partnership()
    today = access.today_in_zone(factories.ZONES["de"])
    until = None if last is None else today + timedelta(days=last)
    person = factories.member(team.partnership, "de", "editor", from_date=today + timedelta(days=first), to_date=until)
    assert (member_of(person, team.partnership.id) is not None) is counts
    assert access.may(person.id, team.partnership.id, Right.EDIT) is counts


def test_of_two_places_the_one_with_more_rights_counts(app: Flask) -> None:
    team = factories.partnership()
    factories.member(team.partnership, "neutral", "observer", who=team.de["editor"])
    assert member_for(team.de["editor"], team).role == "editor"


def test_a_closed_account_and_a_deleted_partnership_give_no_rights(app: Flask) -> None:
    team = factories.partnership()
    accounts.end_person(team.de["editor"], by=None)
    assert member_of(team.de["editor"], team.partnership.id) is None
    with writing() as database:
        database.get_one(Partnership, team.partnership.id).deleted_at = now()
    assert member_of(team.de["reviewer"], team.partnership.id) is None


@pytest.mark.parametrize("page", ["members", "settings", "joint", "municipalities/1"])
def test_an_unknown_partnership_and_somebody_elses_look_the_same(client: ProofReader, page: str) -> None:
    factories.partnership()
    theirs = factories.partnership("Anderstadt", "Otherton")
    client.login(factories.partnership("Dritt", "Third").de["coordinator"])
    answers = [
        client.get(f"/partnerships/{partnership_id}/{page}") for partnership_id in (theirs.partnership.id, 99_999)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    varying = r'content="[^"]{40,}"|value="[^"]{40,}"|number: \w+|/partnerships/\d+'
    known, unknown = (re.sub(varying, "", answer.text) for answer in answers)
    assert known == unknown
    assert "Anderstadt" not in answers[0].text


def test_a_member_without_the_right_is_told_so(client: ProofReader) -> None:
    team = factories.partnership()
    client.login(team.de["editor"])
    answer = client.get(f"/partnerships/{team.partnership.id}/settings")
    assert answer.status_code == 403
    assert "Only coordinators may change" in answer.text
    page = client.get(f"/partnerships/{team.partnership.id}/members")
    assert "Invite somebody" not in page.text
    assert team.partner["editor"].email not in page.text
    assert client.post(f"/partnerships/{team.partnership.id}/invitations", data={}).status_code == 403


def test_the_start_page_shows_my_partnerships_and_no_others(client: ProofReader) -> None:
    team = factories.partnership("Musterstadt", "Exampleton")
    factories.partnership("Fremd", "Strange")
    client.login(team.partner["editor"])
    page = client.get("/")
    assert "Musterstadt and Exampleton" in page.text
    assert page.text.index(">Exampleton<") < page.text.index(">Musterstadt<")
    assert "Fremd" not in page.text


def invite_somebody(
    client: ProofReader, team: Team, side: str = "de", role: str = "editor", email: str = "new@example.org"
) -> TestResponse:
    town = next((each.id for each in team.partnership.municipalities if each.side == side), "")
    client.get(f"/partnerships/{team.partnership.id}/members")
    return client.post(
        f"/partnerships/{team.partnership.id}/invitations",
        data={"email": email, "name": "Newcomer", "place": f"{side}:{town}", "role": role, "language": "en"},
    )


def link_in(text: str) -> str:
    field = re.search(r'value="http://localhost:8000(/link/invitation/[^"]+)"', text)
    assert field
    return field[1]


def test_an_invitation_makes_an_account_and_a_membership_when_its_button_is_pressed(
    app: Flask, client: ProofReader
) -> None:
    team = factories.partnership()
    client.login(team.de["coordinator"])
    answer = invite_somebody(client, team)
    assert "No mail was sent" in answer.text
    link = link_in(answer.text)
    guest = app.test_client()
    assert isinstance(guest, ProofReader)
    for _ in range(2):
        assert guest.get(link).status_code == 200
        assert guest.head(link).status_code == 200
    assert accounts.find_person("new@example.org") is None
    data = {"name": "New Person", "new_password": "a fresh passphrase", "language": "en", "timezone": "Africa/Accra"}
    assert guest.post(link, data={**data, "new_password": "short"}).status_code == 422
    assert guest.post(link, data=data).status_code == 302
    (account,) = accounts.accounts_with("new@example.org")
    assert member_for(account, team).role == "editor"
    assert member_for(account, team).side == "de"
    assert guest.get("/").status_code == 200
    assert guest.get(link).status_code == 410
    assert guest.post(link, data=data).status_code == 410


def test_who_has_an_account_accepts_signed_in_and_nobody_else_can(app: Flask, client: ProofReader) -> None:
    team, invited = factories.partnership(), factories.person()
    client.login(team.de["coordinator"])
    link = link_in(invite_somebody(client, team, email=invited.email).text)
    assert "You are signed in as" in client.get(link).text
    assert client.post(link).status_code == 422
    guest = app.test_client()
    assert isinstance(guest, ProofReader)
    assert "Sign in first" in guest.get(link).text
    assert guest.post(link).status_code == 422
    guest.login(invited)
    guest.get(link)
    assert guest.post(link).status_code == 302
    assert member_for(invited, team).role == "editor"


def test_a_coordinator_invites_for_their_own_side_and_neutral_people_only(client: ProofReader) -> None:
    team = factories.partnership()
    client.login(team.de["coordinator"])
    assert invite_somebody(client, team, side="partner").status_code == 422
    assert invite_somebody(client, team, side="neutral", role="moderator").status_code == 200
    assert invite_somebody(client, team, side="neutral", role="coordinator", email="x@example.org").status_code == 422
    mine = member_for(team.de["coordinator"], team)
    invitation = invitations.Invitation("y@example.org", "partner", "editor", "en")
    with pytest.raises(ActionRefused):
        invitations.invite(mine, invitation)
    town = next(each.id for each in team.partnership.municipalities if each.side == "partner")
    with pytest.raises(ActionRefused):
        invitations.invite(mine, invitations.Invitation("y@example.org", "de", "editor", "en", municipality_id=town))
    with pytest.raises(ActionRefused):
        invitations.invite(
            member_for(team.de["editor"], team), invitations.Invitation("y@example.org", "de", "editor", "en")
        )


def test_an_invitation_can_be_sent_again_and_withdrawn(app: Flask, client: ProofReader) -> None:
    team = factories.partnership()
    client.login(team.de["coordinator"])
    first = link_in(invite_somebody(client, team).text)
    assert "invited already" in invite_somebody(client, team).text
    link_id = db.session.scalars(select(Link.id)).one()
    url = f"/partnerships/{team.partnership.id}/invitations/{link_id}"
    second = link_in(client.post(f"{url}/resend").text)
    guest = app.test_client()
    assert guest.get(first).status_code == 410
    assert guest.get(second).status_code == 200
    assert client.post(f"{url}/withdraw").status_code == 302
    assert guest.get(second).status_code == 410


@pytest.mark.parametrize("taken", [True, False])
def test_the_link_is_shown_only_when_no_mail_took_it(
    client: ProofReader, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    sent: list[str] = []

    def send(to: str, subject: str, text: str, *, language: str) -> bool:
        sent.append(f"{to} {language} {subject} {text}")
        return taken

    monkeypatch.setattr(mail, "send", send)
    team = factories.partnership()
    client.login(team.de["coordinator"])
    answer = invite_somebody(client, team)
    assert ("/link/invitation/" in answer.text) is not taken
    assert "/link/invitation/" in sent[0]
    assert sent[0].startswith("new@example.org en Invitation to Musterstadt and Exampleton")


def test_the_other_side_cannot_withdraw_our_invitation_or_end_our_people(client: ProofReader) -> None:
    team = factories.partnership()
    theirs, ours = member_for(team.partner["coordinator"], team), member_for(team.de["coordinator"], team)
    link, _token = invitations.invite(ours, invitations.Invitation("new@example.org", "de", "editor", "en"))
    with pytest.raises(ActionRefused):
        invitations.withdraw(theirs, link.id)
    with pytest.raises(ActionRefused):
        members.end_membership(theirs, membership(team.de["editor"]).id)
    client.login(team.partner["coordinator"])
    client.get("/")
    url = f"/partnerships/{team.partnership.id}/members/{membership(team.de['editor']).id}"
    client.post(f"{url}/end")
    assert client.post(url, data={"role": "observer"}).status_code == 403
    assert client.post(f"{url}/reset-link").status_code == 403
    assert member_for(team.de["editor"], team).role == "editor"


def test_nobody_reaches_into_another_partnership_by_a_number(app: Flask) -> None:
    team, other = factories.partnership(), factories.partnership("X", "Y")
    with pytest.raises(ActionRefused):
        members.end_membership(member_for(team.de["coordinator"], team), membership(other.de["editor"]).id)


def test_changing_and_ending_count_at_once_and_are_announced(app: Flask, client: ProofReader) -> None:
    team = factories.partnership()
    announced: list[tuple[int, int]] = []
    rights_changed.connect(app, lambda partnership_id, person_id: announced.append((partnership_id, person_id)))
    editor = team.de["editor"]
    url = f"/partnerships/{team.partnership.id}/members/{membership(editor).id}"
    client.sign_in(team.de["coordinator"])
    client.get(f"/partnerships/{team.partnership.id}/members")
    client.post(url, data={"role": "reviewer", "municipality_id": "", "from_date": "2024-01-01", "to_date": ""})
    assert member_for(editor, team).role == "reviewer"
    assert not access.may(editor.id, team.partnership.id, Right.EDIT)
    client.post(f"{url}/end")
    assert member_of(editor, team.partnership.id) is None
    assert announced == [(team.partnership.id, editor.id)] * 2
    actions = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert actions == ["signed_in", "member_changed", "member_ended"]


def test_a_side_keeps_a_coordinator(client: ProofReader) -> None:
    team = factories.partnership()
    coordinator = member_for(team.de["coordinator"], team)
    with pytest.raises(ActionRefused, match="needs a coordinator"):
        members.leave_partnership(coordinator)
    own_membership = membership(team.de["coordinator"])
    with pytest.raises(ActionRefused, match="needs a coordinator"):
        members.change_membership(
            coordinator,
            own_membership.id,
            role="editor",
            municipality_id=None,
            from_date=own_membership.from_date,
            to_date=None,
        )
    client.login(team.de["coordinator"])
    client.post(f"/partnerships/{team.partnership.id}/leave")
    assert member_for(team.de["coordinator"], team).role == "coordinator"
    factories.member(team.partnership, "de", "coordinator")
    client.post(f"/partnerships/{team.partnership.id}/leave")
    assert member_of(team.de["coordinator"], team.partnership.id) is None


def test_a_coordinator_hands_a_link_for_a_new_password_only_to_whom_they_alone_answer_for(
    client: ProofReader,
) -> None:
    team = factories.partnership()
    client.login(team.de["coordinator"])
    client.get(f"/partnerships/{team.partnership.id}/members")
    url = f"/partnerships/{team.partnership.id}/members"
    answer = client.post(f"{url}/{membership(team.de['editor']).id}/reset-link")
    assert re.search(r"/link/reset/[\w-]+", answer.text)
    other = factories.partnership("X", "Y")
    factories.member(other.partnership, "de", "editor", who=team.de["reviewer"])
    reviewers = next(
        each for each in db.session.scalars(select(Membership)) if each.person_id == team.de["reviewer"].id
    )
    assert client.post(f"{url}/{reviewers.id}/reset-link").status_code == 403


def test_names_are_text_on_the_page_of_members(client: ProofReader) -> None:
    team = factories.partnership("<script>alert(1)</script>")
    client.login(team.de["coordinator"])
    for page in ("members", "settings", "joint"):
        assert "<script>alert" not in client.get(f"/partnerships/{team.partnership.id}/{page}").text
    assert "<script>alert" not in client.get("/").text
