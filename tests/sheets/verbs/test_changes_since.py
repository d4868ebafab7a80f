"""Tests of `sheets.changes_since`: what others have changed since the user's last visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.live.changes import revision
from klimawerk.measures.models import Measure
from klimawerk.sheets.changes_since import changes_by_others, since_moment
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.service import FieldRef, set_value
from tests.sheets.verbs.conftest import People, set_texts, view_for

START = datetime.fromtimestamp(0, UTC)


def set_field(people: People, item: Item, key: str, value: object, row: Row | None = None, by: str = "akosua") -> None:
    ref = FieldRef(item, key, row)
    set_value(ref, value, based_on=ref.rev, by=getattr(people, by).id)


def test_a_moment_is_counted_in_seconds_and_anything_else_is_the_beginning() -> None:
    assert since_moment("86400") == datetime(1970, 1, 2, tzinfo=UTC)
    assert since_moment("1.5") == START + timedelta(seconds=1.5)
    for invalid in ("", "x", "-1", "9" * 40):
        assert since_moment(invalid) == START


def test_what_others_set_is_named_once_each_with_who_did_it(
    people: People, measure: Measure, second: Measure, step: Row
) -> None:
    set_field(people, measure, "priority", "low")
    set_field(people, measure, "priority", "medium")
    set_field(people, measure, "priority", "high", by="chair")
    set_field(people, measure, "horizon", "short", by="jan")
    set_field(people, measure, "due", "2029-01", row=step)
    set_field(people, measure, "text.de", "Müll", row=step)
    set_field(people, measure, "code", "WA-09")
    set_field(people, second, "horizon", "short")
    assert changes_by_others(view_for(people.jan, measure), START, 0) == [
        "Priority (Editor partner)",
        "Priority (Moderator neutral)",
        "Steps and schedule (Editor partner)",
        "Code (Editor partner)",
    ]
    assert changes_by_others(view_for(people.chair, second), START, 0) == ["Horizon (Editor partner)"]


def test_only_what_is_later_than_the_moment_is_named(people: People, measure: Measure) -> None:
    set_field(people, measure, "priority", "low")
    since = now()
    assert changes_by_others(view_for(people.jan, measure), since, 0) == []
    set_field(people, measure, "horizon", "short")
    assert changes_by_others(view_for(people.jan, measure), since, 0) == ["Horizon (Editor partner)"]


def test_who_was_erased_is_a_former_member(people: People, measure: Measure) -> None:
    set_field(people, measure, "priority", "low")
    with writing():
        people.akosua.name = ""
    assert changes_by_others(view_for(people.jan, measure), START, 0) == ["Priority (Former member)"]


def test_texts_and_lists_are_named_by_their_revision(people: People, measure: Measure) -> None:
    rev = revision(measure.name)
    assert changes_by_others(view_for(people.jan, measure), now(), rev) == []
    set_texts(measure, {"description.de": "Vierzig Tonnen.", "benefit_de.en": "Less."})
    append_row(measure, "costs", {}, by=people.akosua.id)
    view = view_for(people.jan, measure)
    assert changes_by_others(view, now(), rev) == ["Benefit for Wiesenbrück EN", "Description DE", "Costs"]
    assert changes_by_others(view, now(), 0) == [], "an unknown revision: nobody can say what is newer"
    assert changes_by_others(view, now(), revision(measure.name)) == []
