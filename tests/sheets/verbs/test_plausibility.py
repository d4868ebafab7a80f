"""Unit tests of `sheets.plausibility`: hints about implausible dates and long texts, on a small sheet of its own.

The rules that the sheets of programmes, goals and measures declare are tested in tests/sheets/test_plausibility.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

import klimawerk
from klimawerk.sheets.plausibility import (
    OPEN_RANGE,
    DateRange,
    date_hints,
    field_hints,
    row_hints,
    text_hint,
)
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, Sheet

START = Field("period_start", "month", "Start", within="programme")
END = Field("period_end", "month", "End", not_before="period_start", within="programme")
DUE = Field("due", "month", "Due", within="sheet")
BEGUN = Field("begun", "year", "Begun", within="end")
FREE = Field("free", "month", "Free")
MEASURED = Field("measured", "measurements", "Measured", not_before="begun")
NAME = Field("name", "line", "Name", not_before="begun", within="programme")
STEPS = RowKind("steps", "Steps", "Step", (DUE, NAME, BEGUN, MEASURED))
SHEET = Sheet("trial", (Group("a", "A", (END, STEPS)), Group("b", "B", (START, FREE))))

PROGRAMME = DateRange("2027-01", "2030-12")
BESIDE = {field.name: field for field in (START, END, DUE, BEGUN, FREE, MEASURED, NAME)}


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    """An app for the translations alone, without a database."""
    app = Flask("klimawerk")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(klimawerk.__file__).parent.parent / "translations")
    Babel(app)
    with app.app_context():
        yield app


def sentences(
    field: Field, values: dict[str, Any], own: DateRange = OPEN_RANGE, programme: DateRange = OPEN_RANGE
) -> list[str]:
    return [str(sentence) for sentence in field_hints(field, values, BESIDE, own, programme)]


@pytest.mark.parametrize(
    ("values", "period"),
    [
        ({"period_start": "2027-01", "period_end": "2030-12"}, DateRange("2027-01", "2030-12")),
        ({"period_start": "2027-01"}, DateRange("2027-01", "")),
        ({"period_end": "2030", "period_start": None}, DateRange("", "2030")),
        ({}, OPEN_RANGE),
        ({"period_start": "2027-05", "period_end": "2027-05-01"}, DateRange("2027-05", "2027-05-01")),
    ],
)
def test_a_period_has_the_start_and_end_that_were_entered(values: dict[str, Any], period: DateRange) -> None:
    assert DateRange.of(values) == period


def test_a_period_that_ends_before_it_starts_bounds_nothing() -> None:
    assert DateRange.of({"period_start": "2028-05", "period_end": "2028-04"}) == OPEN_RANGE


@pytest.mark.parametrize(
    ("start", "end", "hints"),
    [
        ("2028-05", "2028-04", 1),
        ("2028-05", "2028-05", 0),
        ("2028-05-20", "2028-05-19", 1),
        ("2028-05-20", "2028-05", 0),  # some day in May is not before 20 May
        ("2028-05", "2028-05-01", 0),
        ("2028", "2027-12-31", 1),
        ("2028", "2028-01", 0),
        ("", "2028-04", 0),
        ("2028-05", "", 0),
    ],
)
def test_two_dates_are_compared_at_the_precision_that_both_have(start: str, end: str, hints: int) -> None:
    assert len(sentences(END, {"period_start": start, "period_end": end})) == hints


def test_the_hint_names_both_fields_and_both_dates_in_the_readers_language() -> None:
    values = {"period_start": "2028-05-03", "period_end": "2028-04"}
    assert sentences(END, values) == ["End: April 2028 is before “Start” (3 May 2028)."]
    with force_locale("de"):
        assert sentences(END, values) == ["End: April 2028 liegt vor „Start“ (3. Mai 2028)."]


def test_a_hint_is_written_in_the_language_of_whoever_reads_it_later() -> None:
    (hint,) = field_hints(END, {"period_start": "2028", "period_end": "2027-03"}, BESIDE, OPEN_RANGE, OPEN_RANGE)
    with force_locale("de"):
        assert str(hint) == "End: März 2027 liegt vor „Start“ (2028)."
    assert str(hint) == "End: March 2027 is before “Start” (2028)."


def test_a_number_is_compared_as_a_year() -> None:
    values = {"begun": 2028, "measured": [{"date": "2027-05", "value": "1"}]}
    assert sentences(MEASURED, values) == ["Measured: May 2027 is before “Begun” (2028)."]
    assert sentences(BEGUN, {"begun": 2031}, programme=PROGRAMME) == [
        "Begun: 2031 is after the programme ends (December 2030)."
    ]


def test_of_several_measurements_the_earliest_is_named_wherever_it_stands() -> None:
    measured = [{"date": date, "value": "1"} for date in ("2027-06", "2026-03", "2029-01")]
    assert sentences(MEASURED, {"begun": 2028, "measured": measured}) == [
        "Measured: March 2026 is before “Begun” (2028)."
    ]
    assert sentences(MEASURED, {"begun": 2028, "measured": []}) == []


BEFORE_MEASURE = "Due: December 2027 is before the measure begins (January 2028)."
AFTER_MEASURE = "Due: January 2029 is after the measure ends (December 2028)."
BEFORE_PROGRAMME = "Due: December 2026 is before the programme begins (January 2027)."
AFTER_PROGRAMME = "Due: January 2031 is after the programme ends (December 2030)."
OWN = DateRange("2028-01", "2028-12")


@pytest.mark.parametrize(
    ("due", "own", "hints"),
    [
        ("2028-01", OWN, []),
        ("2028-12-31", OWN, []),
        ("2027-12", OWN, [BEFORE_MEASURE]),
        ("2029-01", OWN, [AFTER_MEASURE]),
        ("2026-12", OPEN_RANGE, [BEFORE_PROGRAMME]),
        ("2031-01", OPEN_RANGE, [AFTER_PROGRAMME]),
        ("2026-12", DateRange("", "2028-12"), [BEFORE_PROGRAMME]),
        ("2031-01", DateRange("2028-01", ""), [AFTER_PROGRAMME]),
        ("2029-01", DateRange("2028-01", ""), []),
    ],
)
def test_a_step_lies_in_its_measure_and_where_that_is_open_in_the_programme(
    due: str, own: DateRange, hints: list[str]
) -> None:
    assert sentences(DUE, {"due": due}, own, PROGRAMME) == hints


@pytest.mark.parametrize("own", [DateRange("2025-01", "2033-12"), OPEN_RANGE])
def test_a_step_outside_of_the_programme_is_named_once_by_the_measures_own_period_if_it_has_one(own: DateRange) -> None:
    assert len(sentences(DUE, {"due": "2026-12"}, own, PROGRAMME)) == (own == OPEN_RANGE)


def test_dates_of_a_period_lie_in_the_programme_whatever_the_measure_says() -> None:
    own = DateRange("2026-12", "2031-01")
    values = {"period_start": "2026-12", "period_end": "2031-01"}
    assert sentences(START, values, own, PROGRAMME) == [BEFORE_PROGRAMME.replace("Due", "Start")]
    assert sentences(END, values, own, PROGRAMME) == [AFTER_PROGRAMME.replace("Due", "End")]


def test_preparations_may_begin_before_the_programme_and_not_after_its_end() -> None:
    assert sentences(BEGUN, {"begun": 2020}, OWN, PROGRAMME) == []
    assert len(sentences(BEGUN, {"begun": 2031}, OWN, PROGRAMME)) == 1


def test_a_date_may_have_two_hints() -> None:
    values = {"period_start": "2028-01", "period_end": "2026-01"}
    assert sentences(END, values, programme=PROGRAMME) == [
        "End: January 2026 is before “Start” (January 2028).",
        "End: January 2026 is before the programme begins (January 2027).",
    ]


@pytest.mark.parametrize("field", [FREE, NAME])
def test_a_date_without_a_rule_and_a_field_that_holds_no_date_have_no_hint(field: Field) -> None:
    assert sentences(field, {"begun": 2028, field.name: "1999"}, OWN, PROGRAMME) == []


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_field_has_no_hint(empty: Any) -> None:
    assert [sentences(field, {field.name: empty}, OWN, PROGRAMME) for field in BESIDE.values()] == [[]] * len(BESIDE)


def test_a_programme_without_a_period_bounds_nothing() -> None:
    assert sentences(DUE, {"due": "1999"}) == []


def test_a_hint_about_a_row_names_the_row_by_its_number_from_one() -> None:
    hints = row_hints(STEPS, {"due": "2026-12", "begun": 2031, "name": "1999"}, 2, OPEN_RANGE, PROGRAMME)
    assert [(hint.part, hint.key, hint.row, str(hint.sentence)) for hint in hints] == [
        ("steps", "due", 2, f"Step 3: {BEFORE_PROGRAMME}"),
        ("steps", "begun", 2, "Step 3: Begun: 2031 is after the programme ends (December 2030)."),
    ]


def test_all_hints_of_an_item_come_in_the_order_of_its_sheet_and_its_rows() -> None:
    values = {"period_start": "2026-12", "period_end": "2031-01"}
    rows = {"steps": [{"due": "2028-01"}, {"due": "2026-01"}, {"due": "2032"}], "unknown": [{"due": "1999"}]}
    hints = date_hints(SHEET, values, rows, PROGRAMME)
    assert [(hint.part, hint.key, hint.row) for hint in hints] == [
        ("period_end", "period_end", None),
        ("steps", "due", 1),
        ("steps", "due", 2),
        ("period_start", "period_start", None),
    ]
    assert date_hints(SHEET, {}, {}, PROGRAMME) == []


def test_a_period_that_ends_before_it_starts_gives_its_rows_the_programmes_period() -> None:
    values = {"period_start": "2029-05", "period_end": "2028-05"}
    hints = date_hints(SHEET, values, {"steps": [{"due": "2027-06"}, {"due": "2031-06"}]}, PROGRAMME)
    assert [str(hint.sentence) for hint in hints] == [
        "End: May 2028 is before “Start” (May 2029).",
        "Step 2: Due: June 2031 is after the programme ends (December 2030).",
    ]


@pytest.mark.parametrize(
    ("length", "hint"), [(0, None), (200, None), (201, "This text is longer than 200 characters.")]
)
def test_a_text_has_a_hint_above_the_recommended_length_and_not_at_it(length: int, hint: str | None) -> None:
    sentence = text_hint(Field("title", "live", "Title", max_length=200), "x" * length)
    assert (sentence and str(sentence)) == hint
