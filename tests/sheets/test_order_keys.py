"""Where a line, a goal or a measure comes to stand, also when somebody else has changed its list meanwhile."""

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


class Lines:
    """Four lines of one measure."""

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
    """Four measures of a goal of their own."""

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
        return "".join(one.code for one in measures_of(self.goal))


class Goals(Measures):
    """Four goals behind Z1."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.all = [create_goal(programme, code=name, by=None) for name in "ABCD"]

    def order(self) -> str:
        return "".join(one.code for one in goals_of(self.programme) if one.code != "Z1")


KINDS = [Lines, Measures, Goals]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_before_something_deleted_meanwhile_stands_where_that_stood(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    some = kind(programme)
    some.delete(editor, "B")
    assert some.move(editor, "D", before=some.id("B")) in (200, 303)
    assert some.order() == "ADC"
    some.restore(editor, "B")
    assert some.order() == "ADBC"


def test_on_both_databases(any_database: str, programme: Programme, editor: ProofReader) -> None:
    lines = Lines(programme)
    lines.delete(editor, "A")
    lines.delete(editor, "B")
    assert lines.move(editor, "D", before=lines.id("A")) == 200
    assert lines.order() == "DC"


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_up_from_the_top_and_down_from_the_end_is_none(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    some = kind(programme)
    if kind is Goals:  # Z1 stands above them
        assert some.move(editor, "A", step="up") == 303
    for name, step in (("A", "up"), ("D", "down")):
        assert some.move(editor, name, step=step) in (200, 303)
        assert some.order() == "ABCD"


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_passes_what_is_shown_and_not_what_lies_in_the_bin(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    some = kind(programme)
    some.delete(editor, "B")
    some.move(editor, "C", step="up")
    assert some.order() == "CAD"
    some.move(editor, "C", step="down")
    assert some.order() == "ACD"


@pytest.mark.parametrize("kind", KINDS)
def test_the_usual_ways_lead_where_they_led(programme: Programme, editor: ProofReader, kind: type[Measures]) -> None:
    """The control."""
    some = kind(programme)
    some.move(editor, "D", before=some.id("B"))
    assert some.order() == "ADBC"
    some.move(editor, "A", before="")
    assert some.order() == "DBCA"
    some.move(editor, "B", before=some.id("B"))
    assert some.order() == "DBCA"


def test_before_a_measure_that_is_under_another_goal_now_nothing_moves_and_it_is_said(
    programme: Programme, editor: ProofReader
) -> None:
    some = Measures(programme)
    away, other = db.session.get_one(Measure, int(some.id("B"))), factories.measure(programme)
    move_measure(away, db.session.get_one(Goal, other.goal_id), by=factories.person().id)
    assert some.move(editor, "D", before=away.id) == 409
    assert some.order() == "ACD"
    assert some.move(editor, "D", before=999_999) == 409
    assert some.order() == "ACD"


def test_before_a_line_of_another_sheet_nothing_moves(programme: Programme, editor: ProofReader) -> None:
    lines, elsewhere = Lines(programme), rows_of(factories.measure(programme))["steps"][0]
    assert lines.move(editor, "D", before=elsewhere.id) == 409
    assert lines.order() == "ABCD"


@pytest.mark.parametrize("kind", [Measures, Goals])
def test_what_is_made_after_the_last_was_deleted_stands_behind_it_when_that_is_back(
    programme: Programme, editor: ProofReader, kind: type[Measures]
) -> None:
    some = kind(programme)
    some.delete(editor, "D")
    if kind is Goals:
        create_goal(programme, code="E", by=None)
    else:
        create_measure(some.goal, code="E", by=None)
    some.restore(editor, "D")
    assert some.order() == "ABCDE"
    some.move(editor, "A", before=some.id("D"))
    assert some.order() == "BCADE"


def test_a_line_that_is_in_the_bin_itself_moves_there_and_harms_nothing(
    programme: Programme, editor: ProofReader
) -> None:
    lines = Lines(programme)
    lines.delete(editor, "A")
    assert lines.move(editor, "A", before=lines.id("C")) == 200
    assert lines.order() == "BCD"
    lines.restore(editor, "A")
    assert lines.order() == "BACD"
    assert db.session.query(Row).filter_by(item_id=lines.measure.id).count() == 4
