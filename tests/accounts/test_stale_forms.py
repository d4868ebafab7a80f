"""Stale CSRF tokens: the form is not executed, and comes back filled in for its own user only."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from klimawerk.accounts.models import Login, Person
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
REFILLED = 'id="again"'


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def measure(programme: Programme) -> Measure:
    return factories.measure(programme)


def send(
    client: ProofReader, page: str, action: str, *, site: dict[str, str] = SAME_ORIGIN, **data: Any
) -> TestResponse:
    """Send a form of `page` as a browser without scripts does; its token is the client's."""
    token, client.token = client.token, ""
    headers = {"Referer": f"http://localhost{page}", **site}
    return client.post(action, data={"csrf_token": token, **data}, headers=headers)


def sign_in_elsewhere(client: ProofReader, person: Person) -> None:
    """Sign in again in another window of the same browser."""
    token = client.token
    client.login(person)
    client.token = token


def end_sessions(client: ProofReader) -> None:
    """Delete all sessions, as after their expiry."""
    with writing():
        db.session.execute(db.delete(Login))


def sign_in(client: ProofReader, html: str, person: Person, password: str = factories.PASSWORD) -> TestResponse:
    """Sign in by the form on this page, with the form that it carries."""
    carried = re.search(r'name="again" value="([^"]+)"', html)
    assert carried, "the sign-in form carries no form"
    client.token = token_of(html)
    return send(client, "/login", "/login", email=person.email, password=password, again=unescape(carried[1]))


def token_of(html: str) -> str:
    field = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert field
    return field[1]


def plain_text(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def refilled_value(html: str, name: str) -> str:
    """The value of the control `name` in the refilled form."""
    form = next(each for each in re.findall(r"<form.*?</form>", html, re.DOTALL) if 'id="again"' in each)
    textarea = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL)
    if textarea:
        return unescape(textarea[1])
    chosen = re.search(rf'<select[^>]*name="{name}".*?<option[^>]*value="([^"]*)"[^>]* selected', form, re.DOTALL)
    if chosen:
        return unescape(chosen[1])
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', form)
    assert tag, f"{name} is not in the form:\n{form[:2000]}"
    attribute = re.search(r' value="([^"]*)"', tag[0])
    return unescape(attribute[1]) if attribute else ""


