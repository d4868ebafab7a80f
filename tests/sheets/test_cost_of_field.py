"""What one field costs: SQL statements and bytes, counted. Who changes a number here says why in the commit."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.sql_trace import SqlTrace, traced


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def measure(team: Team) -> Measure:
    return factories.measure(factories.programme(team))


def test_a_field_is_set_by_30_statements(client: ProofReader, team: Team, measure: Measure) -> None:
    _set(client, team.de["editor"], measure, "high")
    trace, size = _set(client, team.de["editor"], measure, "low")
    assert _written(trace) == {
        "BEGIN": 2,
        "ROLLBACK": 2,
        "BEGIN IMMEDIATE": 1,
        "UPDATE topic SET": 1,
        "UPDATE item SET": 1,
        "INSERT INTO field_change": 1,
        'DELETE FROM "conflict"': 1,
        "COMMIT": 1,
    }
    assert (len(trace.statements), size) == (30, 3_020)


def test_others_fetch_it_with_what_follows_from_it_by_14_statements(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    _set(client, team.de["editor"], measure, "high")
    address = f"/items/{measure.id}/changes?since={_rev(measure)}"
    _set(client, team.de["editor"], measure, "low")
    client.login(team.partner["editor"])
    with traced() as trace:
        answer = client.get(address, headers={"HX-Request": "true"})
    assert _written(trace) == {"BEGIN": 1, "ROLLBACK": 1}
    assert (len(trace.statements), len(answer.data)) == (14, 6_320)


def _set(client: ProofReader, person: Person, measure: Measure, value: str) -> tuple[SqlTrace, int]:
    """The statements of one change of a field, and the bytes of its answer."""
    client.login(person)
    form = {"value": value, "rev": str(_rev(measure)), "show": "en"}
    with traced() as trace:
        answer = client.post(f"/items/{measure.id}/fields/priority", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return trace, len(answer.data)


def _rev(measure: Measure) -> int:
    db.session.rollback()
    db.session.refresh(measure)
    return measure.revs.get("priority", 0)


def _written(trace: SqlTrace) -> dict[str, int]:
    return {text: count for text, count in trace.counts().items() if not text.startswith("SELECT")}
