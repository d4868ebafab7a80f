"""Tests of `sheets.access`: permission checks for items; without the right to read, an item is a 404."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import partial

import pytest
from flask import Flask, session
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, Unauthorized

from klimawerk.accounts.models import Person
from klimawerk.accounts.sessions import PERSON
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.partnerships.models import Membership
from klimawerk.partnerships.rights import Right
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import (
    Opened,
    allowed_item,
    of_kind,
    readable_item,
    writable_conflict,
    writable_item,
    writable_row,
)
from klimawerk.sheets.lock_service import LockHolder, lock
from klimawerk.sheets.models import Conflict, Item, Row
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.sheets.update_lock import ItemLocked
from tests import factories
from tests.sheets.verbs.conftest import People, opened_by

RequestAs = Callable[[Person | None], AbstractContextManager[None]]


@pytest.fixture
def request_as(app: Flask) -> RequestAs:
    """`with request_as(person):` a request context of a signed-in user, or with None of an anonymous visitor."""

    @contextmanager
    def request_of(person: Person | None) -> Iterator[None]:
        number = person.id if person else None
        with app.test_request_context("/"):
            if number:
                session[PERSON] = number
            yield

    return request_of


def refusal(work: Callable[[], object]) -> type[HTTPException] | None:
    """The exception with which the call was refused; None if it was not."""
    try:
        work()
    except HTTPException as error:
        return type(error)
    return None


def test_everybody_with_a_place_reads_and_who_has_none_gets_what_is_not_there(
    people: People, measure: Measure, request_as: RequestAs
) -> None:
    for role in ("coordinator", "editor", "reviewer", "observer"):
        with request_as(people[role, "partner"]):
            opened = readable_item(measure.id)
            assert (opened.item, opened.member.role, opened.locked) == (measure, role, False)
    stranger = factories.partnership().de["coordinator"]
    with request_as(stranger):
        assert refusal(lambda: readable_item(measure.id)) is NotFound
        assert refusal(lambda: readable_item(999_999)) is NotFound
        assert refusal(lambda: writable_item(measure.id)) is NotFound, "not that it exists and is forbidden"
    with request_as(None):
        assert refusal(lambda: readable_item(measure.id)) is Unauthorized


def test_what_is_deleted_or_still_arriving_is_not_there(
    people: People, goal: Goal, measure: Measure, second: Measure, request_as: RequestAs
) -> None:
    delete_item(measure, by=people.jan.id)
    with request_as(people["coordinator", "de"]):
        assert refusal(lambda: readable_item(measure.id)) is NotFound
        assert refusal(lambda: readable_item(second.id)) is None
    with writing():
        second.frame.arriving = "job"
    with request_as(people["coordinator", "de"]):
        assert refusal(lambda: readable_item(second.id)) is NotFound
        assert refusal(lambda: readable_item(goal.id)) is NotFound


def test_a_right_is_asked_for_by_itself(people: People, measure: Measure, request_as: RequestAs) -> None:
    for role, right, expected in (
        ("observer", Right.READ, None),
        ("observer", Right.EDIT, Forbidden),
        ("reviewer", Right.COMMENT, None),
        ("editor", Right.EDIT, None),
        ("editor", Right.MODERATE, Forbidden),
        ("coordinator", Right.MODERATE, None),
    ):
        with request_as(people[role, "de"]):
            assert refusal(partial(allowed_item, measure.id, right)) is expected, (role, right)


def test_an_editor_opens_what_is_open_for_editing_and_reads_why_it_is_not(
    people: People, measure: Measure, second: Measure, request_as: RequestAs
) -> None:
    lock(measure, "We vote", LockHolder(name="The council"))
    with request_as(people.jan):
        assert readable_item(measure.id).locked
        with pytest.raises(ItemLocked, match=r"^WA-01 is closed for editing\. The council: We vote\.$"):
            writable_item(measure.id)
        assert writable_item(second.id).item == second
    with request_as(people["observer", "de"]):
        assert refusal(lambda: writable_item(measure.id)) is Forbidden, "the right comes before the lock"
        assert refusal(lambda: writable_item(second.id)) is Forbidden


def test_a_row_comes_with_its_item_also_a_deleted_one(
    people: People, measure: Measure, step: Row, request_as: RequestAs
) -> None:
    with writing():
        step.deleted_at = now()
    with request_as(people.jan):
        opened, row = writable_row(step.id)
        assert (opened.item, row) == (measure, step)
        assert refusal(lambda: writable_row("unknown")) is NotFound
    with request_as(people["reviewer", "de"]):
        assert refusal(lambda: writable_row(step.id)) is Forbidden
    lock(measure, "", LockHolder(name="The council"))
    with request_as(people.jan), pytest.raises(ItemLocked):
        writable_row(step.id)


def test_a_conflict_comes_with_its_item(people: People, measure: Measure, request_as: RequestAs) -> None:
    set_value(FieldRef(measure, "priority"), "low", based_on=0, by=people.jan.id)
    conflict = db.session.query(Conflict).one()
    with request_as(people.akosua):
        opened, loaded = writable_conflict(conflict.id)
        assert (opened.item, loaded) == (measure, conflict)
        assert refusal(lambda: writable_conflict(conflict.id + 1)) is NotFound
    with request_as(factories.partnership().de["editor"]):
        assert refusal(lambda: writable_conflict(conflict.id)) is NotFound
    with request_as(people["observer", "partner"]):
        assert refusal(lambda: writable_conflict(conflict.id)) is Forbidden


def test_an_item_of_another_kind_is_not_there(people: People, programme: Programme, measure: Measure) -> None:
    opened = opened_by(people.jan, measure)
    assert of_kind(opened, Measure) is measure
    for kind in (Goal, Programme):
        assert refusal(partial(of_kind, opened, kind)) is NotFound


def test_what_can_be_edited_is_open_here_and_in_reach_of_the_role(people: People, measure: Measure) -> None:
    def may(role: str, *, locked: bool = False) -> tuple[bool, bool, bool]:
        opened: Opened = opened_by(people[role, "de"], measure, locked=locked)
        return opened.writes, opened.editable, opened.may_moderate

    assert may("editor") == (True, True, False)
    assert may("editor", locked=True) == (True, False, False)
    assert may("coordinator", locked=True) == (True, False, True)
    assert may("reviewer") == (False, False, False)
    with writing():
        measure.deleted_at = now()
    assert may("editor") == (True, False, False)


def test_a_place_that_has_ended_is_none(people: People, measure: Measure, request_as: RequestAs) -> None:
    with writing():
        db.session.query(Membership).filter_by(person_id=people.jan.id).one().to_date = date(2024, 1, 2)
    with request_as(people["editor", "partner"]):
        assert refusal(lambda: readable_item(measure.id)) is None
    with request_as(db.session.query(Person).filter_by(name="Editor de").one()):
        assert refusal(lambda: readable_item(measure.id)) is NotFound
    assert isinstance(measure, Item)
