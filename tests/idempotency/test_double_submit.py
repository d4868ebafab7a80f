"""Every form of the application, sent twice as by a double click on a slow connection, takes effect once."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from klimawerk import idempotency
from klimawerk.accounts.models import Link
from klimawerk.clock import now
from klimawerk.comments.service import CommentInput, ThreadSubject, open_thread
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.idempotency import service
from klimawerk.idempotency.models import CompletedRequest
from klimawerk.partnerships import joint_requests
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.models import Partnership
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.versions import service as versions
from tests import factories
from tests.client import ProofReader
from tests.crawler import CrawledForm, crawl, filled
from tests.factories import Team

FIELD_VALUES = {
    "words": "A question",
    "outcome": "Settled",
    "label": "Before the council",
    "name": "A name",
    "email": "new@example.org",
    "my_name": "Musterstadt",
    "my_country": "DE",
    "their_name": "Exampleton",
    "their_country": "GH",
    "country": "DE",
    "place": "",
    "purpose": "council",
    "rate": "13.5",
    "date": "2026-11-01",
    "table": "Title\tDescription\nGreen roofs\tOn the schools\nRain\tGutters",
    "step": "take",
    "title": "A new step",
    "present_password": factories.PASSWORD,
    "new_password": "another long passphrase",
    "reason": "As agreed",
    "language": "en",
    "value": "75000.00",
}
"""Values for empty fields, by name."""

NOT_TRIED = {
    "accounts.ask_to_confirm": "for accounts that are not confirmed; tests/accounts",
    "accounts.confirm": "reached by a link in a mail; tests/accounts",
    "accounts.confirm_account": "for operators",
    "accounts.forgot": "for visitors",
    "accounts.login": "for visitors",
    "accounts.reset": "for visitors with a link",
    "comments.read": "sent by the panel without a form; tests/comments/test_programme_comments.py",
    "comments.translate": "needs a translation service; tests/comments/test_translation.py",
    "digests.stop_now": "reached by a link in a mail; tests/digests",
    "digests.try_again": "for operators while a mail waits",
    "exchange.cancel": "while a job runs; tests/jobs",
    "exchange.choose": "a file; tests/exchange",
    "exchange.read_pasted": "reads a table for a page and keeps nothing; tests/exchange/test_import_in_browser.py",
    "exchange.take": "a file that was looked at; tests/exchange",
    "invitations.open_invitation": "for the invited person",
    "privacy.erase": "the account ends with it; tests/privacy",
    "sheets.restore_row": "stands in the answer to a deletion",
}
AT_THE_END = [
    "partnerships.municipality",
    "comments.reopen",
    "comments.delete",
    "sheets.delete_row",
    "sheets.lock",
    "sheets.unlock",
    "overview.delete",
    "overview.restore",
    "partnerships.answer",
    "partnerships.leave",
    "accounts.password",
    "accounts.logout_everywhere",
    "accounts.logout",
]
"""Forms that change all pages, sent last and in this order."""

NOT_COUNTED = {"audit_entry", "login", "completed_request"}
"""Tables that may record that a request was sent twice."""

REFUSED = "refused"

MAY_DIFFER = {
    "partnerships.reset_link": "each press shows a link that works; both end after two hours",
}


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def client(app: Flask, team: Team, programme: Programme) -> ProofReader:
    test_client = app.test_client()
    assert isinstance(test_client, ProofReader)
    test_client.login(team.de["coordinator"])
    return test_client


@pytest.mark.slow
def test_every_form_sent_twice_leaves_what_sending_it_once_leaves(
    app: Flask, client: ProofReader, team: Team, programme: Programme
) -> None:
    _create_content_for_all_forms(team, programme)
    empty = create_programme(team.partnership, languages=["de", "en"], lead_language="en", by=None)
    starts = [*_starts(programme), f"/programmes/{empty.id}"]
    tried: dict[str, str] = {}
    pages = {"overview.restore": f"/programmes/{programme.id}/bin"}
    for _round in range(3):  # content of one round has forms of its own, which the next one sends
        for form in crawl(client, starts):
            pages.setdefault(form.endpoint, form.page)
            if form.endpoint not in (*tried, *NOT_TRIED, *AT_THE_END):
                added = _difference(client, form)
                tried |= {} if added is REFUSED else {form.endpoint: added}
            if form.endpoint == "comments.resolve":
                pages.setdefault("comments.reopen", form.action.split("/resolve")[0])
    pages |= {"sheets.unlock": pages["sheets.lock"]}
    for endpoint in AT_THE_END:
        form = _form(client, pages[endpoint], endpoint)
        tried[endpoint] = _difference(client, form)
    assert {name: added for name, added in tried.items() if added and name not in MAY_DIFFER} == {}
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posts - set(tried) == set(NOT_TRIED)


def test_the_same_walk_finds_a_form_without_a_key(
    client: ProofReader, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_claim", lambda key: key is not None)
    monkeypatch.setattr(db.session, "get_one", lambda *_key: CompletedRequest())
    new = next(
        one for one in crawl(client, [f"/programmes/{programme.id}"], follow=False) if one.endpoint == "goals.create"
    )
    assert "goal" in _difference(client, new)


@pytest.mark.parametrize("what", ["goals.create", "measures.create"])
def test_two_presses_make_one_and_lead_to_it(
    any_database: str, client: ProofReader, programme: Programme, what: str
) -> None:
    form = _form(client, f"/programmes/{programme.id}", what)
    first, second = client.post(form.action, data=form.data), client.post(form.action, data=form.data)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    again = _form(client, f"/programmes/{programme.id}", what)
    assert client.post(again.action, data=again.data).location != first.location  # a new page means a new request


def test_two_identical_requests_at_the_same_moment_make_one(
    any_database: str, app: Flask, client: ProofReader, team: Team, programme: Programme
) -> None:
    form = _form(client, f"/programmes/{programme.id}", "goals.create")
    goals = _count(Goal)
    answers: list[TestResponse] = []
    together = threading.Barrier(2)

    def press() -> None:
        window = app.test_client()
        assert isinstance(window, ProofReader)
        with app.app_context():
            window.login(team.de["coordinator"])
            together.wait(10)
            answers.append(window.post(form.action, data={"request_key": form.data["request_key"]}))

    presses = [threading.Thread(target=press) for _ in range(2)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join(30)
    assert {answer.status_code for answer in answers} == {303}, [answer.status for answer in answers]
    assert len({answer.location for answer in answers}) == 1
    assert _count(Goal) == goals + 1


def test_a_partnership_is_founded_once_though_its_founder_pressed_twice(client: ProofReader) -> None:
    form = _form(client, "/partnerships/new", "partnerships.new")
    data = filled(form, FIELD_VALUES) | {"name": "Two towns"}
    first, second = client.post(form.action, data=data), client.post(form.action, data=data)
    assert first.location == second.location
    page = client.get(second.location).get_data(as_text=True)
    assert page.count("Deine Partnerschaft ist bereit") + page.count("Ihre Partnerschaft ist bereit") == 1
    assert _count(Partnership) == 2  # with the founder's earlier one


def test_what_is_changed_before_it_is_sent_again_is_not_lost(client: ProofReader) -> None:
    form = _form(client, "/partnerships/new", "partnerships.new")
    data = filled(form, FIELD_VALUES) | {"name": "Two towns"}
    first = client.post(form.action, data=data)
    assert client.post(form.action, data=data | {"name": "Three towns"}).location != first.location


def test_the_key_of_one_person_is_none_of_anothers(
    app: Flask, client: ProofReader, team: Team, programme: Programme
) -> None:
    form = _form(client, f"/programmes/{programme.id}", "goals.create")
    first = client.post(form.action, data=form.data)
    other = app.test_client()
    assert isinstance(other, ProofReader)
    other.login(team.partner["editor"])
    assert other.post(form.action, data=form.data).location != first.location


def test_what_failed_can_be_sent_again_with_the_same_key(app: Flask) -> None:
    def fail() -> str:
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="full"):
        idempotency.once("key", fail)
    assert idempotency.once("key", lambda: "done") == "done"
    assert idempotency.once("key", lambda: "again") == "done"


def test_keys_go_after_a_day(app: Flask) -> None:
    idempotency.once("old", lambda: "done")
    db.session.get_one(CompletedRequest, "old").at = now() - timedelta(days=2)
    db.session.commit()
    idempotency.once("new", lambda: "done")
    assert [row.digest for row in db.session.query(CompletedRequest)] == ["new"]


def test_a_key_stands_in_every_form_that_creates(client: ProofReader, programme: Programme) -> None:
    creating = {
        "goals.create",
        "measures.create",
        "partnerships.new",
        "partnerships.add_municipality",
        "partnerships.ask",
        "exchange.paste_measures",
        "exchange.paste_rows",
        "exchange.reset_practice",
        "editions.make",
        "versions.keep",
        "comments.begin",
    }
    forms = {form.endpoint: form.data for form in crawl(client, _starts(programme)) if form.endpoint in creating}
    assert set(forms) == creating
    assert [name for name, data in forms.items() if not (data.get("request_key") or data.get("key"))] == []


def _starts(programme: Programme) -> list[str]:
    first = factories.measure(programme)
    return [
        "/",
        "/account",
        "/partnerships/new",
        f"/programmes/{programme.id}",
        f"/measures/{first.id}",
        f"/items/{first.id}/fields/priority",
        f"/rows/{rows_of(first)['costs'][0].id}",
        f"/items/{first.id}/comments",
        f"/items/{first.id}/compare?from=1&to=now",
        f"/programmes/{programme.id}/bin",
    ]


def _form(client: ProofReader, page: str, endpoint: str) -> CrawledForm:
    forms = [form for form in crawl(client, [page], follow=False) if form.endpoint == endpoint]
    assert forms, f"{page} has no form for {endpoint}"
    return forms[0]


def _difference(client: ProofReader, form: CrawledForm) -> str:
    """Which tables grew when the form was sent a second time; REFUSED if the first request was refused."""
    data = filled(form, FIELD_VALUES)
    first = client.post(form.action, data=data)
    once = _counts()
    second = client.post(form.action, data=data)
    twice = _counts()
    if first.status_code >= 400:
        return REFUSED
    assert second.status_code < 500
    return ", ".join(f"{name} +{twice[name] - once[name]}" for name in once if once[name] != twice[name])


def _counts() -> dict[str, int]:
    tables = [table for table in db.metadata.sorted_tables if table.name not in NOT_COUNTED]
    with db.engine.connect() as connection:
        return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def _create_content_for_all_forms(team: Team, programme: Programme) -> None:
    """Content for every form: a thread, a proposal, a task, a conflict, a row, a deleted goal, a joint request."""
    own_member, other_member = _member(team, team.de["coordinator"]), _member(team, team.partner["coordinator"])
    first = factories.measure(programme)
    cost = rows_of(first)["costs"][0]
    for number, kind in enumerate(("question", "proposal", "task")):
        subject = ThreadSubject(field="amount", row_id=cost.id, value={"amount": "75000.00", "currency": "EUR"})
        open_thread(
            first,
            CommentInput("Prices go up.", "en", f"thread-{number}"),
            kind=kind,
            side="",
            subject=subject if kind == "proposal" else ThreadSubject(),
            by=other_member,
        )
    versions.keep_version(first.id, by=own_member)
    set_value(FieldRef(first, "priority"), "low", based_on=0, by=other_member.person.id)
    set_value(FieldRef(first, "priority"), "medium", based_on=0, by=own_member.person.id)
    joint_requests.ask_other_side(
        other_member, "rate", {"rate": "14", "date": "2026-11-01", "remark": ""}, programme_id=programme.id
    )


def _member(team: Team, person: object) -> Member:
    member = member_of(person, team.partnership.id)  # type: ignore[arg-type]
    assert member is not None
    return member


@pytest.mark.parametrize("page", ["/partnerships/{}/settings", "/partnerships/{}/municipalities/1"])
def test_saving_twice_is_not_taken_for_somebody_elses_change(client: ProofReader, team: Team, page: str) -> None:
    form = crawl(client, [page.format(team.partnership.id)], follow=False)[1]
    answers = [client.post(form.action, data=form.data) for _press in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    newer = form.data | {"request_key": "another page, opened before"}
    assert client.post(form.action, data=newer).status_code == 409


def test_an_invitation_sent_twice_shows_a_link_that_works(client: ProofReader, team: Team) -> None:
    form = _form(client, f"/partnerships/{team.partnership.id}/members", "invitations.invite")
    data = filled(form, FIELD_VALUES) | {"email": "new@example.org"}
    first, second = client.post(form.action, data=data), client.post(form.action, data=data)
    assert (first.status_code, second.status_code) == (200, 200)
    assert _count(Link) == 1
    shown = re.search(r"/link/invitation/[\w-]+", second.get_data(as_text=True))
    assert shown is not None
    assert client.get(shown[0]).status_code == 200
    again = _form(client, f"/partnerships/{team.partnership.id}/members", "invitations.invite")
    assert client.post(again.action, data=data | {"request_key": again.data["request_key"]}).status_code == 422


def test_a_row_is_added_once_without_a_script_too(client: ProofReader, programme: Programme) -> None:
    form = _form(client, f"/measures/{factories.measure(programme).id}", "sheets.add_row")
    rows = _count(Row)
    for _press in range(2):
        assert client.post(form.action, data=form.data).status_code == 303
    assert _count(Row) == rows + 1
    another_page = {name: value for name, value in form.data.items() if name != "csrf_token"}
    assert client.post(form.action, data=another_page).status_code == 303
    assert _count(Row) == rows + 2


@pytest.mark.parametrize("what", ["exchange.paste_measures", "exchange.paste_rows"])
def test_a_pasted_table_is_added_once(client: ProofReader, programme: Programme, what: str) -> None:
    page = {"exchange.paste_measures": f"/programmes/{programme.id}/paste"}.get(
        what, f"/items/{factories.measure(programme).id}/paste/steps"
    )
    column = "title" if what == "exchange.paste_measures" else "text"
    form = _form(client, page, what)
    data = form.data | {"table": "Green roofs\nRain", "column": column, "step": "take", "language": "en"}
    before = _count(Item) + _count(Row)
    first, second = client.post(form.action, data=data), client.post(form.action, data=data)
    assert first.status_code == second.status_code == 303, first.get_data(as_text=True)
    assert first.location == second.location
    assert _count(Item) + _count(Row) == before + 2
