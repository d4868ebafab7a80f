"""Error messages of forms stand at their field, with the possible values, and above the form with a link to it."""

from __future__ import annotations

import re
from datetime import timedelta

import html5lib
import pytest
from flask_wtf import FlaskForm
from werkzeug.test import TestResponse
from wtforms import SelectFieldBase

from klimawerk.accounts.forms import ProfileForm
from klimawerk.digests.forms import ChoiceForm
from klimawerk.exchange.forms import ImportConfirmForm
from klimawerk.partnerships import forms, service
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.web.forms import _KnownValues
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.partnerships.test_founding import ANSWERS
from tests.partnerships.test_members import membership


def error_at(answer: TestResponse, name: str) -> str:
    """The error message at the field of that name (aria-invalid, aria-describedby); "" for none."""
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    for control in tree.iter():
        if control.get("name") == name and control.get("aria-invalid") == "true":
            message_id = (control.get("aria-describedby") or "").split()[-1]
            return "".join(next(each for each in tree.iter() if each.get("id") == message_id).itertext()).strip()
    return ""


def summary(answer: TestResponse) -> list[str]:
    """Names of the fields that the error summary links to; checks that each link has its target."""
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    (box,) = [each for each in tree.iter("div") if each.get("role") == "alert"]
    assert "autofocus" in box.attrib
    targets = [link.attrib["href"].removeprefix("#") for link in box.iter("a")]
    by_id = {each.get("id"): each for each in tree.iter() if each.get("id") in targets}
    return [by_id[target].get("name", target) for target in targets]


def place_of(partnership: Partnership, side: str) -> str:
    return f"{side}:{next((town.id for town in partnership.municipalities if town.side == side), '')}"


def invite(
    client: ProofReader, partnership: Partnership, place: str, role: str, email: str = "new@example.org"
) -> TestResponse:
    data = {"email": email, "name": "", "place": place, "role": role, "language": "en"}
    return client.post(f"/partnerships/{partnership.id}/invitations", data=data)


@pytest.mark.parametrize(
    ("place", "role", "sentence"),
    [
        ("neutral:", "coordinator", "Possible are: Moderator, Editor, Reviewer, Observer."),
        ("partner", "editor", "Exampleton: this role is not possible there. Possible is: Coordinator."),
        ("de", "mayor", "choose one of these: Coordinator, Moderator, Editor, Reviewer, Observer."),
    ],
)
def test_an_impossible_role_is_said_at_the_role(client: ProofReader, place: str, role: str, sentence: str) -> None:
    founding = service.FoundingAnswers(
        "X", service.MunicipalityInput("A", "DE"), service.MunicipalityInput("Exampleton", "GH"), ["en"], "en"
    )
    person = factories.person()
    partnership = service.create_partnership(founding, by=person)
    client.login(person)
    answer = invite(client, partnership, place if place.endswith(":") else place_of(partnership, place), role)
    assert answer.status_code == 422
    assert sentence in error_at(answer, "role")
    assert not error_at(answer, "email")
    assert summary(answer) == ["role"]
    assert 'value="new@example.org"' in answer.text


def test_it_is_said_in_german_too(client: ProofReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "LANGUAGES", dict.fromkeys(factories.LANGUAGES, "de"))
    team = factories.partnership("Musterstadt", "Exampleton")
    client.login(team.de["coordinator"])
    answer = invite(client, team.partnership, "neutral:", "coordinator")
    assert "Diese Rolle ist dort nicht möglich. Möglich sind: " in error_at(answer, "role")


@pytest.mark.parametrize(
    ("email", "sentence"), [("member", "a member already"), ("twice@example.org", "invited already")]
)
def test_what_is_about_the_address_stays_there(client: ProofReader, email: str, sentence: str) -> None:
    """Negative control."""
    team = factories.partnership("Musterstadt", "Exampleton")
    client.login(team.de["coordinator"])
    email = team.de["editor"].email if email == "member" else email
    invite(client, team.partnership, place_of(team.partnership, "de"), "editor", email)
    answer = invite(client, team.partnership, place_of(team.partnership, "de"), "editor", email)
    assert sentence in error_at(answer, "email")
    assert not error_at(answer, "role")


