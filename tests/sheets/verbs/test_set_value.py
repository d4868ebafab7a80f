"""`service.set_value`: a value is kept, met by a newer one, refused, or was the same already."""

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
from tests.sheets.verbs.conftest import Announced, People, stored

Elsewhere = Callable[[Callable[[], Any]], Any]


def changes_made() -> list[FieldChange]:
    return list(db.session.scalars(select(FieldChange).order_by(FieldChange.id)))


def test_a_value_is_kept_with_its_revision_and_who_set_it_is_on_record(
    measure: Measure, people: People, announced: Announced
) -> None:
    place = FieldRef(measure, "priority")
    before = place.rev
    assert set_value(place, "low", based_on=before, by=people.jan.id) is SetOutcome.SAVED
    assert announced.topics == [measure.name]
    stored()
    assert measure.values["priority"] == "low"
    assert measure.revs["priority"] == revision(measure.name) > before
    (change,) = changes_made()
    assert (change.item_id, change.row_id, change.field) == (measure.id, None, "priority")
    assert (change.old, change.new, change.by, change.rev) == ("high", "low", people.jan.id, place.rev)


def test_a_cell_is_set_in_its_row_and_nothing_beside_it(measure: Measure, step: Row, people: People) -> None:
    before = stored()
    place = FieldRef(measure, "due", step)
    other_revs = {key: rev for key, rev in step.revs.items() if key != "due"}
    assert set_value(place, "2028-01", based_on=place.rev, by=people.jan.id) is SetOutcome.SAVED
    after = stored()
    assert after["item"] == before["item"]
    assert step.cells == {"text.en": "Analyse the waste", "due": "2028-01", "side": "partner"}
    assert step.revs == {**other_revs, "due": revision(measure.name)}
    assert [(one.row_id, one.field) for one in changes_made()] == [(step.id, "due")]


def test_an_emptied_field_is_an_absent_one_whose_revision_still_counts(measure: Measure, people: People) -> None:
    place = FieldRef(measure, "priority")
    old = place.rev
    assert set_value(place, "", based_on=old, by=people.jan.id) is SetOutcome.SAVED
    stored()
    assert "priority" not in measure.values
    assert set_value(place, "medium", based_on=old, by=people.akosua.id) is SetOutcome.CONFLICT


@pytest.mark.parametrize("value", ["high", "high\x00"])
def test_the_same_value_leaves_no_trace_and_nobody_is_told(
    measure: Measure, people: People, announced: Announced, value: str
) -> None:
    before = stored()
    assert set_value(FieldRef(measure, "priority"), value, based_on=0, by=people.jan.id) is SetOutcome.SAME
    assert announced.commits == []
    assert stored() == before


@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_in_an_empty_field_is_the_same_whatever_kind_of_nothing(
    measure: Measure, people: People, nothing: object
) -> None:
    before = stored()
    assert set_value(FieldRef(measure, "sdgs"), nothing, based_on=0, by=people.jan.id) is SetOutcome.SAME
    assert stored() == before
    assert set_value(FieldRef(measure, "no_cost"), False, based_on=0, by=people.jan.id) is SetOutcome.SAVED, (
        "no is a value"
    )


def test_what_is_kept_is_in_the_one_form_of_text(measure: Measure, step: Row, people: People) -> None:
    place = FieldRef(measure, "text.de", step)
    assert set_value(place, "Mu\u0308ll\r\nwiegen", based_on=0, by=people.jan.id) is SetOutcome.SAVED
    assert step.cells["text.de"] == "Müll\nwiegen"
    assert changes_made()[0].new == "Müll\nwiegen"