def test_a_form_sent_after_signing_in_again_elsewhere_comes_back_filled_in_and_can_be_sent(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    person, history = team.de["coordinator"], f"/items/{measure.id}/history"
    client.login(person)
    assert client.get(history).status_code == 200
    sign_in_elsewhere(client, person)
    keep = f"/items/{measure.id}/versions"
    answer = send(client, history, keep, label='As <agreed> & "done"', note="One\ntwo")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert REFILLED in html
    assert (refilled_value(html, "label"), refilled_value(html, "note")) == ('As <agreed> & "done"', "One\ntwo")
    assert "agreed" not in client.get(history).get_data(as_text=True)
    client.token = token_of(html)
    assert send(
        client, history, keep, label=refilled_value(html, "label"), note=refilled_value(html, "note")
    ).status_code in (302, 303)
    assert "As &lt;agreed&gt;" in client.get(history).get_data(as_text=True)


def test_after_the_end_of_a_session_its_own_person_signs_in_and_has_the_form_again(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    person, history = team.de["coordinator"], f"/items/{measure.id}/history"
    client.login(person)
    client.get(history)
    end_sessions(client)
    first = send(client, history, f"/items/{measure.id}/versions", label="Before lunch", note="")
    html = first.get_data(as_text=True)
    assert first.status_code == 401
    assert "Your sign-in has ended" in plain_text(html) or "Ihre Anmeldung ist abgelaufen" in plain_text(html)
    wrong = sign_in(client, html, person, password="not this one")
    assert wrong.status_code == 422
    answer = sign_in(client, wrong.get_data(as_text=True), person)
    html = answer.get_data(as_text=True)
    assert refilled_value(html, "label") == "Before lunch"
    client.token = token_of(html)
    sent = send(client, history, f"/items/{measure.id}/versions", label=refilled_value(html, "label"), note="")
    assert sent.status_code in (302, 303)


def test_who_signs_in_instead_of_the_one_who_wrote_does_not_see_it(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    history = f"/items/{measure.id}/history"
    client.login(team.de["coordinator"])
    client.get(history)
    end_sessions(client)
    html = send(client, history, f"/items/{measure.id}/versions", label="Mine alone", note="").get_data(as_text=True)
    answer = sign_in(client, html, team.de["editor"])
    assert answer.status_code == 302
    assert "Mine alone" not in client.get(history).get_data(as_text=True)


def test_a_page_of_the_person_before_is_neither_carried_out_nor_shown_to_the_next(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    history = f"/items/{measure.id}/history"
    client.login(team.de["coordinator"])
    client.get(history)
    sign_in_elsewhere(client, team.de["editor"])
    answer = send(client, history, f"/items/{measure.id}/versions", label="Mine alone", note="")
    assert answer.status_code == 400
    assert "Mine alone" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "site",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_what_another_site_sends_is_refused_and_never_shown(
    client: ProofReader, team: Team, measure: Measure, site: dict[str, str], signed_in: bool
) -> None:
    history = f"/items/{measure.id}/history"
    client.login(team.de["coordinator"])
    client.get(history)
    stale = client.token
    if signed_in:
        sign_in_elsewhere(client, team.de["coordinator"])
    else:
        end_sessions(client)
    for action, data in (
        (f"/items/{measure.id}/versions", {"label": "Planted", "note": ""}),
        (f"/items/{measure.id}/delete", {}),
    ):
        client.token = stale
        answer = send(client, history, action, site=site, **data)
        html = answer.get_data(as_text=True)
        assert answer.status_code == 400
        assert "Planted" not in html
        assert 'id="again"' not in html
        assert f'action="{action}"' not in html


def test_a_browser_that_says_only_where_the_form_stood_is_answered_the_same(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    """Over plain HTTP browsers send no Sec-Fetch-Site."""
    history = f"/items/{measure.id}/history"
    client.login(team.de["coordinator"])
    client.get(history)
    sign_in_elsewhere(client, team.de["coordinator"])
    answer = send(
        client, history, f"/items/{measure.id}/versions", site={"Origin": "http://localhost"}, label="Here", note=""
    )
    assert refilled_value(answer.get_data(as_text=True), "label") == "Here"


@pytest.mark.parametrize("kind", ["missing", "garbage", "signed by somebody else", "of a stranger's page"])
def test_what_does_not_say_whose_it_was_is_shown_to_nobody_who_is_signed_in(
    client: ProofReader, team: Team, measure: Measure, kind: str
) -> None:
    """Before, the input of one user was put into the form of the next one, who had signed in meanwhile."""
    history, editor = f"/items/{measure.id}/history", team.de["editor"]
    client.get("/login")
    anonymous_token = client.token
    client.login(team.de["coordinator"])
    client.get(history)
    own_token = client.token
    client.login(editor)
    tokens = {"missing": "", "garbage": "garbage", "signed by somebody else": f"{own_token[:-3]}abc"}
    for action in (f"/items/{measure.id}/versions", "/threads/99/comments", "/account", "/login"):
        client.token = tokens.get(kind, anonymous_token)
        answer = send(client, history, action, label="Mine alone", words="Mine alone", name="Mine alone")
        assert answer.status_code in ((400, 302) if action == "/login" else (400,)), action
        assert "Mine alone" not in answer.text
        assert REFILLED not in answer.text
    client.token = tokens.get(kind, anonymous_token)
    assert "Mine alone" not in send(client, "/account", "/account", name="Mine alone", language="en").text
    assert "Mine alone" not in client.get(history).text


def test_signing_in_where_another_window_has_done_so_leads_on(client: ProofReader, team: Team) -> None:
    """Negative control: the answer holds nothing that was typed."""
    client.get("/login?next=/account")
    sign_in_elsewhere(client, team.de["editor"])
    answer = send(client, "/login?next=/account", "/login", email="other@example.org", password=factories.PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/account")


@pytest.mark.parametrize("referer", ["http://[bad", "//[", "http://[::1", "http://a]b/account", "[", "http://["])
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_referer_that_is_no_address_is_no_failure(
    client: ProofReader, team: Team, referer: str, signed_in: bool
) -> None:
    """Before, any anonymous visitor got a 500."""
    person = team.de["coordinator"]
    client.login(person)
    client.get("/account")
    token = client.token
    sign_in_elsewhere(client, person) if signed_in else end_sessions(client)
    client.token = ""
    data = {"csrf_token": token, "name": "As typed", "language": "en", "timezone": "Europe/Berlin"}
    answer = client.post("/account", data=data, headers={**SAME_ORIGIN, "Referer": referer})
    assert answer.status_code == (400 if signed_in else 401)
    if signed_in:
        assert refilled_value(answer.text, "name") == "As typed"


@pytest.mark.parametrize("host", ["[bad", "[", "a]b", "[::1", "[v1.x]", "[bad]:80"])
def test_a_host_that_is_none_is_no_failure(client: ProofReader, host: str) -> None:
    for site in ({}, {"Origin": "http://[bad"}, SAME_ORIGIN):
        headers = {**site, "Host": host, "Referer": f"http://{host}/login"}
        assert client.post("/login", data={"csrf_token": "made up"}, headers=headers).status_code == 400
        assert client.get(f"/login?next=http://{host}", headers=headers).status_code in (200, 400)


def test_a_password_is_not_put_back_and_goes_into_no_other_form(client: ProofReader, team: Team) -> None:
    person = team.de["coordinator"]
    client.login(person)
    client.get("/account")
    ways: list[Callable[[], None]] = [lambda: sign_in_elsewhere(client, person), lambda: end_sessions(client)]
    for make_stale in ways:
        make_stale()
        new = "Another long passphrase"
        answer = send(client, "/account", "/account/password", present_password=factories.PASSWORD, new_password=new)
        html = answer.get_data(as_text=True)
        if answer.status_code == 401:
            html = sign_in(client, html, person).get_data(as_text=True)
        assert 'id="again"' in html
        assert "passphrase" not in html
        client.token = token_of(html)


def test_the_sign_in_form_itself_comes_back_with_the_address(client: ProofReader, team: Team) -> None:
    person = team.de["editor"]
    client.get("/login")
    client.token = "of another secret"
    answer = send(client, "/login", "/login", email=person.email, password=factories.PASSWORD)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert refilled_value(html, "email") == person.email
    assert factories.PASSWORD not in html
    assert client.get("/account").status_code == 302


def test_where_the_form_is_gone_its_words_stay_to_be_copied(client: ProofReader, team: Team, measure: Measure) -> None:
    person = team.de["coordinator"]
    client.login(person)
    sign_in_elsewhere(client, person)
    answer = send(client, f"/measures/{measure.id}", "/threads/99/comments", words="Long thoughts.\nMore.", key="k")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Long thoughts.\nMore.</textarea>" in html


def test_a_script_is_told_as_before(client: ProofReader, team: Team, measure: Measure) -> None:
    client.login(team.de["coordinator"])
    client.token = ""
    answer = client.post(
        f"/items/{measure.id}/fields/priority", data={"value": "low"}, headers={"HX-Request": "true", **SAME_ORIGIN}
    )
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (400, "#flashes")
