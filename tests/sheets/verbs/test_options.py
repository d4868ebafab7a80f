"""Tests of `sheets.options`: options of reference fields within one programme."""

from __future__ import annotations

from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets.options import ItemOptions, options_for, titles_of
from klimawerk.sheets.rows import append_row, delete_row, move_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.sheets.verbs.conftest import People, set_texts


def test_fields_of_action_come_in_order_with_code_and_title_in_the_readers_language_else_the_original(
    people: People, programme: Programme
) -> None:
    factories.programme(factories.partnership())  # another programme's are not offered
    (first,) = rows_of(programme)["fields"]
    second = append_row(programme, "fields", {"code": "EN", "title.en": "Energy"}, by=None)
    third = append_row(programme, "fields", {"title.de": "Verkehr"}, by=None)
    deleted = append_row(programme, "fields", {"code": "X"}, by=None)
    append_row(programme, "milestones", {"code": "M"}, by=None)
    delete_row(programme, deleted, by=people.jan.id)
    move_row(programme, second, first.id, by=None)
    assert options_for(programme.frame, "de").fields == (
        (second.id, "EN Energy"), (first.id, "WA Abfall"), (third.id, "Verkehr"),
    )  # fmt: skip
    assert options_for(programme.frame, "en").fields == (
        (second.id, "EN Energy"), (first.id, "WA Waste"), (third.id, ""),
    )  # fmt: skip


def test_measures_come_by_code_with_a_title_and_without_the_bin(
    people: People, programme: Programme, measure: Measure, second: Measure
) -> None:
    factories.programme(factories.partnership())
    set_value(FieldRef(measure, "code"), "ZZ-01", based_on=0, by=people.jan.id)
    assert options_for(programme.frame, "de").measures == (
        (second.id, "WA-02 Compost site"),
        (measure.id, "ZZ-01 Green bins"),
    )
    delete_item(second, by=people.jan.id)
    assert options_for(programme.frame, "de").measures == ((measure.id, "ZZ-01 Green bins"),)


def test_without_a_programme_there_is_nothing_and_what_was_read_is_read_once(
    programme: Programme, measure: Measure, second: Measure, people: People
) -> None:
    assert (ItemOptions().fields, ItemOptions().measures) == ((), ())
    options = options_for(programme.frame, "en")
    measures = options.measures
    delete_item(second, by=people.jan.id)
    assert options.measures is measures
    assert len(options_for(programme.frame, "en").measures) == len(measures) - 1


def test_a_title_is_in_the_language_asked_for_else_the_original_else_any(
    programme: Programme, measure: Measure, second: Measure
) -> None:
    set_texts(measure, {"title.de": "Grüne Tonnen"})
    set_texts(second, {"title.en": "", "title.de": "Kompost"})
    both = [measure, second]
    assert titles_of(both, "de") == {measure.id: ("Grüne Tonnen", "de"), second.id: ("Kompost", "de")}
    assert titles_of(both, "en") == {measure.id: ("Green bins", "en"), second.id: ("Kompost", "de")}
    assert titles_of(both, "fr") == {measure.id: ("Green bins", "en"), second.id: ("Kompost", "de")}
    set_texts(second, {"title.de": ""})
    assert titles_of(iter(both), "de")[second.id] == ("", "de")
