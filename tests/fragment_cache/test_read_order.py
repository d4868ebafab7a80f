"""What somebody changes while a page is made is shown by the next page: nothing that was read before the revisions of a
key is stored under that key."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from klimawerk.comments import thread_list
from klimawerk.database import release_connection, writing
from klimawerk.extensions import db
from klimawerk.fragment_cache import FragmentCache
from klimawerk.measures import measure_summary
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.overview import document_fragments, outline, overview_fragments
from klimawerk.partnerships.access import member_of
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import Opened
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import options_for
from klimawerk.sheets.programme_topic import revision_with_programme
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.service import FieldRef, SetOutcome, set_value
from klimawerk.sheets.view import view_of
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.fragment_cache.test_equal_answers import Readers, open_thread


@pytest.fixture
def team(any_database: str, app: Flask) -> Team:
    assert app
    assert any_database
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


class Meanwhile:
    """Somebody else's edits, in a session of their own, while this one holds what it has read."""

    def __init__(self, app: Flask, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.editor, self.monkeypatch = app, team.partner["editor"].id, monkeypatch
        self.calls = 0

    def set(self, item_id: int, key: str, value: Any, row_kind: str = "") -> None:
        release_connection()  # as when a page waits for another one
        with self.app.app_context():
            item = db.session.get_one(Item, item_id)
            place = FieldRef(item, key, rows_of(item)[row_kind][0] if row_kind else None)
            assert set_value(place, value, based_on=place.rev, by=self.editor) is SetOutcome.SAVED

    def before_first(self, module: ModuleType, name: str, edit: Callable[[], None]) -> None:
        """Make the edit just before `module.name` is called for the first time."""
        original = getattr(module, name)

        def called(*arguments: Any) -> Any:
            self.calls += 1
            if self.calls == 1:
                edit()
            return original(*arguments)

        self.monkeypatch.setattr(module, name, called)


@pytest.fixture
def meanwhile(app: Flask, team: Team, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(app, team, monkeypatch)


def reader(app: Flask, team: Team, role: str) -> ProofReader:
    client = app.test_client()
    assert isinstance(client, ProofReader)
    client.login(team.de[role])
    return client


def between(page: str, start: str, end: str) -> str:
    at = page.index(start)
    return page[at : page.index(end, at)]


def test_a_field_of_action_that_is_renamed_while_a_page_asks_for_changes(
    app: Flask, team: Team, programme: Programme, meanwhile: Meanwhile
) -> None:
    edit = lambda: meanwhile.set(programme.id, "title.en", "Refuse", "fields")  # noqa: E731
    first = reader(app, team, "reviewer")
    meanwhile.before_first(document_fragments, "item_revisions", edit)
    first.fragment(f"/items/{programme.id}/changes?since=0&show=en&lang=en")
    page = reader(app, team, "observer").get(f"/programmes/{programme.id}?show=en&lang=en").text
    assert "Refuse" in between(page, 'id="goals-and-measures"', "</section>")
    assert meanwhile.calls == 2, "each page makes chapters and finance table of the same revisions"


def test_a_measure_that_is_changed_while_an_overview_asks_for_its_changes(
    app: Flask, team: Team, programme: Programme, meanwhile: Meanwhile
) -> None:
    measure = factories.measure(programme)
    set_value(FieldRef(measure, "planning_state"), "review", based_on=0, by=team.de["editor"].id)
    edit = lambda: meanwhile.set(measure.id, "planning_state", "draft")  # noqa: E731
    first = reader(app, team, "reviewer")
    meanwhile.before_first(overview_fragments, "item_revisions", edit)
    first.fragment(f"/programmes/{programme.id}/overview/changes?item={measure.id}&since=0&show=en&lang=en")
    page = reader(app, team, "observer").get(f"/programmes/{programme.id}/overview?show=en&lang=en").text
    matrix = between(page, 'id="overview-state-matrix"', "</section>")
    assert "WA-01" in between(matrix, 'data-label="Draft"', "</td>")


def test_a_code_that_is_changed_while_a_measure_s_page_is_made(
    app: Flask, team: Team, programme: Programme, meanwhile: Meanwhile
) -> None:
    measure = factories.measure(programme)
    first = reader(app, team, "reviewer")
    meanwhile.before_first(outline, "programme_of", lambda: meanwhile.set(measure.id, "code", "WA-09"))
    first.get(f"/measures/{measure.id}?show=en&lang=en")
    other = factories.measure(programme, "WA-02")
    page = reader(app, team, "reviewer").get(f"/measures/{other.id}?show=en&lang=en").text
    assert "WA-09" in page
    assert "WA-01" not in page


def test_another_measure_of_the_same_grant_application_is_read_as_it_is_now(
    programme: Programme, meanwhile: Meanwhile
) -> None:
    held = all_measures(programme)
    for measure in held:
        append_row(measure, "funding", {"source": "nki", "application": "A 7"}, by=None)
    budget = measure_summary.budget_of(held[0], rows_of(held[0]))
    meanwhile.set(held[1].id, "code", "WA-09")
    assert [other.code for other in measure_summary._same_application(budget, held[0])] == ["WA-09"]
    assert dict(options_for(programme.frame, "en").measures)[held[1].id] == "WA-09 Compost site"


def test_an_item_is_not_older_than_its_revision(programme: Programme, meanwhile: Meanwhile) -> None:
    measure = db.session.get_one(Measure, factories.measure(programme).id)
    before = revision_with_programme(measure)[0]
    meanwhile.set(measure.id, "priority", "low")
    assert revision_with_programme(measure)[0] > before
    assert measure.values["priority"] == "low"


def test_what_is_made_inside_of_a_transaction_is_not_kept(app: Flask) -> None:
    cache, key = FragmentCache(100_000), ("sections", 7, 3)
    assert app
    with writing() as session:
        assert cache.get(key, lambda: "rolled back") == "rolled back"
        session.rollback()
    assert cache.get(key, lambda: "stored") == "stored"
    assert cache.get(key, lambda: "another") == "stored"


def test_the_outline_counts_no_threads_of_items_that_are_hidden_from_a_role(
    app: Flask, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = Readers(app, team, 1)
    open_thread(readers, team.de["editor"], "")
    hidden = lambda member: ["measure"] if member.role == "observer" else []  # noqa: E731
    for module in (thread_list, outline):
        monkeypatch.setattr(module, "hidden_kinds", hidden, raising=False)
    counts = []
    for role in ("reviewer", "observer"):
        member = member_of(team.de[role], team.partnership.id)
        assert member
        with app.test_request_context():
            v = view_of(Opened(readers.first, member, False), reader="en", requested=None)
            counts.append(sum(outline.outline_of(v).talks.values()))
    assert counts == [1, 0]
