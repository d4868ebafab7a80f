"""Tests of `sheets.edit_locks`: which locks cover an item, its lock state, and how locks are shown."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets import edit_locks
from klimawerk.sheets.edit_locks import (
    MAX_REASON_LENGTH,
    LockView,
    covers,
    lock_new_item,
    lock_sentence,
    lock_state,
    lock_views,
    locks_covering,
    locks_except,
    locks_of,
    scope_label,
)
from klimawerk.sheets.lock_service import LockHolder, lock, person_holder
from klimawerk.sheets.models import EditLock, Item
from tests import factories
from tests.sheets.verbs.conftest import People, database_state


class LockedProgramme:
    """A programme with X-01 under Z2; locks on the programme, on all but WA-01, on Z1 and on WA-02, in this order."""

    def __init__(self, programme: Programme, goal: Goal, measure: Measure, second: Measure, chair: int) -> None:
        self.other_goal = create_goal(programme, by=None)
        self.third = create_measure(self.other_goal, code="X-01", by=None)
        self.items: dict[str, Item] = {
            "programme": programme,
            "Z1": goal,
            "WA-01": measure,
            "WA-02": second,
            "Z2": self.other_goal,
            "X-01": self.third,
        }
        lock(programme, "A", person_holder(chair))
        lock(programme, "B", LockHolder(name="The council"), except_id=measure.id)
        lock(goal, "C", LockHolder(name="The mayor"))
        lock(second, "", person_holder(chair))


@pytest.fixture
def locked_programme(
    programme: Programme, goal: Goal, measure: Measure, second: Measure, people: People
) -> LockedProgramme:
    return LockedProgramme(programme, goal, measure, second, people.chair.id)


COVERING = {"programme": "AB", "Z1": "ABC", "WA-01": "AC", "WA-02": "ABC-", "Z2": "AB", "X-01": "AB"}


def test_each_item_is_covered_by_what_stands_on_it_and_above_it_the_oldest_first(
    locked_programme: LockedProgramme,
) -> None:
    reasons = {
        name: "".join(lock.reason or "-" for lock in locks_covering(item))
        for name, item in locked_programme.items.items()
    }
    assert reasons == COVERING
    assert {name for name, item in locked_programme.items.items() if locks_except(item)} == {"WA-01"}
    assert [lock.reason for lock in locks_except(locked_programme.items["WA-01"])] == ["B"]
    all_locks = locks_of(locked_programme.third)
    assert [lock.reason for lock in all_locks] == ["A", "B", "C", ""]
    assert [covers(all_locks[3], item) for item in (locked_programme.items["WA-02"], locked_programme.items["Z1"])] == [
        True,
        False,
    ]


def test_locks_of_another_programme_are_none_here(locked_programme: LockedProgramme, measure: Measure) -> None:
    other_programme = factories.programme(factories.partnership())
    lock(other_programme, "Theirs", LockHolder(name="They"))
    assert "Theirs" not in [lock.reason for lock in locks_of(measure)]
    assert [lock.reason for lock in locks_of(other_programme)] == ["Theirs"]
    assert not covers(locks_of(measure)[2], factories.measure(other_programme))


def test_of_several_locks_each_reason_and_each_holder_is_kept_once(
    locked_programme: LockedProgramme, people: People
) -> None:
    assert lock_state([]) == (False, "", "")
    assert lock_state(locks_covering(locked_programme.items["WA-02"])) == (
        True,
        "A · B · C",
        "Moderator neutral, The council, The mayor",
    )
    lock(locked_programme.third, "A", LockHolder(name="The mayor"))
    assert lock_state(locks_covering(locked_programme.third)) == (
        True,
        "A · B",
        "Moderator neutral, The council, The mayor",
    )


def test_many_reasons_and_names_are_cut_to_what_fits(measure: Measure) -> None:
    for letter in "abc":
        lock(measure, letter * 120, LockHolder(name=letter * 120))
    locked, reasons, names = lock_state(locks_covering(measure))
    assert (locked, len(reasons), len(names)) == (True, MAX_REASON_LENGTH, MAX_REASON_LENGTH)
    assert reasons.startswith("a" * 120 + " · b")
    assert names.startswith("a" * 120 + ", b")


def test_who_was_erased_has_no_name_in_what_everybody_gets_and_one_that_is_none_on_the_page(
    measure: Measure, people: People
) -> None:
    lock(measure, "We vote", person_holder(people.chair.id))
    with writing():
        people.chair.name = ""
    assert lock_state(locks_covering(measure)) == (True, "We vote", "")
    assert [view.name for view in lock_views(measure)] == ["Former member"]


def test_only_a_new_item_in_a_closed_place_is_closed(
    locked_programme: LockedProgramme, goal: Goal, measure: Measure
) -> None:
    for item, expected in ((measure, (True, "A · C")), (locked_programme.third, (True, "A · B"))):
        with writing():
            document_store.open_documents([item.name])
            lock_new_item(item)
        document = document_store.find_document(item.name)
        assert (document.locked, document.lock_reason) == expected
    for row in locks_of(measure):
        db.session.delete(row)
    db.session.commit()
    with writing():
        document_store.open_documents([measure.name])
        access_rev = document_store.find_document(measure.name).access_rev
        lock_new_item(measure)
    document = document_store.find_document(measure.name)
    assert (document.locked, document.access_rev) == (False, access_rev)


def test_a_page_says_of_each_lock_who_why_and_what_is_closed_with_it(
    locked_programme: LockedProgramme, measure: Measure
) -> None:
    views = lock_views(locked_programme.items["WA-02"])
    assert [(view.text, view.scope) for view in views] == [
        ("Moderator neutral: A", "the whole programme"),
        ("The council: B", "everything but WA-01"),
        ("The mayor: C", "Z1 with its measures"),
        ("Moderator neutral", ""),
    ]
    assert [view.scope for view in lock_views(locked_programme.items["programme"])] == ["", "everything but WA-01"]
    assert [view.id for view in views] == [lock.id for lock in locks_covering(locked_programme.items["WA-02"])]
    assert [view.at for view in views] == [lock.at for lock in locks_covering(locked_programme.items["WA-02"])]
    assert [view.text for view in lock_views(measure, locks_except(measure))] == ["The council: B"]


def test_an_open_item_has_nothing_to_say(measure: Measure) -> None:
    assert lock_views(measure) == []
    assert locks_covering(measure) == []


def test_words_of_a_lock_are_its_name_and_its_reason_or_either(measure: Measure) -> None:
    views = [
        LockView(1, name, reason, "", measure.created_at)
        for name, reason in (("A", "b"), ("A", ""), ("", "b"), ("", ""))
    ]
    assert [view.text for view in views] == ["A: b", "A", "b", ""]


def test_what_a_lock_closes_is_said_in_the_readers_language(programme: Programme, goal: Goal, measure: Measure) -> None:
    assert [scope_label(item) for item in (programme, goal, measure)] == [
        "the whole programme", "Z1 with its measures", "WA-01",
    ]  # fmt: skip
    assert scope_label(programme, "WA-01") == "everything but WA-01"
    with force_locale("de"):
        assert [scope_label(item) for item in (programme, goal)] == ["das ganze Programm", "Z1 mit den Maßnahmen"]


def test_a_sentence_names_the_item_and_every_lock_with_one_full_stop_each(
    programme: Programme, measure: Measure, people: People
) -> None:
    assert lock_sentence(measure) == "WA-01 is closed for editing."
    lock(programme, "We vote.", LockHolder(name="The council"))
    lock(measure, "", person_holder(people.chair.id))
    lock(measure, "", LockHolder())
    assert lock_sentence(measure) == "WA-01 is closed for editing. The council: We vote. Moderator neutral."
    assert lock_sentence(programme) == "The programme is closed for editing. The council: We vote."


def test_a_holder_who_is_no_person_is_called_by_the_name_that_was_given(measure: Measure, people: People) -> None:
    """The key of a workshop has a number, too, which is no person's id."""
    lock(measure, "", LockHolder(f"workshop:{people.chair.id}", name="The workshop"))
    assert lock_state(locks_covering(measure)) == (True, "", "The workshop")
    assert [view.name for view in lock_views(measure)] == ["The workshop"]


def test_a_lock_whose_measure_is_gone_for_good_closes_everything(
    programme: Programme, measure: Measure, people: People
) -> None:
    """The database sets `except_id` to NULL then; `lock_views` must not query a code."""
    lock(programme, "", person_holder(people.chair.id), except_id=measure.id)
    with writing():
        db.session.scalars(db.select(EditLock)).one().except_id = None
    database_state()
    assert [view.scope for view in lock_views(measure)] == ["the whole programme"]
    assert edit_locks.PERSON_PREFIX == "person"
