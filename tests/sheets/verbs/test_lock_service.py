"""Tests of `sheets.lock_service`: set and end locks; documents are updated, changes announced after the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from klimawerk.accounts.signals import person_changed
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets import lock_service
from klimawerk.sheets.edit_locks import MAX_REASON_LENGTH
from klimawerk.sheets.lock_service import LockHolder, end_lock, end_locks_of, lock, person_holder
from klimawerk.sheets.models import EditLock, Item
from klimawerk.sheets.programme_topic import OUTLINE
from klimawerk.sheets.update_lock import ItemDeleted
from tests.sheets.verbs.conftest import Announced, People, database_state

InOtherSession = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def chair(people: People) -> LockHolder:
    return person_holder(people.chair.id)


def locks() -> list[EditLock]:
    return list(db.session.scalars(select(EditLock).order_by(EditLock.id)))


def document_lock(item: Item) -> tuple[bool, str, str]:
    document = document_store.find_document(item.name)
    return document.locked, document.lock_reason, document.locked_by


def test_a_person_closes_for_themselves_and_a_name_for_somebody_else(people: People, measure: Measure) -> None:
    assert person_holder(7) == LockHolder("person:7", "", 7)
    lock(measure, "We vote", person_holder(people.chair.id))
    (row,) = locks()
    assert (row.item_id, row.except_id, row.holder, row.holder_name, row.by, row.reason) == (
        (measure.id, None, f"person:{people.chair.id}", "", people.chair.id, "We vote")
    )


def test_closing_a_goal_closes_its_measures_and_tells_each_from_the_top_down(
    programme: Programme, goal: Goal, measure: Measure, second: Measure, chair: LockHolder, announced: Announced
) -> None:
    access = document_store.find_document(measure.name).access_rev
    lock(goal, "We vote", chair)
    assert announced.topics == [programme.name, goal.name, measure.name, second.name]
    assert announced.locks == [[goal.id, measure.id, second.id]]
    database_state()
    for item in (goal, measure, second):
        assert document_lock(item) == (True, "We vote", "Moderator neutral")
        assert item.lock_rev == revision(item.name)
    assert document_lock(programme) == (False, "", "")
    assert programme.lock_rev == 0
    assert programme.revs[OUTLINE] == revision(programme.name), "the list in which they are moved is drawn anew"
    assert document_store.find_document(measure.name).access_rev == access + 1, "open texts are decided anew"


def test_opening_tells_the_same_and_leaves_nothing_behind(
    programme: Programme, goal: Goal, measure: Measure, second: Measure, chair: LockHolder, announced: Announced
) -> None:
    lock(goal, "We vote", chair)
    closed_at = measure.lock_rev
    announced.commits.clear()
    announced.locks.clear()
    end_locks_of(goal)
    assert announced.topics == [programme.name, goal.name, measure.name, second.name]
    assert announced.locks == [[goal.id, measure.id, second.id]]
    database_state()
    assert locks() == []
    assert document_lock(measure) == (False, "", "")
    assert measure.lock_rev == revision(measure.name) > closed_at


def test_the_measure_that_stays_open_is_told_too(
    programme: Programme, goal: Goal, measure: Measure, second: Measure, chair: LockHolder, announced: Announced
) -> None:
    lock(programme, "", chair, except_id=measure.id)
    assert announced.locks == [[programme.id, goal.id, measure.id, second.id]]
    assert [document_store.is_locked(item.name) for item in (programme, goal, measure, second)] == [
        True,
        True,
        False,
        True,
    ]


def test_what_lies_in_the_bin_is_closed_with_the_rest(
    goal: Goal, second: Measure, people: People, chair: LockHolder
) -> None:
    delete_item(second, by=people.jan.id)
    lock(goal, "", chair)
    assert document_store.is_locked(second.name)
    end_locks_of(goal)
    assert not document_store.is_locked(second.name)


def test_closing_again_sets_the_reason_of_the_one_lock_and_says_so_to_all(
    measure: Measure, chair: LockHolder, announced: Announced
) -> None:
    lock(measure, "We vote", chair)
    lock(measure, "Until Monday", chair)
    assert [row.reason for row in locks()] == ["Until Monday"]
    assert document_lock(measure) == (True, "Until Monday", "Moderator neutral")
    lock(measure, "Until Monday", chair)
    assert announced.locks == [[measure.id]] * 3, "who closes again is answered as before"
    lock(measure, "Until Monday", LockHolder(name="The council"))
    lock(measure, "Until Monday", LockHolder(name="The mayor"))
    assert len(locks()) == 3, "another holder has another lock"


def test_two_scopes_of_one_holder_are_two_locks(programme: Programme, measure: Measure, chair: LockHolder) -> None:
    lock(programme, "A", chair)
    lock(programme, "B", chair, except_id=measure.id)
    assert [(row.reason, row.except_id) for row in locks()] == [("A", None), ("B", measure.id)]
    assert document_lock(measure) == (True, "A", "Moderator neutral")


def test_two_who_close_at_the_same_time_both_hold_it(
    measure: Measure, people: People, chair: LockHolder, in_other_session: InOtherSession
) -> None:
    number, other_holder = measure.id, person_holder(people["coordinator", "partner"].id)
    assert not document_store.is_locked(measure.name)
    in_other_session(lambda: lock(db.session.get_one(Item, number), "Minutes", other_holder))
    lock(measure, "We vote", chair)
    assert document_lock(measure) == (True, "Minutes · We vote", "Coordinator partner, Moderator neutral")
    in_other_session(lambda: end_lock(db.session.get_one(Item, number), 1))
    end_lock(measure, 1)
    db.session.rollback()
    assert document_lock(measure) == (True, "We vote", "Moderator neutral"), "ended twice, it takes the other with it"


def test_a_reason_and_a_name_are_cut_to_what_fits(measure: Measure) -> None:
    lock(measure, "r" * 300, LockHolder(name="n" * 300))
    (row,) = locks()
    assert (row.reason, row.holder_name) == ("r" * MAX_REASON_LENGTH, "n" * MAX_REASON_LENGTH)
    lock(measure, "again", LockHolder(name="n" * 300))
    assert [stored_lock.reason for stored_lock in locks()] == ["again"], "the cut name is known again"


@pytest.mark.parametrize("verb", ["close", "end", "end own"])
def test_nobody_closes_or_opens_what_is_in_the_bin_and_nobody_is_told(
    measure: Measure,
    people: People,
    chair: LockHolder,
    announced: Announced,
    in_other_session: InOtherSession,
    verb: str,
) -> None:
    number, by = measure.id, people.jan.id
    in_other_session(lambda: lock(db.session.get_one(Item, number), "We vote", LockHolder(name="The council")))
    in_other_session(lambda: end_locks_of(db.session.get_one(Item, number)) if verb == "close" else None)
    with writing():
        measure.deleted_at, measure.deleted_by = measure.created_at, by
    before = database_state()
    announced.commits.clear()
    announced.locks.clear()
    actions: dict[str, Callable[[], None]] = {
        "close": lambda: lock(measure, "", chair),
        "end": lambda: end_lock(measure, 1),
        "end own": lambda: end_locks_of(measure),
    }
    with pytest.raises(ItemDeleted, match=r"^WA-01 is in the bin\.$"):
        actions[verb]()
    assert (announced.commits, announced.locks) == ([], [])
    assert database_state() == before


def test_from_an_item_the_locks_above_it_and_those_that_spare_it_can_be_ended_and_no_others(
    programme: Programme, goal: Goal, measure: Measure, second: Measure, chair: LockHolder
) -> None:
    lock(goal, "above", chair)
    lock(programme, "spares", chair, except_id=measure.id)
    lock(second, "beside", chair)
    lock_above, lock_with_exception, lock_beside = [row.id for row in locks()]
    end_lock(measure, lock_beside)
    end_lock(measure, 999_999)
    assert len(locks()) == 3
    end_lock(measure, lock_above)
    end_lock(measure, lock_with_exception)
    assert [row.id for row in locks()] == [lock_beside]
    assert [document_store.is_locked(item.name) for item in (programme, goal, measure, second)] == [
        False,
        False,
        False,
        True,
    ]


def test_ending_ones_own_leaves_those_from_above(programme: Programme, measure: Measure, chair: LockHolder) -> None:
    lock(programme, "above", chair)
    lock(measure, "own", chair)
    lock(measure, "too", LockHolder(name="The council"))
    end_locks_of(measure)
    assert [row.reason for row in locks()] == ["above"]
    assert document_lock(measure) == (True, "above", "Moderator neutral")


def test_a_lock_shows_the_name_that_its_holder_has_now_and_only_their_programme_is_told(
    programme: Programme, measure: Measure, second: Measure, people: People, chair: LockHolder, announced: Announced
) -> None:
    lock(measure, "We vote", chair)
    lock(second, "", LockHolder(name="The council"))
    announced.commits.clear()
    announced.locks.clear()
    with writing():
        people.chair.name = "Ama Neu"
        person_changed.send(people.chair.id)
    topics = announced.topics
    assert [topic for topic in topics if not topic.startswith("person")] == [programme.name, measure.name]
    assert announced.locks == [[measure.id]]
    database_state()
    assert document_lock(measure) == (True, "We vote", "Ama Neu")
    assert document_lock(second) == (True, "", "The council")
    assert measure.lock_rev == revision(measure.name)


def test_who_holds_no_lock_changes_their_name_unnoticed(
    measure: Measure, people: People, chair: LockHolder, announced: Announced
) -> None:
    lock(measure, "We vote", chair)
    before = document_lock(measure)
    announced.commits.clear()
    with writing():
        people.jan.name = "Jan Neu"
        lock_service.update_holder_name(people.jan.id)
    assert announced.commits == []
    assert document_lock(measure) == before


def test_what_is_undone_with_its_transaction_is_never_told(
    measure: Measure, chair: LockHolder, announced: Announced
) -> None:
    before = database_state()

    def fails() -> None:
        with writing():
            lock(measure, "We vote", chair)
            raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        fails()
    assert (announced.commits, announced.locks) == ([], [])
    assert database_state() == before
    assert not document_store.is_locked(measure.name)
