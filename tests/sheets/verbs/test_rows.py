"""Tests of `sheets.rows`: append, move, delete and restore rows. Changes are announced, refused ones store nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.sheets import lock_service, rows
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.order_keys import NotInList
from klimawerk.sheets.rows import append_row, delete_row, move_row, restore_row, rows_of, rows_of_all
from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked
from tests.sheets.verbs.conftest import Announced, People, database_state

InOtherSession = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def lines(second: Measure) -> dict[str, Row]:
    """Three steps of WA-02, in order, by name."""
    return {name: append_row(second, "steps", {"text.en": name}, by=None) for name in "ABC"}


def order(item: Item, kind: str = "steps") -> str:
    return "".join(row.cells["text.en"] for row in rows_of(item).get(kind, []))


def test_a_new_row_stands_at_the_end_with_the_revision_of_each_cell(
    second: Measure, lines: dict[str, Row], people: People, announced: Announced
) -> None:
    row = append_row(second, "steps", {"text.en": "D", "due": "2028-01"}, by=people.jan.id)
    assert announced.topics == [second.name]
    database_state()
    rev = revision(second.name)
    assert (row.revs, row.rev, row.created_by) == ({"text.en": rev, "due": rev}, rev, people.jan.id)
    assert order(second) == "ABCD"
    assert rows_of(second).keys() == {"steps"}


def test_a_new_row_stands_behind_those_in_the_bin_too(second: Measure, lines: dict[str, Row], people: People) -> None:
    delete_row(second, lines["C"], by=people.jan.id)
    append_row(second, "steps", {"text.en": "D"}, by=None)
    append_row(second, "costs", {"text.en": "x"}, by=None)
    restore_row(second, lines["C"], by=people.jan.id)
    assert (order(second), order(second, "costs")) == ("ABCD", "x")


def test_a_row_sent_twice_is_there_once_as_it_was_sent_first(
    second: Measure, people: People, in_other_session: InOtherSession
) -> None:
    number, first, second_author = second.id, people.jan.id, people.akosua.id
    in_other_session(
        lambda: append_row(db.session.get_one(Item, number), "steps", {"unit": "a"}, row_id="r1", by=first)
    )
    repeated = append_row(second, "steps", {"unit": "b"}, row_id="r1", by=second_author)
    assert (repeated.id, repeated.cells, repeated.created_by) == ("r1", {"unit": "a"}, first)
    assert len(rows_of(second)["steps"]) == 1
    assert append_row(second, "steps", {}, by=None).id != append_row(second, "steps", {}, by=None).id


def test_an_item_takes_so_many_rows_of_one_kind_and_no_more(
    second: Measure, lines: dict[str, Row], announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    state = database_state()
    announced.commits.clear()
    with pytest.raises(rows.TooManyRows):
        append_row(second, "steps", {}, by=None)
    assert announced.commits == []
    assert database_state() == state
    append_row(second, "costs", {}, by=None)
    existing = lines["A"].id
    assert append_row(second, "steps", {}, row_id=existing, by=None).id == existing, "it is one of the three"
    assert rows.MAX_ROWS == 3


def test_a_row_is_put_before_another_or_at_the_end_and_no_other_is_touched(
    second: Measure, lines: dict[str, Row], announced: Announced
) -> None:
    before = {name: (row.order_key, row.rev) for name, row in lines.items()}
    announced.commits.clear()
    move_row(second, lines["C"], lines["A"].id, by=None)
    assert announced.topics == [second.name]
    database_state()
    assert order(second) == "CAB"
    assert lines["C"].rev == revision(second.name) > before["C"][1]
    assert {name: (lines[name].order_key, lines[name].rev) for name in "AB"} == {name: before[name] for name in "AB"}
    move_row(second, lines["A"], by=None)
    assert order(second) == "CBA"


@pytest.mark.parametrize(("name", "step", "becomes"), [("B", "up", "BAC"), ("B", "down", "ACB"), ("A", "down", "BAC")])
def test_a_row_goes_one_step_from_where_it_is(
    second: Measure, lines: dict[str, Row], name: str, step: str, becomes: str
) -> None:
    move_row(second, lines[name], step=step, by=None)
    assert order(second) == becomes


@pytest.mark.parametrize(("name", "step"), [("A", "up"), ("C", "down")])
def test_a_row_at_the_edge_stays_and_keeps_its_revision(
    second: Measure, lines: dict[str, Row], name: str, step: str
) -> None:
    before = database_state()["row"]
    move_row(second, lines[name], step=step, by=None)
    assert database_state()["row"] == before


def test_a_step_counts_from_where_the_row_is_now_and_not_from_where_it_was_seen(
    second: Measure, lines: dict[str, Row], in_other_session: InOtherSession
) -> None:
    number, moved_id = second.id, lines["A"].id
    assert order(second) == "ABC"
    in_other_session(lambda: move_row(db.session.get_one(Item, number), db.session.get_one(Row, moved_id), by=None))
    move_row(second, lines["A"], step="up", by=None)
    assert order(second) == "BAC"


def test_before_a_row_of_another_list_nothing_moves_and_nobody_is_told(
    second: Measure, step: Row, lines: dict[str, Row], announced: Announced
) -> None:
    cost = append_row(second, "costs", {}, by=None)
    state = database_state()
    announced.commits.clear()
    for before_id in (step.id, cost.id, "unknown"):
        with pytest.raises(NotInList):
            move_row(second, lines["A"], before_id, by=None)
    assert announced.commits == []
    assert database_state() == state


def test_a_deleted_row_is_out_of_sight_and_comes_back_to_its_place_as_it_was(
    second: Measure, lines: dict[str, Row], people: People, announced: Announced
) -> None:
    row, order_key = lines["B"], lines["B"].order_key
    announced.commits.clear()
    delete_row(second, row, by=people.jan.id)
    assert announced.topics == [second.name]
    database_state()
    assert order(second) == "AC"
    assert (row.deleted_by, row.rev, row.cells) == (people.jan.id, revision(second.name), {"text.en": "B"})
    assert row.deleted_at is not None
    restore_row(second, row, by=people.akosua.id)
    assert announced.topics == [second.name]
    database_state()
    assert order(second) == "ABC"
    restored = db.session.get_one(Row, row.id)
    assert (restored.deleted_at, restored.deleted_by, restored.order_key) == (None, None, order_key)
    assert restored.rev == revision(second.name)


def test_who_deletes_after_somebody_else_does_not_take_their_place(
    second: Measure, lines: dict[str, Row], people: People, in_other_session: InOtherSession
) -> None:
    number, id_, first, other = second.id, lines["B"].id, people.jan.id, people.akosua.id
    assert lines["B"].deleted_at is None
    in_other_session(lambda: delete_row(db.session.get_one(Item, number), db.session.get_one(Row, id_), by=first))
    before = in_other_session(database_state)["row"]
    delete_row(second, lines["B"], by=other)
    assert database_state()["row"] == before
    assert lines["B"].deleted_by == first


def test_bringing_back_what_is_there_changes_no_row(second: Measure, lines: dict[str, Row], people: People) -> None:
    before = database_state()["row"]
    restore_row(second, lines["B"], by=people.jan.id)
    assert database_state()["row"] == before


ACTIONS: dict[str, Callable[[Item, dict[str, Row], int], object]] = {
    "append": lambda item, lines, by: append_row(item, "steps", {}, by=by),
    "append again": lambda item, lines, by: append_row(item, "steps", {}, row_id=lines["A"].id, by=by),
    "move": lambda item, lines, by: move_row(item, lines["C"], step="up", by=by),
    "delete": lambda item, lines, by: delete_row(item, lines["A"], by=by),
    "restore": lambda item, lines, by: restore_row(item, lines["B"], by=by),
}


@pytest.mark.parametrize("verb", ACTIONS)
def test_in_what_is_closed_or_in_the_bin_no_row_comes_goes_or_moves(
    second: Measure, lines: dict[str, Row], people: People, announced: Announced, verb: str
) -> None:
    delete_row(second, lines["B"], by=people.jan.id)
    lock_service.lock(second, "", lock_service.person_holder(people.chair.id))
    for refusal, sentence in (
        (ItemLocked, "WA-02 is closed for editing. Moderator neutral."),
        (ItemDeleted, "WA-02 is in the bin."),
    ):
        state = database_state()
        announced.commits.clear()
        with pytest.raises(refusal) as refused:
            ACTIONS[verb](second, lines, people.jan.id)
        assert str(refused.value) == sentence
        assert announced.commits == []
        assert database_state() == state
        if refusal is ItemLocked:
            lock_service.end_locks_of(second)
            delete_item(second, by=people.jan.id)


def test_rows_of_many_items_come_by_item_and_kind_in_order_without_the_bin(
    measure: Measure, second: Measure, lines: dict[str, Row], people: People
) -> None:
    move_row(second, lines["C"], lines["A"].id, by=None)
    delete_row(second, lines["A"], by=people.jan.id)
    by_item = rows_of_all([second.id, measure.id])
    assert {id_: {kind: len(listed) for kind, listed in by_kind.items()} for id_, by_kind in by_item.items()} == {
        measure.id: {"steps": 1, "costs": 1, "funding": 1},
        second.id: {"steps": 2},
    }
    assert order(second) == "CB"
    assert by_item[second.id] == rows_of(second)
    assert rows_of_all([second.id]).keys() == {second.id}
    for row in list(db.session.scalars(select(Row).where(Row.item_id == second.id))):
        db.session.delete(row)
    assert rows_of(second) == {}
