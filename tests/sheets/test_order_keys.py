"""Order of rows, goals and measures after a move, also when the list was changed concurrently."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure, measures_of, move_measure
from klimawerk.overview.recycle_bin import delete_item, restore_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import append_row, rows_of
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def editor(client: ProofReader, team: Team) -> ProofReader:
    client.login(team.de["editor"])
    return client


class Rows:
    """Four rows of one measure."""

    def __init__(self, programme: Programme) -> None:
        self.measure = factories.measure(programme, "WA-02")
        self.all = [append_row(self.measure, "steps", {"text.en": name}, by=None) for name in "ABCD"]

    def move(self, client: ProofReader, name: str, **to: object) -> int:
        return client.post(f"/rows/{self.id(name)}/move", data=to, headers=HTMX).status_code

    def delete(self, client: ProofReader, name: str) -> None:
        assert client.post(f"/rows/{self.id(name)}/delete", headers=HTMX).status_code == 200

    def restore(self, client: ProofReader, name: str) -> None:
        assert client.post(f"/rows/{self.id(name)}/restore", headers=HTMX).status_code == 200

    def id(self, name: str) -> str:
        return str(self.all["ABCD".index(name)].id)

    def order(self) -> str:
        return "".join(row.cells["text.en"] for row in rows_of(self.measure)["steps"])


class Measures:
    """Four measures of a new goal."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.goal = create_goal(programme, by=None)
        self.all: list[Item] = [create_measure(self.goal, code=name, by=None) for name in "ABCD"]

    def move(self, client: ProofReader, name: str, **to: object) -> int:
        item = self.all["ABCD".index(name)]
        return client.post(f"/{item.kind}s/{item.id}/move", data=to, headers=HTMX).status_code

    def delete(self, client: ProofReader, name: str) -> None:
        delete_item(self.all["ABCD".index(name)], by=factories.person().id)

    def restore(self, client: ProofReader, name: str) -> None:
        restore_item(self.all["ABCD".index(name)], by=factories.person().id)

    def id(self, name: str) -> str:
        return str(self.all["ABCD".index(name)].id)

    def order(self) -> str:
        return "".join(measure.code for measure in measures_of(self.goal))


class Goals(Measures):
    """Four goals after Z1."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.all = [create_goal(programme, code=name, by=None) for name in "ABCD"]

    def order(self) -> str:
        return "".join(goal.code for goal in goals_of(self.programme) if goal.code != "Z1")


KINDS = [Rows, Measures, Goals]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_before_something_deleted_meanwhile_stands_where_that_stood(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    items = kind(programme)
    items.delete(editor, "B")
    assert items.move(editor, "D", before=items.id("B")) in (200, 303)
    assert items.order() == "ADC"
    items.restore(editor, "B")
    assert items.order() == "ADBC"


def test_on_both_databases(any_database: str, programme: Programme, editor: ProofReader) -> None:
    rows = Rows(programme)
    rows.delete(editor, "A")
    rows.delete(editor, "B")
    assert rows.move(editor, "D", before=rows.id("A")) == 200
    assert rows.order() == "DC"


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_up_from_the_top_and_down_from_the_end_is_none(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    items = kind(programme)
    if kind is Goals:  # Z1 precedes them
        assert items.move(editor, "A", step="up") == 303
    for name, step in (("A", "up"), ("D", "down")):
        assert items.move(editor, name, step=step) in (200, 303)
        assert items.order() == "ABCD"


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_passes_what_is_shown_and_not_what_lies_in_the_bin(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    items = kind(programme)
    items.delete(editor, "B")
    items.move(editor, "C", step="up")
    assert items.order() == "CAD"
    items.move(editor, "C", step="down")
    assert items.order() == "ACD"


@pytest.mark.parametrize("kind", KINDS)
def test_the_usual_ways_lead_where_they_led(programme: Programme, editor: ProofReader, kind: type[Measures]) -> None:
    """Negative control."""
    items = kind(programme)
    items.move(editor, "D", before=items.id("B"))
    assert items.order() == "ADBC"
    items.move(editor, "A", before="")
    assert items.order() == "DBCA"
    items.move(editor, "B", before=items.id("B"))
    assert items.order() == "DBCA"


def test_before_a_measure_that_is_under_another_goal_now_nothing_moves_and_it_is_said(
    programme: Programme, editor: ProofReader
) -> None:
    items = Measures(programme)
    moved_away, other = db.session.get_one(Measure, int(items.id("B"))), factories.measure(programme)
    move_measure(moved_away, db.session.get_one(Goal, other.goal_id), by=factories.person().id)
    assert items.move(editor, "D", before=moved_away.id) == 409
    assert items.order() == "ACD"
    assert items.move(editor, "D", before=999_999) == 409
    assert items.order() == "ACD"


def test_before_a_line_of_another_sheet_nothing_moves(programme: Programme, editor: ProofReader) -> None:
    rows, other_row = Rows(programme), rows_of(factories.measure(programme))["steps"][0]
    assert rows.move(editor, "D", before=other_row.id) == 409
    assert rows.order() == "ABCD"


@pytest.mark.parametrize("kind", [Measures, Goals])
def test_what_is_made_after_the_last_was_deleted_stands_behind_it_when_that_is_back(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    items = kind(programme)
    items.delete(editor, "D")
    if kind is Goals:
        create_goal(programme, code="E", by=None)
    else:
        create_measure(items.goal, code="E", by=None)
    items.restore(editor, "D")
    assert items.order() == "ABCDE"
    items.move(editor, "A", before=items.id("D"))
    assert items.order() == "BCADE"


def test_a_line_that_is_in_the_bin_itself_moves_there_and_harms_nothing(
    programme: Programme, editor: ProofReader
) -> None:
    rows = Rows(programme)
    rows.delete(editor, "A")
    assert rows.move(editor, "A", before=rows.id("C")) == 200
    assert rows.order() == "BCD"
    rows.restore(editor, "A")
    assert rows.order() == "BACD"
    assert db.session.query(Row).filter_by(item_id=rows.measure.id).count() == 4