def change(client: ProofReader, team: Team, changed: Membership, **fields: str) -> TestResponse:
    day = changed.from_date.isoformat()
    data = {
        "role": changed.role,
        "municipality_id": str(changed.municipality_id or ""),
        "from_date": day,
        "to_date": "",
    }
    return client.post(f"/partnerships/{team.partnership.id}/members/{changed.id}", data=data | fields)


def test_a_member_s_form_comes_back_open_with_the_reason_at_its_field(client: ProofReader) -> None:
    team = factories.partnership("Musterstadt", "Exampleton")
    neutral = membership(factories.member(team.partnership, "neutral", "observer"))
    editor_membership, last_coordinator = membership(team.de["editor"]), membership(team.de["coordinator"])
    other_town_id = next(town.id for town in team.partnership.municipalities if town.side == "partner")
    before = (editor_membership.from_date - timedelta(days=1)).isoformat()
    client.login(team.de["coordinator"])
    for changed, field, value, sentence in [
        (neutral, "role", "coordinator", "one of these: Moderator, Editor, Reviewer, Observer."),
        (editor_membership, "role", "mayor", "one of these: Coordinator, "),
        (editor_membership, "municipality_id", str(other_town_id), "choose one of these: Musterstadt."),
        (editor_membership, "to_date", before, "The last day lies before the first."),
        (editor_membership, "from_date", "soon", "Please write a date"),
        (last_coordinator, "role", "editor", "Your side needs a coordinator."),
    ]:
        answer = change(client, team, changed, **{field: value})
        assert answer.status_code in (409, 422), sentence
        assert sentence in error_at(answer, field), sentence
        assert summary(answer) == [field]
        assert len(re.findall(r"<details open>", answer.text)) == 1
    assert change(client, team, editor_membership, role="reviewer").status_code == 302


def test_what_is_about_no_field_stands_above_the_form(client: ProofReader, monkeypatch: pytest.MonkeyPatch) -> None:
    team = factories.partnership()
    client.login(team.de["coordinator"])
    monkeypatch.setattr(service, "MOST_PARTNERSHIPS", 1)
    answer = client.post("/partnerships/new", data=ANSWERS)
    assert answer.status_code == 409
    assert "Nobody can belong to more than 1 partnerships." in answer.text
    assert not error_at(answer, "name")
    assert summary(answer) == []


def test_a_question_that_is_asked_already_keeps_what_was_typed(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.de["coordinator"])
    data = {"programme": programme.id, "rate": "13.5", "date": "2027-01-01", "remark": "Bank of Ghana"}
    address = f"/partnerships/{team.partnership.id}/joint/rate"
    assert client.post(address, data=data).status_code == 302
    answer = client.post(address, data=data | {"rate": "14"})
    assert answer.status_code == 409
    assert "This is being asked already." in answer.text
    assert 'value="14"' in answer.text


def test_a_new_name_for_nothing_is_said_at_the_name(client: ProofReader) -> None:
    team = factories.partnership()
    client.login(team.de["coordinator"])
    answer = client.post(f"/partnerships/{team.partnership.id}/settings", data={"kind": "", "agreement_kind": ""})
    assert "needs a name" in error_at(answer, "name_en")


@pytest.mark.parametrize(
    "form",
    [
        *(each for each in vars(forms).values() if isinstance(each, type) and issubclass(each, FlaskForm)),
        ProfileForm,
        ChoiceForm,
        ImportConfirmForm,
    ],
)
def test_every_choice_names_what_is_possible(form: type[FlaskForm]) -> None:
    field_classes = {name: field.field_class for name, field in vars(form).items() if hasattr(field, "field_class")}
    assert [
        name
        for name, field_class in field_classes.items()
        if issubclass(field_class, SelectFieldBase) and not issubclass(field_class, _KnownValues)
    ] == []
