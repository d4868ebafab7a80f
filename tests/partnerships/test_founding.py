"""Creating a partnership, its settings, and joint requests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from klimawerk.accounts.models import AuditEntry, Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.partnerships import invitations, joint_requests, service
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.countries import country_choices
from klimawerk.partnerships.models import JointRequest, Municipality, Partnership
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

ANSWERS = {
    "name": "Partnership A – B",
    "my_name": "A-Stadt",
    "my_country": "DE",
    "their_name": "B-Town",
    "their_country": "GH",
    "languages": ["de", "en"],
    "lead_language": "en",
    "currency_local": "",
}


def member_for(person: Person, team: Team) -> Member:
    member = member_of(person, team.partnership.id)
    assert member
    return member


@pytest.fixture
def team(app: Flask) -> Team:
    new_team = factories.partnership()
    create_programme(new_team.partnership, languages=["de", "en"], lead_language="en", currency_local="GHS", by=None)
    return new_team


def programme() -> Programme:
    return db.session.scalars(select(Programme)).one()


def test_five_answers_make_a_partnership_with_a_programme(client: ProofReader) -> None:
    person = factories.person()
    client.login(person)
    client.get("/partnerships/new")
    answer = client.post("/partnerships/new", data=ANSWERS)
    assert answer.status_code == 302
    partnership = db.session.scalars(select(Partnership)).one()
    towns = [(town.side, town.name, town.timezone, town.language) for town in partnership.municipalities]
    assert towns == [("de", "A-Stadt", "Europe/Berlin", "de"), ("partner", "B-Town", "Africa/Accra", "en")]
    founder = member_of(person, partnership.id)
    assert founder
    assert (founder.role, founder.side) == ("coordinator", "de")
    assert (programme().frame.currency_local, programme().frame.lead_language) == ("GHS", "en")
    assert answer.location == f"/programmes/{programme().id}/overview"
    programme_page = client.get(answer.location).text
    assert "Your partnership is ready" in programme_page
    assert f'href="/partnerships/{partnership.id}/members">Invite the others</a>' in programme_page
    page = client.get("/").text
    assert f"/programmes/{programme().id}" in page
    assert "This programme has no measure yet." in page


def test_who_belongs_to_the_partner_stands_on_the_partners_side(client: ProofReader) -> None:
    person = factories.person()
    client.login(person)
    client.get("/partnerships/new")
    client.post("/partnerships/new", data={**ANSWERS, "my_country": "GH", "their_country": "DE"})
    partnership = db.session.scalars(select(Partnership)).one()
    founder = member_of(person, partnership.id)
    assert founder
    assert founder.side == "partner"
    assert founder.membership.municipality
    assert founder.membership.municipality.name == "A-Stadt"


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"my_country": "XX"}, {"languages": []}, {"lead_language": "fr"}, {"currency_local": "ZZZ"}],
)
def test_an_answer_that_cannot_be_is_pointed_at_and_nothing_is_made(
    client: ProofReader, wrong: dict[str, object]
) -> None:
    client.login(factories.person())
    client.get("/partnerships/new")
    answer = client.post("/partnerships/new", data={**ANSWERS, **wrong})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text or "needs another look" in answer.text
    assert db.session.scalars(select(Partnership)).all() == []


def test_the_first_coordinator_of_an_empty_side_is_invited_by_the_other_once(client: ProofReader) -> None:
    person = factories.person()
    partnership = service.create_partnership(
        service.FoundingAnswers(
            "X", service.MunicipalityInput("A", "DE"), service.MunicipalityInput("B", "GH"), ["en"], "en"
        ),
        by=person,
    )
    founder = member_of(person, partnership.id)
    assert founder
    with pytest.raises(ActionRefused):
        invitations.invite(founder, invitations.Invitation("e@example.org", "partner", "editor", "en"))
    invitations.invite(founder, invitations.Invitation("c@example.org", "partner", "coordinator", "en"))
    with pytest.raises(ActionRefused):
        invitations.invite(founder, invitations.Invitation("d@example.org", "partner", "coordinator", "en"))


def test_only_countries_are_offered_as_countries() -> None:
    for language in ("de", "en"):
        codes = {code for code, _name in country_choices(language)}
        assert {"DE", "GH", "NA"} <= codes
        assert "ZZ" not in codes  # "Unknown Region"


def test_a_person_has_room_in_a_hundred_partnerships(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    person = factories.person()
    monkeypatch.setattr(service, "MOST_PARTNERSHIPS", 2)
    founding = service.FoundingAnswers(
        "X", service.MunicipalityInput("A", "DE"), service.MunicipalityInput("B", "GH"), ["en"], "en"
    )
    service.create_partnership(founding, by=person)
    service.create_partnership(founding, by=person)
    with pytest.raises(ActionRefused):
        service.create_partnership(founding, by=person)
    assert len(db.session.scalars(select(Partnership)).all()) == 2


def test_settings_are_kept_and_an_overtaken_page_overwrites_nothing(client: ProofReader, team: Team) -> None:
    client.login(team.de["coordinator"])
    url = f"/partnerships/{team.partnership.id}/settings"
    client.get(url)
    data = {
        "name_de": "Neu",
        "name_en": "New",
        "since": "2025",
        "kind": "twinning",
        "agreement_kind": "mou",
        "agreement_date": "2025-11-18",
        "agreement_en": "Three years",
        "seen": "0",
    }
    assert client.post(url, data=data).status_code == 302
    stored = db.session.get_one(Partnership, team.partnership.id)
    assert stored.name == {"de": "Neu", "en": "New"}
    assert stored.agreement == {"kind": "mou", "date": "2025-11-18", "text": {"en": "Three years"}}
    late = client.post(url, data={**data, "name_de": "Verspätet"})
    assert late.status_code == 409
    assert "Somebody else has changed this" in late.text
    assert "Verspätet" in late.text
    assert db.session.get_one(Partnership, team.partnership.id).name["de"] == "Neu"
    assert client.post(url, data={"seen": "1", "kind": "", "agreement_kind": ""}).status_code == 409


def test_each_side_describes_its_own_municipalities(client: ProofReader, team: Team) -> None:
    client.login(team.de["coordinator"])
    own, theirs = team.partnership.municipalities
    url = f"/partnerships/{team.partnership.id}/municipalities"
    client.get(f"{url}/{own.id}")
    data = {
        "name": "Neue Stadt",
        "country": "DE",
        "region": "Hessen",
        "population": "12000",
        "timezone": "Europe/Berlin",
        "language": "de",
        "profile_de": "Klein.",
    }
    assert client.post(f"{url}/{own.id}", data=data).status_code == 302
    assert db.session.get_one(Municipality, own.id).profile == {"de": "Klein."}
    assert client.get(f"{url}/{theirs.id}").status_code == 403
    assert client.post(f"{url}/{theirs.id}", data=data).status_code == 403
    assert client.post(f"{url}/{own.id}", data={**data, "timezone": "Mars/Base"}).status_code == 422
    client.post(url, data={"name": "Dritte", "country": "DE"})
    third = db.session.scalars(select(Municipality).where(Municipality.name == "Dritte")).one()
    assert (third.side, third.timezone) == ("de", "Europe/Berlin")
    assert "People belong to this municipality" in client.get(client.post(f"{url}/{own.id}/remove").location).text
    client.post(f"{url}/{third.id}/remove")
    names = db.session.scalars(select(Municipality.name).order_by(Municipality.position)).all()
    assert names == ["Neue Stadt", "Exampleton"]


def ask_for_rate(client: ProofReader, team: Team, **more: str) -> int:
    url = f"/partnerships/{team.partnership.id}/joint"
    client.get(url)
    data = {"programme": str(programme().id), "rate": "13,5", "date": "2026-11-01", "remark": "Central bank", **more}
    return client.post(f"{url}/rate", data=data).status_code


def test_a_rate_holds_when_the_other_side_has_confirmed_it(client: ProofReader, team: Team) -> None:
    url = f"/partnerships/{team.partnership.id}/joint"
    client.login(team.de["coordinator"])
    assert ask_for_rate(client, team) == 302
    request_id = db.session.scalars(select(JointRequest.id)).one()
    client.post(f"{url}/{request_id}/confirm")
    assert programme().frame.rate is None
    assert "answers this" in client.get(url).text
    client.post("/logout")
    client.login(team.partner["coordinator"])
    assert "Planning rate 13.5 from 1 November 2026" in client.get("/").text
    client.get(url)
    client.post(f"{url}/{request_id}/confirm")
    assert programme().frame.rate == Decimal("13.5")
    assert programme().frame.rate_note == "Central bank"
    assert "has been answered" in client.get(client.post(f"{url}/{request_id}/decline").location).text
    actions = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert [action for action in actions if action.startswith("joint")] == ["joint_asked", "joint_confirmed"]


@pytest.mark.parametrize("rate", ["", "x", "1.234,5", "-3", "0", "1e5", "NaN", "9" * 13, "٣"])
def test_a_rate_that_is_no_number_is_pointed_at(client: ProofReader, team: Team, rate: str) -> None:
    client.login(team.de["coordinator"])
    assert ask_for_rate(client, team, rate=rate) == 422
    assert joint_requests.open_requests(team.partnership.id) == []


def test_only_coordinators_ask_and_the_same_is_asked_once(client: ProofReader, team: Team) -> None:
    client.login(team.de["editor"])
    assert ask_for_rate(client, team) == 403
    mine = member_for(team.de["coordinator"], team)
    joint_requests.ask_other_side(mine, "delete", {}, programme_id=programme().id)
    with pytest.raises(ActionRefused, match="already"):
        joint_requests.ask_other_side(mine, "delete", {}, programme_id=programme().id)
    neutral = factories.member(team.partnership, "neutral", "coordinator")
    with pytest.raises(ActionRefused):
        joint_requests.ask_other_side(member_for(neutral, team), "languages", {}, programme_id=programme().id)


def test_nobody_of_the_side_that_asked_confirms(app: Flask, team: Team) -> None:
    mine = member_for(team.de["coordinator"], team)
    colleague = member_for(factories.member(team.partnership, "de", "coordinator"), team)
    request = joint_requests.ask_other_side(mine, "delete", {}, programme_id=programme().id)
    for member in (mine, colleague):
        with pytest.raises(ActionRefused):
            joint_requests.answer_request(member, request.id, yes=True)
    assert programme().deleted_at is None
    joint_requests.answer_request(member_for(team.partner["coordinator"], team), request.id, yes=True)
    assert programme().deleted_at is not None


def test_another_partnerships_programme_cannot_be_asked_about(client: ProofReader, team: Team) -> None:
    other = factories.partnership("X", "Y")
    client.login(other.de["coordinator"])
    url = f"/partnerships/{other.partnership.id}/joint"
    client.get(url)
    assert client.post(f"{url}/delete", data={"programme": str(programme().id)}).status_code == 404


def test_languages_and_withdrawing_and_declining(app: Flask, team: Team) -> None:
    mine, theirs = member_for(team.de["coordinator"], team), member_for(team.partner["coordinator"], team)
    payload = {"languages": ["de", "en", "fr"], "lead": "fr"}
    first = joint_requests.ask_other_side(mine, "languages", payload, programme_id=programme().id)
    with pytest.raises(ActionRefused):
        joint_requests.withdraw(theirs, first.id)
    joint_requests.withdraw(mine, first.id)
    second = joint_requests.ask_other_side(mine, "languages", payload, programme_id=programme().id)
    joint_requests.answer_request(theirs, second.id, yes=False)
    assert programme().frame.languages == ["de", "en"]
    third = joint_requests.ask_other_side(theirs, "languages", payload, programme_id=programme().id)
    joint_requests.answer_request(mine, third.id, yes=True)
    assert (programme().frame.languages, programme().frame.lead_language) == (["de", "en", "fr"], "fr")


def test_deleting_needs_both_and_either_brings_it_back_for_a_while(client: ProofReader, team: Team) -> None:
    url = f"/partnerships/{team.partnership.id}/joint"
    mine, theirs = member_for(team.de["coordinator"], team), member_for(team.partner["coordinator"], team)
    client.login(team.de["editor"])
    page = f"/programmes/{programme().id}"
    assert client.get(page).status_code == 200
    request = joint_requests.ask_other_side(mine, "delete", {}, programme_id=programme().id)
    assert client.get(page).status_code == 200
    joint_requests.answer_request(theirs, request.id, yes=True)
    assert client.get(page).status_code == 404
    assert page not in client.get("/").text
    client.post("/logout")
    client.login(team.de["coordinator"])
    assert "Done: Delete the programme" in client.get(url).text
    client.post(f"{url}/{request.id}/undo")
    assert client.get(page).status_code == 200
    with pytest.raises(ActionRefused):
        joint_requests.undo_request(mine, request.id)
    second = joint_requests.ask_other_side(mine, "delete", {}, programme_id=programme().id)
    joint_requests.answer_request(theirs, second.id, yes=True)
    with writing() as database:
        database.get_one(JointRequest, second.id).answered_at = now() - timedelta(days=31)
    with pytest.raises(ActionRefused):
        joint_requests.undo_request(mine, second.id)
