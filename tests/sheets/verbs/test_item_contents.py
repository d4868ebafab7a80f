"""Tests of `sheets.item_contents`: contents of an item, and which parts of its sheet are filled."""

from __future__ import annotations

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets.item_contents import ItemContents, anchor_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import append_row, delete_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests.sheets.verbs.conftest import People, opened_by, set_texts


def contents(people: People, item: Item, role: str = "editor", *, locked: bool = False) -> ItemContents:
    return ItemContents(opened_by(people[role, "de"], item, locked=locked))


def test_the_words_of_a_text_are_there_and_none_where_nobody_wrote(people: People, measure: Measure) -> None:
    loaded = contents(people, measure)
    assert loaded.plain("title", "en") == "Green bins"
    assert (loaded.plain("title", "de"), loaded.plain("title", "fr"), loaded.plain("nothing", "en")) == ("", "", "")
    assert (loaded.item, loaded.frame, loaded.sheet.kind) == (measure, measure.frame, "measure")
    assert loaded.sides == {"de": "Wiesenbrück", "partner": "Abenkrom"}


def test_what_was_read_is_read_once(people: People, measure: Measure) -> None:
    loaded = contents(people, measure)
    rows, texts = loaded.rows, loaded.texts
    append_row(measure, "steps", {}, by=None)
    assert loaded.rows is rows
    assert loaded.texts is texts
    assert len(contents(people, measure).rows["steps"]) == 2


def test_a_part_is_filled_when_anything_stands_there_in_any_language(
    people: People, measure: Measure, second: Measure
) -> None:
    def filled(item: Item, name: str) -> bool:
        loaded = contents(people, item)
        return loaded.filled(next(part for part in loaded.sheet.parts if part.name == name))

    names = ("title", "description", "priority", "steps", "period_start")
    assert [filled(measure, name) for name in names] == [True, True, True, True, False]
    assert [filled(second, name) for name in names] == [True, False, False, False, False]
    set_texts(second, {"description.de": "Kompost"})
    row = append_row(second, "steps", {}, by=None)
    assert [filled(second, name) for name in ("description", "steps")] == [True, True]
    delete_row(second, row, by=people.jan.id)
    assert not filled(second, "steps")


def test_rows_come_by_kind_and_a_kind_without_any_is_empty(people: People, measure: Measure, step: Row) -> None:
    loaded = contents(people, measure)
    assert loaded.rows_in(loaded.sheet.rows["steps"]) == [step]
    assert loaded.rows_in(loaded.sheet.rows["partners"]) == []


def test_what_is_empty_and_not_asked_first_waits(people: People, measure: Measure) -> None:
    loaded = contents(people, measure)
    assert {"sdgs", "benefit_de", "partners"} <= set(loaded.hidden_parts)
    assert not {"title", "description", "initial_situation", "responsible", "steps", "priority"} & set(
        loaded.hidden_parts
    )
    drawn = [part.name for group in loaded.sheet.groups for part in loaded.drawn(group)]
    assert "title" not in drawn
    assert set(drawn) | set(loaded.hidden_parts) | {"title"} == {part.name for part in loaded.sheet.parts}
    assert not set(drawn) & set(loaded.hidden_parts)


def test_of_a_document_nothing_waits_for_who_edits_it_and_all_that_is_empty_for_who_reads(
    people: People, programme: Programme
) -> None:
    assert contents(people, programme).sheet.document
    assert contents(people, programme).hidden_parts == []
    for loaded in (contents(people, programme, "observer"), contents(people, programme, locked=True)):
        assert "milestones" in loaded.hidden_parts
        assert not {"title", "fields"} & set(loaded.hidden_parts)
        assert loaded.editable is False
    assert contents(people, programme).editable


def test_dates_are_held_against_the_items_own_period_and_the_programmes(
    people: People, programme: Programme, goal: Goal, measure: Measure, step: Row
) -> None:
    with writing():
        programme.values = {"period_start": "2028-01", "period_end": "2030-12"}
        goal.values = {"target_year": 2031}
        measure.values = {"period_start": "2027-05", "period_end": "2027-04"}
    loaded = contents(people, measure)
    assert {location: str(hint_text) for location, hint_text in loaded.hints_by_place.items()} == {
        (None, "period_start"): "Start: May 2027 is before the programme begins (January 2028).",
        (None, "period_end"): "End: April 2027 is before “Start” (May 2027)."
        " End: April 2027 is before the programme begins (January 2028).",
        (step.id, "due"): "Step 1: Due: October 2027 is before the programme begins (January 2028).",
    }
    assert len(loaded.date_hints) == 4
    assert [str(hint.sentence) for hint in contents(people, goal).date_hints] == [
        "Target year: 2031 is after the programme ends (December 2030)."
    ]
    assert contents(people, programme).date_hints == []
    append_row(programme, "milestones", {"date": "2031-02"}, by=None)
    assert [hint.part for hint in contents(people, programme).date_hints] == ["milestones"]


def test_two_values_are_named_by_those_who_set_them_and_of_who_was_erased_the_side(
    people: People, measure: Measure, second: Measure
) -> None:
    ref, jan, akosua = FieldRef(measure, "horizon"), people.jan, people.akosua
    set_value(ref, "short", based_on=0, by=jan.id)
    set_value(ref, "long", based_on=0, by=akosua.id)
    loaded = contents(people, measure)
    assert loaded.conflicts.keys() == {(None, "horizon")}
    assert loaded.names == {jan.id: "Editor de", akosua.id: "Editor partner"}
    reader = opened_by(people.chair, measure)
    with writing():
        akosua.name, akosua.erased_at = "", now()
    assert ItemContents(reader).names == {jan.id: "Editor de", akosua.id: "Former member, Abenkrom"}
    assert ItemContents(opened_by(people.chair, second)).names == {}


def test_every_part_has_its_place_on_the_page(people: People, measure: Measure, step: Row) -> None:
    assert anchor_of("measure", 7, "steps") == "rows-7-steps"
    assert anchor_of("measure", 7, "title") == "part-7-title"
    assert anchor_of("measure", 7, "priority") == "f-7-priority"
    loaded = contents(people, measure)
    assert loaded.anchor("priority") == f"f-{measure.id}-priority"
    second = append_row(measure, "steps", {}, by=None)
    assert [contents(people, measure).anchor("steps", index) for index in (0, 1)] == [
        f"row-{step.id}",
        f"row-{second.id}",
    ]
    assert rows_of(measure)["steps"] == [step, second]
