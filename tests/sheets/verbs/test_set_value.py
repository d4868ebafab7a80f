"""Tests of `sheets.service.set_value`: a value is stored, becomes a conflict, is refused, or is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets import lock_service
from klimawerk.sheets.item_codes import CodeTaken
from klimawerk.sheets.models import Conflict, FieldChange, Item, Row
from klimawerk.sheets.programme_topic import OUTLINE
from klimawerk.sheets.rows import delete_row
from klimawerk.sheets.service import FieldRef, SetOutcome, conflicts_of, last_change, set_value
from klimawerk.sheets.update_lock import ItemLocked
from tests.sheets.verbs.conftest import Announced, People, database_state

InOtherSession = Callable[[Callable[[], Any]], Any]


def stored_changes() -> list[FieldChange]:
    return list(db.session.scalars(select(FieldChange).order_by(FieldChange.id)))


def test_a_value_is_kept_with_its_revision_and_who_set_it_is_on_record(
    measure: Measure, people: People, announced: Announced
) -> None:
    ref = FieldRef(measure, "priority")
    rev = ref.rev
    assert set_value(ref, "low", based_on=rev, by=people.jan.id) is SetOutcome.SAVED
    assert announced.topics == [measure.name]
    database_state()
    assert measure.values["priority"] == "low"
    assert measure.revs["priority"] == revision(measure.name) > rev
    (change,) = stored_changes()
    assert (change.item_id, change.row_id, change.field) == (measure.id, None, "priority")
    assert (change.old, change.new, change.by, change.rev) == ("high", "low", people.jan.id, ref.rev)


def test_a_cell_is_set_in_its_row_and_nothing_beside_it(measure: Measure, step: Row, people: People) -> None:
    before = database_state()
    ref = FieldRef(measure, "due", step)
    other_revs = {key: rev for key, rev in step.revs.items() if key != "due"}
    assert set_value(ref, "2028-01", based_on=ref.rev, by=people.jan.id) is SetOutcome.SAVED
    after = database_state()
    assert after["item"] == before["item"]
    assert step.cells == {"text.en": "Analyse the waste", "due": "2028-01", "side": "partner"}
    assert step.revs == {**other_revs, "due": revision(measure.name)}
    assert [(change.row_id, change.field) for change in stored_changes()] == [(step.id, "due")]


def test_an_emptied_field_is_an_absent_one_whose_revision_still_counts(measure: Measure, people: People) -> None:
    ref = FieldRef(measure, "priority")
    old = ref.rev
    assert set_value(ref, "", based_on=old, by=people.jan.id) is SetOutcome.SAVED
    database_state()
    assert "priority" not in measure.values
    assert set_value(ref, "medium", based_on=old, by=people.akosua.id) is SetOutcome.CONFLICT


@pytest.mark.parametrize("value", ["high", "high\x00"])
def test_the_same_value_leaves_no_trace_and_nobody_is_told(
    measure: Measure, people: People, announced: Announced, value: str
) -> None:
    before = database_state()
    assert set_value(FieldRef(measure, "priority"), value, based_on=0, by=people.jan.id) is SetOutcome.SAME
    assert announced.commits == []
    assert database_state() == before


@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_in_an_empty_field_is_the_same_whatever_kind_of_nothing(
    measure: Measure, people: People, nothing: object
) -> None:
    before = database_state()
    assert set_value(FieldRef(measure, "sdgs"), nothing, based_on=0, by=people.jan.id) is SetOutcome.SAME
    assert database_state() == before
    assert set_value(FieldRef(measure, "no_cost"), False, based_on=0, by=people.jan.id) is SetOutcome.SAVED, (
        "no is a value"
    )


def test_what_is_kept_is_in_the_one_form_of_text(measure: Measure, step: Row, people: People) -> None:
    ref = FieldRef(measure, "text.de", step)
    assert set_value(ref, "Mu\u0308ll\r\nwiegen", based_on=0, by=people.jan.id) is SetOutcome.SAVED
    assert step.cells["text.de"] == "Müll\nwiegen"
    assert stored_changes()[0].new == "Müll\nwiegen"


def test_who_has_not_seen_the_newer_value_overwrites_nothing_and_loses_nothing(
    measure: Measure, people: People, announced: Announced, in_other_session: InOtherSession
) -> None:
    ref, jan, akosua = FieldRef(measure, "priority"), people.jan.id, people.akosua.id
    rev, number = ref.rev, measure.id

    def concurrent_change() -> SetOutcome:
        field = FieldRef(db.session.get_one(Item, number), "priority")
        return set_value(field, "low", based_on=rev, by=akosua)

    assert in_other_session(concurrent_change) is SetOutcome.SAVED
    newest = in_other_session(lambda: revision(f"measure:{number}"))
    assert measure.values["priority"] == "high", "what was read before is stale"
    announced.commits.clear()
    assert set_value(ref, "medium", based_on=rev, by=jan) is SetOutcome.CONFLICT
    assert announced.topics == [measure.name], "everybody sees both"
    database_state()
    assert (measure.values["priority"], measure.revs["priority"]) == ("low", newest)
    (conflict,) = db.session.scalars(select(Conflict))
    assert (conflict.item_id, conflict.row_id, conflict.field) == (measure.id, None, "priority")
    assert (conflict.value, conflict.by, conflict.holds_by) == ("medium", jan, akosua)
    assert conflict.rev == revision(measure.name)
    assert [one.new for one in stored_changes()] == ["low"], "what waits has changed nothing yet"


def test_who_set_the_value_that_holds_is_unknown_where_it_was_there_from_the_start(
    measure: Measure, people: People
) -> None:
    assert set_value(FieldRef(measure, "priority"), "low", based_on=0, by=people.jan.id) is SetOutcome.CONFLICT
    assert db.session.scalars(select(Conflict)).one().holds_by is None


def test_two_values_that_look_the_same_do_not_meet_and_a_seen_one_can_still_be_changed_so(
    measure: Measure, step: Row, people: People
) -> None:
    ref = FieldRef(measure, "text.en", step)
    rev = ref.rev
    before = database_state()
    assert set_value(ref, "Analyse the wa\u00adste", based_on=rev - 1, by=people.jan.id) is SetOutcome.SAME
    assert database_state() == before
    assert set_value(ref, "Analyse the wa\u00adste", based_on=rev, by=people.jan.id) is SetOutcome.SAVED


def test_of_one_person_only_the_last_value_waits_and_beside_it_that_of_another(
    measure: Measure, people: People
) -> None:
    ref = FieldRef(measure, "priority")
    for value, by in (("low", people.jan.id), ("medium", people.akosua.id), ("medium", people.jan.id)):
        assert set_value(ref, value, based_on=0, by=by) is SetOutcome.CONFLICT
    conflicts = db.session.scalars(select(Conflict).order_by(Conflict.id)).all()
    assert [(conflict.value, conflict.by) for conflict in conflicts] == [
        ("medium", people.akosua.id),
        ("medium", people.jan.id),
    ]
    assert conflicts_of(measure)[None, "priority"].by == people.jan.id, "the latest is shown"


def test_a_value_set_over_both_ends_what_waits_there_and_nowhere_else(
    measure: Measure, second: Measure, step: Row, people: People
) -> None:
    field, cell, other = FieldRef(measure, "priority"), FieldRef(measure, "due", step), FieldRef(second, "priority")
    set_value(other, "low", based_on=0, by=people.akosua.id)
    for ref in (field, cell, other):
        assert set_value(ref, "medium", based_on=-1, by=people.jan.id) is SetOutcome.CONFLICT
    assert set_value(field, "low", based_on=field.rev, by=people.akosua.id) is SetOutcome.SAVED
    remaining = {
        (conflict.item_id, conflict.row_id, conflict.field) for conflict in db.session.scalars(select(Conflict))
    }
    assert remaining == {(measure.id, step.id, "due"), (second.id, None, "priority")}
    assert list(conflicts_of(measure)) == [(step.id, "due")]


def test_a_cell_of_a_deleted_row_stays_as_it_was_and_the_value_is_on_record(
    measure: Measure, step: Row, people: People, announced: Announced, in_other_session: InOtherSession
) -> None:
    ref, by, ids = FieldRef(measure, "due", step), people.jan.id, (measure.id, step.id)
    rev = ref.rev
    in_other_session(lambda: delete_row(db.session.get_one(Item, ids[0]), db.session.get_one(Row, ids[1]), by=by))
    announced.commits.clear()
    assert set_value(ref, "2029-01", based_on=rev, by=by) is SetOutcome.DELETED
    assert announced.topics == [measure.name]
    database_state()
    assert (step.cells["due"], step.revs["due"]) == ("2027-10", rev)
    assert [(change.row_id, change.old, change.new) for change in stored_changes()] == [(step.id, "2027-10", "2029-01")]
    assert set_value(ref, "2027-10", based_on=rev, by=by) is SetOutcome.SAME
    assert len(stored_changes()) == 1


def test_a_field_of_an_item_in_the_bin_likewise(measure: Measure, people: People) -> None:
    delete_item(measure, by=people.akosua.id)
    ref = FieldRef(measure, "priority")
    assert set_value(ref, "low", based_on=ref.rev, by=people.jan.id) is SetOutcome.DELETED
    database_state()
    assert measure.values["priority"] == "high"
    assert [change.new for change in stored_changes()] == ["low"]


def test_what_was_closed_meanwhile_takes_nothing_and_says_who_closed_it_and_why(
    measure: Measure, people: People, announced: Announced, in_other_session: InOtherSession
) -> None:
    ref, number, holder = FieldRef(measure, "priority"), measure.id, lock_service.person_holder(people.chair.id)
    in_other_session(lambda: lock_service.lock(db.session.get_one(Item, number), "We vote", holder))
    before = database_state()
    announced.commits.clear()
    for value, based_on in (("low", ref.rev), ("low", 0)):
        with pytest.raises(ItemLocked) as refused:
            set_value(ref, value, based_on=based_on, by=people.jan.id)
        assert str(refused.value) == "WA-01 is closed for editing. Moderator neutral: We vote."
    assert announced.commits == []
    assert database_state() == before
    lock_service.end_locks_of(measure)
    assert set_value(ref, "low", based_on=ref.rev, by=people.jan.id) is SetOutcome.SAVED


@pytest.mark.parametrize("taken", ["WA-02", "WA\u201002"])
def test_the_code_of_another_measure_is_refused_and_nothing_is_done(
    measure: Measure, second: Measure, people: People, announced: Announced, taken: str
) -> None:
    delete_item(second, by=people.jan.id)  # its code stays reserved
    before = database_state()
    announced.commits.clear()
    with pytest.raises(CodeTaken) as refused:
        set_value(FieldRef(measure, "code"), taken, based_on=0, by=people.jan.id)
    assert str(refused.value) == taken
    assert announced.commits == []
    assert database_state() == before


def test_a_free_code_is_kept_outside_of_the_values_and_the_outline_is_told(
    programme: Programme, goal: Goal, measure: Measure, people: People, announced: Announced
) -> None:
    values = dict(measure.values)
    assert set_value(FieldRef(measure, "code"), goal.code, based_on=0, by=people.jan.id) is SetOutcome.SAVED, "a goal's"
    assert announced.topics == [programme.name, measure.name], "in the order in which all take them"
    database_state()
    assert (measure.code, measure.values) == ("Z1", values)
    assert measure.revs["code"] == revision(measure.name)
    assert programme.revs[OUTLINE] == revision(programme.name)


def test_a_code_is_checked_against_what_was_given_meanwhile(
    measure: Measure, second: Measure, people: People, in_other_session: InOtherSession
) -> None:
    by, other_id = people.akosua.id, second.id
    in_other_session(
        lambda: set_value(FieldRef(db.session.get_one(Item, other_id), "code"), "WA-07", based_on=0, by=by)
    )
    with pytest.raises(CodeTaken):
        set_value(FieldRef(measure, "code"), "WA-07", based_on=0, by=people.jan.id)
    assert set_value(FieldRef(measure, "code"), "WA-02", based_on=0, by=people.jan.id) is SetOutcome.SAVED


def test_a_cell_called_code_is_no_code_of_an_item(programme: Programme, measure: Measure, people: People) -> None:
    row = db.session.scalars(select(Row).where(Row.kind == "fields")).one()
    ref = FieldRef(programme, "code", row)
    assert not ref.is_code
    assert set_value(ref, "WA-01", based_on=ref.rev, by=people.jan.id) is SetOutcome.SAVED
    assert (row.cells["code"], programme.code, measure.code) == ("WA-01", "", "WA-01")


def test_a_field_that_came_with_a_file_is_confirmed_by_setting_it(measure: Measure, step: Row, people: People) -> None:
    with writing():
        measure.imported = ["priority", "due", "horizon"]
    set_value(FieldRef(measure, "priority"), "high", based_on=0, by=people.jan.id)
    assert measure.imported == ["priority", "due", "horizon"], "the same is no change"
    set_value(FieldRef(measure, "due", step), "2029-01", based_on=step.revs["due"], by=people.jan.id)
    assert measure.imported == ["priority", "due", "horizon"], "a cell of that name is something else"
    set_value(FieldRef(measure, "priority"), "low", based_on=measure.revs["priority"], by=people.jan.id)
    assert measure.imported == ["due", "horizon"]


def test_the_last_change_is_that_of_the_very_place(
    measure: Measure, second: Measure, step: Row, people: People
) -> None:
    field, cell = FieldRef(measure, "due"), FieldRef(measure, "due", step)
    assert last_change(field) is None
    for ref, value in (
        (field, "2028-01"),
        (cell, "2028-02"),
        (field, "2028-03"),
        (FieldRef(second, "due"), "2028-04"),
    ):
        set_value(ref, value, based_on=ref.rev, by=people.jan.id)
    newest = [last_change(ref) for ref in (field, cell)]
    assert [change and change.new for change in newest] == ["2028-03", "2028-02"]
