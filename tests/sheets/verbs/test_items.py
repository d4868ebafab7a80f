"""Tests of `sheets.items`: create, order, set the writing language, lock on behalf of a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from klimawerk.collab.rich_text import InvalidRichText, from_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import set_languages
from klimawerk.sheets import lock_service
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.items import (
    WRITING_LANGUAGE_KEY,
    create_item,
    lock_item,
    move_item,
    order_key_after,
    set_writing_language,
    siblings,
    unlock_item,
)
from klimawerk.sheets.models import EditLock, Item
from klimawerk.sheets.order_keys import NotInList
from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked
from tests.sheets.verbs.conftest import Announced, People, database_state

InOtherSession = Callable[[Callable[[], Any]], Any]


def new_measure(goal: Goal, code: str = "X-01") -> Measure:
    return Measure(frame=goal.frame, goal_id=goal.id, code=code, order_key="z")


def test_a_new_item_has_its_values_at_its_first_revision_and_a_text_for_every_language(
    goal: Goal, announced: Announced
) -> None:
    created, values = new_measure(goal), {"priority": "low"}
    create_item(created, values=values, texts={"title.de": from_plain_text("Kompost")})
    assert announced.topics == [created.name]
    database_state()
    assert (created.values, created.revs, revision(created.name)) == (values, {"priority": 1}, 1)
    texts = document_store.texts([created.name])[created.name]
    assert set(texts) == set(sheet_of("measure").fragments(["de", "en"]))
    assert (texts["title.de"].plain, texts["title.en"].plain) == ("Kompost", "")
    assert created.values is not values
    assert not document_store.is_locked(created.name)


def test_a_new_item_has_the_languages_that_came_meanwhile(
    programme: Programme, goal: Goal, in_other_session: InOtherSession
) -> None:
    created, number = new_measure(goal), programme.id
    assert created.frame.languages == ["de", "en"]

    def concurrent_change() -> None:
        set_languages(db.session.get_one(Programme, number), languages=["de", "en", "fr"], lead="en", by=None)

    in_other_session(concurrent_change)
    create_item(created, values=None, texts=None)
    assert "title.fr" in document_store.texts([created.name])[created.name]
    assert created.values == {}


def test_of_an_item_whose_text_is_none_nothing_is_there(goal: Goal, announced: Announced) -> None:
    before = database_state()
    with pytest.raises(InvalidRichText):
        create_item(new_measure(goal), values=None, texts={"title.en": {"type": "script"}})
    assert announced.commits == []
    assert database_state() == before


def test_a_new_item_is_closed_where_its_place_is_closed(programme: Programme, goal: Goal, people: People) -> None:
    lock_service.lock(programme, "We vote", lock_service.person_holder(people.chair.id))
    created = new_measure(goal)
    create_item(created, values=None, texts=None)
    document = document_store.find_document(created.name)
    assert (document.locked, document.lock_reason, document.locked_by) == (True, "We vote", "Moderator neutral")


def test_items_of_a_programme_come_by_kind_in_order_without_the_bin(
    programme: Programme, goal: Goal, measure: Measure, second: Measure, people: People
) -> None:
    assert siblings(programme.frame, Measure) == [measure, second]
    assert siblings(programme.frame, Goal) == [goal]
    with writing():
        second.order_key = "!"
    assert siblings(programme.frame, Measure) == [second, measure]
    delete_item(second, by=people.jan.id)
    assert siblings(programme.frame, Measure) == [measure]


def test_the_last_key_is_behind_all_the_bin_included(measure: Measure, second: Measure, people: People) -> None:
    with writing():
        measure.order_key, second.order_key = "b", "c"
    delete_item(second, by=people.jan.id)
    assert order_key_after([measure, second]) > "c"
    assert order_key_after([second, measure]) > "c", "whatever their order"
    assert "b" < order_key_after([measure]) <= "c"
    assert order_key_after([]) > ""


def test_an_item_is_put_before_another_or_at_the_end_or_stays(measure: Measure, second: Measure) -> None:
    both = [measure, second]
    key, other = measure.order_key, second.order_key
    move_item(measure, both, measure.id)
    move_item(measure, both, None, "up")
    assert (measure.order_key, second.order_key) == (key, other)
    move_item(measure, both, None)
    assert (measure.order_key > other, second.order_key) == (True, other)
    move_item(measure, [second, measure], second.id)
    assert measure.order_key < other
    new_key = measure.order_key
    with pytest.raises(NotInList):
        move_item(measure, both, 999_999)
    assert measure.order_key == new_key


def test_a_place_can_be_before_something_in_the_bin(measure: Measure, second: Measure, people: People) -> None:
    delete_item(measure, by=people.jan.id)
    key = measure.order_key
    move_item(second, [measure, second], None, "up")
    assert second.order_key > key, "it is the first one shown"
    move_item(second, [measure, second], measure.id)
    assert second.order_key < key


def test_everybody_writes_in_the_language_that_was_set_and_is_told(
    measure: Measure, people: People, announced: Announced
) -> None:
    other_revs = dict(measure.revs)
    set_writing_language(measure, "de", by=people.jan.id)
    assert announced.topics == [measure.name]
    database_state()
    assert measure.writing_language == "de"
    assert measure.revs == {**other_revs, WRITING_LANGUAGE_KEY: revision(measure.name)}
    set_writing_language(measure, "", by=people.jan.id)
    assert measure.writing_language == ""


def test_a_language_that_the_programme_does_not_have_any_more_is_refused(
    programme: Programme, measure: Measure, announced: Announced, in_other_session: InOtherSession
) -> None:
    number = programme.id
    assert "de" in measure.frame.languages
    in_other_session(lambda: set_languages(db.session.get_one(Programme, number), languages=["en"], lead="en", by=None))
    before = in_other_session(database_state)
    announced.commits.clear()
    with pytest.raises(ValueError, match=r"^de$"):
        set_writing_language(measure, "de", by=1)
    assert announced.commits == []
    assert database_state() == before
    assert measure.writing_language == ""


def test_in_what_is_closed_or_in_the_bin_no_writing_language_is_set(measure: Measure, people: People) -> None:
    lock_item(measure, "We vote", by="The council")
    before = database_state()
    with pytest.raises(ItemLocked, match=r"^WA-01 is closed for editing\. The council: We vote\.$"):
        set_writing_language(measure, "de", by=people.jan.id)
    assert database_state() == before
    unlock_item(measure)
    delete_item(measure, by=people.jan.id)
    before = database_state()
    with pytest.raises(ItemDeleted, match=r"^WA-01 is in the bin\.$"):
        set_writing_language(measure, "de", by=people.jan.id)
    assert database_state() == before


def test_a_lock_by_name_alone_is_nobodys_in_particular_and_is_ended_with_all_others_there(
    goal: Goal, measure: Measure, people: People, announced: Announced
) -> None:
    lock_item(measure, "We vote", by="The council")
    (lock,) = db.session.scalars(select(EditLock))
    assert (lock.item_id, lock.holder, lock.holder_name, lock.by) == (measure.id, "", "The council", None)
    assert announced.locks == [[measure.id]]
    lock_service.lock(measure, "Minutes", lock_service.person_holder(people.chair.id))
    lock_service.lock(goal, "Council", lock_service.person_holder(people.chair.id))
    unlock_item(measure)
    assert [remaining.item_id for remaining in db.session.scalars(select(EditLock))] == [goal.id], (
        "the one from above stays"
    )
    assert document_store.is_locked(measure.name)
    assert isinstance(db.session.get_one(Item, measure.id), Measure)
