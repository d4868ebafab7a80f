"""Tests of `sheets.update_lock.lock_for_update`: the lock until the commit, and the checks made while it is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask_babel import force_locale

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets import lock_service
from klimawerk.sheets.lock_service import LockHolder
from klimawerk.sheets.models import Item
from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked, lock_for_update
from tests.sheets.verbs.conftest import Announced, database_state

InOtherSession = Callable[[Callable[[], Any]], Any]
COUNCIL = LockHolder(name="The council")


def test_each_turn_has_the_next_revision_and_is_told_once(measure: Measure, announced: Announced) -> None:
    rev = revision(measure.name)
    with writing():
        assert lock_for_update(measure) == rev + 1
        assert lock_for_update(measure) == rev + 1, "it is the same turn still"
    assert announced.topics == [measure.name]
    assert revision(measure.name) == rev + 1


def test_a_turn_is_taken_inside_of_a_transaction_alone(measure: Measure) -> None:
    before = database_state()
    with pytest.raises(RuntimeError, match=r"inside writing\(\)"):
        lock_for_update(measure)
    assert database_state() == before


def test_what_was_read_before_is_read_anew(measure: Measure, in_other_session: InOtherSession) -> None:
    number = measure.id

    def concurrent_change() -> None:
        with writing():
            db.session.get_one(Item, number).values = {"priority": "low"}

    assert measure.values["priority"] == "high"
    in_other_session(concurrent_change)
    with writing():
        lock_for_update(measure)
        assert measure.values == {"priority": "low"}
        measure.values = {"priority": "medium"}
        db.session.flush()
        measure.values = {"priority": "forgotten"}
        with db.session.no_autoflush:
            lock_for_update(measure)
        assert measure.values == {"priority": "medium"}


def move_to_bin(item: Item) -> None:
    with writing():
        item.deleted_at = now()


def test_what_is_in_the_bin_says_so_by_its_code(programme: Programme, goal: Goal, measure: Measure) -> None:
    for item in (programme, goal, measure):
        move_to_bin(item)
    before = database_state()
    for item, sentence in ((measure, "WA-01 is in the bin."), (goal, "Z1 is in the bin.")):
        with pytest.raises(ItemDeleted) as refused, writing():
            lock_for_update(item, allow_locked=True)
        assert str(refused.value) == sentence
    with pytest.raises(ItemDeleted) as refused, writing():
        lock_for_update(programme)
    assert str(refused.value) == "The programme was deleted."
    assert database_state() == before, "no revision either"
    with writing():
        assert lock_for_update(measure, allow_deleted=True) == revision(measure.name)


def test_what_is_closed_says_so_with_who_and_why(programme: Programme, measure: Measure, announced: Announced) -> None:
    lock_service.lock(programme, "We vote.", COUNCIL)
    before = database_state()
    announced.commits.clear()
    for item, sentence in (
        (measure, "WA-01 is closed for editing. The council: We vote."),
        (programme, "The programme is closed for editing. The council: We vote."),
    ):
        with pytest.raises(ItemLocked) as refused, writing():
            lock_for_update(item, allow_deleted=True)
        assert str(refused.value) == sentence
    assert announced.commits == []
    assert database_state() == before
    with writing():
        assert lock_for_update(measure, allow_locked=True) == revision(measure.name)


def test_of_what_is_both_the_bin_is_said(measure: Measure) -> None:
    lock_service.lock(measure, "We vote", COUNCIL)
    move_to_bin(measure)
    with pytest.raises(ItemDeleted), writing():
        lock_for_update(measure)
    with pytest.raises(ItemLocked), writing():
        lock_for_update(measure, allow_deleted=True)
    with writing():
        lock_for_update(measure, allow_deleted=True, allow_locked=True)


def test_what_is_refused_is_refused_in_the_readers_language(measure: Measure) -> None:
    lock_service.lock(measure, "Wir stimmen ab", LockHolder(name="Der Rat"))
    with force_locale("de"), pytest.raises(ItemLocked) as locked, writing():
        lock_for_update(measure)
    assert str(locked.value) == "WA-01 ist gerade für die Bearbeitung geschlossen. Der Rat: Wir stimmen ab."
    move_to_bin(measure)
    with force_locale("de"), pytest.raises(ItemDeleted) as deleted, writing():
        lock_for_update(measure)
    assert str(deleted.value) == "WA-01 liegt im Papierkorb."
