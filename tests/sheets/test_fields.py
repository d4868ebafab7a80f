"""Submitting values of fields and cells: stored, refused, or kept as a conflict; and rows."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.sheets.models import Conflict, Row
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(any_database: str, app: object) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def measure(team: Team) -> Measure:
    return factories.measure(factories.programme(team))


@pytest.fixture
def editor(client: ProofReader, team: Team) -> ProofReader:
    client.login(team.de["editor"])
    return client


def _set(client: ProofReader, path: str, value: object, rev: int = 0, **more: str) -> TestResponse:
    return client.post(path, data={"value": value, "rev": str(rev), **more}, headers=HTMX)


def test_a_value_is_kept_and_comes_back_in_the_readers_words(editor: ProofReader, measure: Measure) -> None:
    answer = _set(editor, f"/items/{measure.id}/fields/period_start", "Oktober 2027")
    assert answer.status_code == 200
    assert "Oktober 2027" in answer.text
    db.session.refresh(measure)
    assert measure.values["period_start"] == "2027-10"


@pytest.mark.parametrize(
    ("field", "value"),
    [("period_start", "sometime"), ("priority", "urgent"), ("planning_state", "agreed"), ("ghg_t_co2e_a", "many")],
)
def test_what_cannot_be_kept_is_answered_at_the_field_and_changes_nothing(
    editor: ProofReader, measure: Measure, field: str, value: str
) -> None:
    values = dict(measure.values)
    answer = _set(editor, f"/items/{measure.id}/fields/{field}", value)
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    db.session.refresh(measure)
    assert measure.values == values


def test_an_unclear_amount_is_asked_about_and_not_guessed(editor: ProofReader, measure: Measure) -> None:
    row = rows_of(measure)["costs"][0]
    answer = _set(editor, f"/rows/{row.id}/cells/amount", "1.500", row.revs["amount"], currency="EUR")
    assert answer.status_code == 422
    assert "1500" in answer.text
    clear = _set(editor, f"/rows/{row.id}/cells/amount", "1.500,00", row.revs["amount"], currency="EUR")
    assert clear.status_code == 200
    db.session.refresh(row)
    assert row.cells["amount"] == {"amount": "1500.00", "currency": "EUR"}


def test_a_value_that_met_a_newer_one_waits_beside_it_and_an_editor_chooses(
    editor: ProofReader, measure: Measure, team: Team, app: Flask
) -> None:
    path = f"/items/{measure.id}/fields/period_end"
    assert _set(editor, path, "Mai 2029").status_code == 200
    other_client = app.test_client()
    assert isinstance(other_client, ProofReader)
    other_client.login(team.partner["editor"])
    conflicting = _set(other_client, path, "June 2029", rev=0)
    assert conflicting.status_code == 409, conflicting.text
    assert "May 2029" in conflicting.text
    assert "June 2029" in conflicting.text
    db.session.refresh(measure)
    assert measure.values["period_end"] == "2029-05"
    conflict = db.session.query(Conflict).one()
    chosen = editor.post(f"/conflicts/{conflict.id}", data={"take": "1"}, headers=HTMX)
    assert chosen.status_code == 200
    db.session.refresh(measure)
    assert measure.values["period_end"] == "2029-06"
    assert db.session.query(Conflict).count() == 0


def test_the_same_value_twice_is_no_conflict(editor: ProofReader, measure: Measure) -> None:
    path = f"/items/{measure.id}/fields/period_end"
    _set(editor, path, "Mai 2029")
    assert _set(editor, path, "Mai 2029", rev=0).status_code == 200
    assert db.session.query(Conflict).count() == 0


def test_a_row_sent_twice_is_added_once(editor: ProofReader, measure: Measure) -> None:
    row_id = str(uuid.uuid4())
    for _ in range(2):
        assert editor.post(f"/items/{measure.id}/rows/steps", data={"id": row_id}, headers=HTMX).status_code == 200
    assert len(rows_of(measure)["steps"]) == 2


def test_a_row_moves_goes_and_comes_back(editor: ProofReader, measure: Measure) -> None:
    first = rows_of(measure)["steps"][0]
    second = str(uuid.uuid4())
    editor.post(f"/items/{measure.id}/rows/steps", data={"id": second}, headers=HTMX)
    editor.post(f"/rows/{second}/move", data={"step": "up"}, headers=HTMX)
    assert [row.id for row in rows_of(measure)["steps"]] == [second, first.id]
    editor.post(f"/rows/{second}/delete", headers=HTMX)
    assert [row.id for row in rows_of(measure)["steps"]] == [first.id]
    editor.post(f"/rows/{second}/restore", headers=HTMX)
    assert [row.id for row in rows_of(measure)["steps"]] == [second, first.id]


def test_a_cell_of_a_row_that_somebody_deleted_answers_409_and_shows_the_value(
    editor: ProofReader, measure: Measure
) -> None:
    row = rows_of(measure)["steps"][0]
    editor.post(f"/rows/{row.id}/delete", headers=HTMX)
    answer = _set(editor, f"/rows/{row.id}/cells/due", "Mai 2030", row.revs["due"])
    assert answer.status_code == 409
    assert "Mai 2030" in answer.text
    assert db.session.get_one(Row, row.id).cells["due"] == "2027-10"


def test_only_what_is_newer_is_sent_again(editor: ProofReader, measure: Measure) -> None:
    rev = int(editor.fragment(f"/items/{measure.id}/changes?since=0").headers["X-Rev"])
    assert editor.fragment(f"/items/{measure.id}/changes?since={rev}").text == ""
    _set(editor, f"/items/{measure.id}/fields/priority", "low", measure.revs["priority"])
    fragments = editor.fragment(f"/items/{measure.id}/changes?since={rev}").text
    assert f'id="f-{measure.id}-priority"' in fragments
    assert f'id="f-{measure.id}-horizon"' not in fragments


@pytest.mark.parametrize("role", ["reviewer", "observer"])
def test_who_may_not_edit_changes_nothing(client: ProofReader, team: Team, measure: Measure, role: str) -> None:
    client.login(team.partner[role])
    assert _set(client, f"/items/{measure.id}/fields/priority", "low", measure.revs["priority"]).status_code == 403
    db.session.refresh(measure)
    assert measure.values["priority"] == "high"


def test_a_closed_measure_takes_nothing_until_it_is_opened(client: ProofReader, team: Team, measure: Measure) -> None:
    client.login(team.moderator)
    client.post(f"/items/{measure.id}/lock", data={"reason": "We vote now"})
    assert "We vote now" in client.get(f"/measures/{measure.id}").text
    path = f"/items/{measure.id}/fields/priority"
    assert _set(client, path, "low", measure.revs["priority"]).status_code == 423
    client.post(f"/items/{measure.id}/unlock")
    assert _set(client, path, "low", measure.revs["priority"]).status_code == 200


def test_a_code_is_unique(editor: ProofReader, measure: Measure) -> None:
    path = f"/items/{measure.id}/fields/code"
    assert _set(editor, path, "WA-02").status_code == 422
    assert _set(editor, path, "WA-09").status_code == 200
    assert editor.get(f"/measures/{measure.id}").text.count("WA-09") > 1