def test_who_has_not_seen_the_newer_value_overwrites_nothing_and_loses_nothing(
    measure: Measure, people: People, announced: Announced, elsewhere: Elsewhere
) -> None:
    place, jan, akosua = FieldRef(measure, "priority"), people.jan.id, people.akosua.id
    seen, number = place.rev, measure.id

    def sooner() -> SetOutcome:
        one = FieldRef(db.session.get_one(Item, number), "priority")
        return set_value(one, "low", based_on=seen, by=akosua)

    assert elsewhere(sooner) is SetOutcome.SAVED
    newest = elsewhere(lambda: revision(f"measure:{number}"))
    assert measure.values["priority"] == "high", "what was read before is stale"
    announced.commits.clear()
    assert set_value(place, "medium", based_on=seen, by=jan) is SetOutcome.CONFLICT
    assert announced.topics == [measure.name], "everybody sees both"
    stored()
    assert (measure.values["priority"], measure.revs["priority"]) == ("low", newest)
    (conflict,) = db.session.scalars(select(Conflict))
    assert (conflict.item_id, conflict.row_id, conflict.field) == (measure.id, None, "priority")
    assert (conflict.value, conflict.by, conflict.holds_by) == ("medium", jan, akosua)
    assert conflict.rev == revision(measure.name)
    assert [one.new for one in changes_made()] == ["low"], "what waits has changed nothing yet"


def test_who_set_the_value_that_holds_is_unknown_where_it_was_there_from_the_start(
    measure: Measure, people: People
) -> None:
    assert set_value(FieldRef(measure, "priority"), "low", based_on=0, by=people.jan.id) is SetOutcome.CONFLICT
    assert db.session.scalars(select(Conflict)).one().holds_by is None


def test_two_values_that_look_the_same_do_not_meet_and_a_seen_one_can_still_be_changed_so(
    measure: Measure, step: Row, people: People
) -> None:
    place = FieldRef(measure, "text.en", step)
    seen = place.rev
    before = stored()
    assert set_value(place, "Analyse the wa\u00adste", based_on=seen - 1, by=people.jan.id) is SetOutcome.SAME
    assert stored() == before
    assert set_value(place, "Analyse the wa\u00adste", based_on=seen, by=people.jan.id) is SetOutcome.SAVED


def test_of_one_person_only_the_last_value_waits_and_beside_it_that_of_another(
    measure: Measure, people: People
) -> None:
    place = FieldRef(measure, "priority")
    for value, by in (("low", people.jan.id), ("medium", people.akosua.id), ("medium", people.jan.id)):
        assert set_value(place, value, based_on=0, by=by) is SetOutcome.CONFLICT
    waiting = db.session.scalars(select(Conflict).order_by(Conflict.id)).all()
    assert [(one.value, one.by) for one in waiting] == [("medium", people.akosua.id), ("medium", people.jan.id)]
    assert conflicts_of(measure)[None, "priority"].by == people.jan.id, "the latest is shown"


def test_a_value_set_over_both_ends_what_waits_there_and_nowhere_else(
    measure: Measure, second: Measure, step: Row, people: People
) -> None:
    there, cell, other = FieldRef(measure, "priority"), FieldRef(measure, "due", step), FieldRef(second, "priority")
    set_value(other, "low", based_on=0, by=people.akosua.id)
    for place in (there, cell, other):
        assert set_value(place, "medium", based_on=-1, by=people.jan.id) is SetOutcome.CONFLICT
    assert set_value(there, "low", based_on=there.rev, by=people.akosua.id) is SetOutcome.SAVED
    left = {(one.item_id, one.row_id, one.field) for one in db.session.scalars(select(Conflict))}
    assert left == {(measure.id, step.id, "due"), (second.id, None, "priority")}
    assert list(conflicts_of(measure)) == [(step.id, "due")]


def test_a_cell_of_a_deleted_row_stays_as_it_was_and_the_value_is_on_record(
    measure: Measure, step: Row, people: People, announced: Announced, elsewhere: Elsewhere
) -> None:
    place, by, ids = FieldRef(measure, "due", step), people.jan.id, (measure.id, step.id)
    seen = place.rev
    elsewhere(lambda: delete_row(db.session.get_one(Item, ids[0]), db.session.get_one(Row, ids[1]), by=by))
    announced.commits.clear()
    assert set_value(place, "2029-01", based_on=seen, by=by) is SetOutcome.DELETED
    assert announced.topics == [measure.name]
    stored()
    assert (step.cells["due"], step.revs["due"]) == ("2027-10", seen)
    assert [(one.row_id, one.old, one.new) for one in changes_made()] == [(step.id, "2027-10", "2029-01")]
    assert set_value(place, "2027-10", based_on=seen, by=by) is SetOutcome.SAME
    assert len(changes_made()) == 1


