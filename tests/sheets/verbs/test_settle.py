"""Tests of `sheets.service.settle_conflict`: an editor chooses between the current value and the waiting one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets import lock_service
from klimawerk.sheets.item_codes import CodeTaken
from klimawerk.sheets.models import Conflict, FieldChange, Item, Row
from klimawerk.sheets.service import FieldRef, SetOutcome, conflicts_of, set_value, settle_conflict
from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked
from tests.sheets.verbs.conftest import Announced, People, database_state

InOtherSession = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def priority(measure: Measure, people: People) -> FieldRef:
    """A conflict: "high" is the current value, "low" (by Jan) waits."""
    ref = FieldRef(measure, "priority")
    assert set_value(ref, "low", based_on=0, by=people.jan.id) is SetOutcome.CONFLICT
    return ref


def waiting_conflict(ref: FieldRef) -> Conflict:
    return conflicts_of(ref.item)[ref.row.id if ref.row else None, ref.key]


def test_taking_the_value_that_waited_makes_it_hold(
    measure: Measure, priority: FieldRef, people: People, announced: Announced
) -> None:
    settle_conflict(waiting_conflict(priority), priority, take=True, by=people.akosua.id)
    assert announced.topics == [measure.name]
    database_state()
    assert (measure.values["priority"], measure.revs["priority"]) == ("low", revision(measure.name))
    assert conflicts_of(measure) == {}
    (change,) = db.session.scalars(select(FieldChange))
    assert (change.old, change.new, change.by) == ("high", "low", people.akosua.id)


def test_leaving_what_holds_changes_no_value_and_every_page_draws_the_field_anew(
    measure: Measure, priority: FieldRef, people: People, announced: Announced
) -> None:
    other_revs = {key: rev for key, rev in measure.revs.items() if key != "priority"}
    settle_conflict(waiting_conflict(priority), priority, take=False, by=people.akosua.id)
    assert announced.topics == [measure.name]
    database_state()
    assert measure.values["priority"] == "high"
    assert measure.revs == {**other_revs, "priority": revision(measure.name)}
    assert conflicts_of(measure) == {}
    assert db.session.scalars(select(FieldChange)).all() == []


@pytest.mark.parametrize("take", [True, False])
def test_a_choice_ends_all_that_waits_at_the_place_and_nothing_elsewhere(
    measure: Measure, step: Row, priority: FieldRef, people: People, take: bool
) -> None:
    set_value(priority, "medium", based_on=0, by=people.akosua.id)
    set_value(FieldRef(measure, "due", step), "2030-01", based_on=0, by=people.akosua.id)
    settle_conflict(waiting_conflict(priority), priority, take=take, by=people.jan.id)
    assert list(conflicts_of(measure)) == [(step.id, "due")]
    assert measure.values["priority"] == ("medium" if take else "high")


def test_in_a_cell_as_in_a_field(measure: Measure, step: Row, people: People) -> None:
    cell = FieldRef(measure, "due", step)
    set_value(cell, "2030-01", based_on=0, by=people.akosua.id)
    settle_conflict(waiting_conflict(cell), cell, take=True, by=people.jan.id)
    database_state()
    assert (step.cells["due"], step.revs["due"]) == ("2030-01", revision(measure.name))
    assert "due" not in measure.values


@pytest.mark.parametrize("take", [True, False])
def test_who_chooses_after_somebody_else_changes_nothing_and_nobody_is_told(
    measure: Measure,
    priority: FieldRef,
    people: People,
    announced: Announced,
    in_other_session: InOtherSession,
    take: bool,
) -> None:
    conflict, by, number = waiting_conflict(priority), people.akosua.id, measure.id

    def concurrent_change() -> None:
        ref = FieldRef(db.session.get_one(Item, number), "priority")
        settle_conflict(waiting_conflict(ref), ref, take=not take, by=by)

    in_other_session(concurrent_change)
    before = in_other_session(database_state)
    announced.commits.clear()
    settle_conflict(conflict, priority, take=take, by=people.jan.id)
    assert announced.commits == []
    assert database_state() == before


def test_the_value_that_is_taken_is_the_one_that_waits_now(
    measure: Measure, priority: FieldRef, people: People, in_other_session: InOtherSession
) -> None:
    """Between loading the page and choosing, its author has set another waiting value."""
    conflict, by, number = waiting_conflict(priority), people.jan.id, measure.id

    def concurrent_change() -> SetOutcome:
        ref = FieldRef(db.session.get_one(Item, number), "priority")
        return set_value(ref, "medium", based_on=ref.rev, by=by)

    assert in_other_session(concurrent_change) is SetOutcome.SAVED
    settle_conflict(conflict, priority, take=True, by=people.akosua.id)
    database_state()
    assert measure.values["priority"] == "medium"


@pytest.mark.parametrize("take", [True, False])
def test_nobody_chooses_in_what_was_closed_meanwhile(
    measure: Measure, priority: FieldRef, people: People, announced: Announced, take: bool
) -> None:
    lock_service.lock(measure, "We vote", lock_service.person_holder(people.chair.id))
    before = database_state()
    announced.commits.clear()
    with pytest.raises(ItemLocked, match=r"^WA-01 is closed for editing\. Moderator neutral: We vote\.$"):
        settle_conflict(waiting_conflict(priority), priority, take=take, by=people.jan.id)
    assert announced.commits == []
    assert database_state() == before


def test_nobody_chooses_in_what_was_deleted_meanwhile(measure: Measure, priority: FieldRef, people: People) -> None:
    delete_item(measure, by=people.jan.id)
    before = database_state()
    with pytest.raises(ItemDeleted, match=r"^WA-01 is in the bin\.$"):
        settle_conflict(waiting_conflict(priority), priority, take=True, by=people.jan.id)
    assert database_state() == before


def test_a_code_that_somebody_has_taken_meanwhile_goes_on_waiting(
    programme: Programme, measure: Measure, second: Measure, people: People, announced: Announced
) -> None:
    code = FieldRef(measure, "code")
    set_value(code, "WA-08", based_on=0, by=people.jan.id)
    set_value(code, "WA-09", based_on=0, by=people.akosua.id)
    set_value(FieldRef(second, "code"), "WA-09", based_on=0, by=people.jan.id)
    before = database_state()
    announced.commits.clear()
    with pytest.raises(CodeTaken, match=r"^WA-09$"):
        settle_conflict(waiting_conflict(code), code, take=True, by=people.jan.id)
    assert announced.commits == []
    assert database_state() == before
    settle_conflict(waiting_conflict(code), code, take=False, by=people.jan.id)
    assert announced.topics == [programme.name, measure.name]
    assert measure.code == "WA-08"


def test_a_value_kept_before_texts_had_one_form_gets_it_when_it_is_taken(
    measure: Measure, step: Row, people: People
) -> None:
    cell = FieldRef(measure, "text.en", step)
    set_value(cell, "Other", based_on=0, by=people.jan.id)
    waiting_conflict(cell).value = "Mu\u0308ll\r\nwiegen"
    db.session.commit()
    settle_conflict(waiting_conflict(cell), cell, take=True, by=people.jan.id)
    assert step.cells["text.en"] == "Müll\nwiegen"