def test_a_field_of_an_item_in_the_bin_likewise(measure: Measure, people: People) -> None:
    delete_item(measure, by=people.akosua.id)
    place = FieldRef(measure, "priority")
    assert set_value(place, "low", based_on=place.rev, by=people.jan.id) is SetOutcome.DELETED
    stored()
    assert measure.values["priority"] == "high"
    assert [one.new for one in changes_made()] == ["low"]


def test_what_was_closed_meanwhile_takes_nothing_and_says_who_closed_it_and_why(
    measure: Measure, people: People, announced: Announced, elsewhere: Elsewhere
) -> None:
    place, number, holder = FieldRef(measure, "priority"), measure.id, lock_service.person_holder(people.chair.id)
    elsewhere(lambda: lock_service.lock(db.session.get_one(Item, number), "We vote", holder))
    before = stored()
    announced.commits.clear()
    for value, based_on in (("low", place.rev), ("low", 0)):
        with pytest.raises(ItemLocked) as refused:
            set_value(place, value, based_on=based_on, by=people.jan.id)
        assert str(refused.value) == "WA-01 is closed for editing. Moderator neutral: We vote."
    assert announced.commits == []
    assert stored() == before
    lock_service.end_locks_of(measure)
    assert set_value(place, "low", based_on=place.rev, by=people.jan.id) is SetOutcome.SAVED


@pytest.mark.parametrize("taken", ["WA-02", "WA\u201002"])
def test_the_code_of_another_measure_is_refused_and_nothing_is_done(
    measure: Measure, second: Measure, people: People, announced: Announced, taken: str
) -> None:
    delete_item(second, by=people.jan.id)  # its code is kept for it
    before = stored()
    announced.commits.clear()
    with pytest.raises(CodeTaken) as refused:
        set_value(FieldRef(measure, "code"), taken, based_on=0, by=people.jan.id)
    assert str(refused.value) == taken
    assert announced.commits == []
    assert stored() == before


def test_a_free_code_is_kept_outside_of_the_values_and_the_outline_is_told(
    programme: Programme, goal: Goal, measure: Measure, people: People, announced: Announced
) -> None:
    values = dict(measure.values)
    assert set_value(FieldRef(measure, "code"), goal.code, based_on=0, by=people.jan.id) is SetOutcome.SAVED, "a goal's"
    assert announced.topics == [programme.name, measure.name], "in the order in which all take them"
    stored()
    assert (measure.code, measure.values) == ("Z1", values)
    assert measure.revs["code"] == revision(measure.name)
    assert programme.revs[OUTLINE] == revision(programme.name)


def test_a_code_is_checked_against_what_was_given_meanwhile(
    measure: Measure, second: Measure, people: People, elsewhere: Elsewhere
) -> None:
    by, other = people.akosua.id, second.id
    elsewhere(lambda: set_value(FieldRef(db.session.get_one(Item, other), "code"), "WA-07", based_on=0, by=by))
    with pytest.raises(CodeTaken):
        set_value(FieldRef(measure, "code"), "WA-07", based_on=0, by=people.jan.id)
    assert set_value(FieldRef(measure, "code"), "WA-02", based_on=0, by=people.jan.id) is SetOutcome.SAVED


def test_a_cell_called_code_is_no_code_of_an_item(programme: Programme, measure: Measure, people: People) -> None:
    row = db.session.scalars(select(Row).where(Row.kind == "fields")).one()
    place = FieldRef(programme, "code", row)
    assert not place.is_code
    assert set_value(place, "WA-01", based_on=place.rev, by=people.jan.id) is SetOutcome.SAVED
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
    for place, value in (
        (field, "2028-01"),
        (cell, "2028-02"),
        (field, "2028-03"),
        (FieldRef(second, "due"), "2028-04"),
    ):
        set_value(place, value, based_on=place.rev, by=people.jan.id)
    newest = [last_change(place) for place in (field, cell)]
    assert [one and one.new for one in newest] == ["2028-03", "2028-02"]
