"""The timeline: where bars, ticks and today's line are, for all kinds of dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from flask import Flask

from klimawerk.overview.programme_data import MeasureData, ProgrammeData, TitledItem
from klimawerk.overview.timeline import MAX_YEARS, MIN_WIDTH, Axis, Bar, Timeline, axis_of, timeline

TODAY = date(2026, 11, 23)
FIVE_YEARS = Axis(2026, 5)


@pytest.fixture(autouse=True)
def english(app: Flask) -> None:
    """Words need an app."""


def measure(number: int, start: str = "", end: str = "", state: str = "draft", **more: Any) -> MeasureData:
    values = {"period_start": start, "period_end": end, "planning_state": state}
    return MeasureData(number, f"M-{number}", f"Measure {number}", "en", **{"goal_id": "1", **more}, values=values)


def programme(*measures: MeasureData, **more: Any) -> ProgrammeData:
    goals = [TitledItem("1", "Z1", "Goal", "en", "/goals/1"), TitledItem("2", "Z2", "Other", "en", "/goals/2")]
    return ProgrammeData(goals=goals, measures=measures, **more)


def words(shown: Timeline) -> Sequence[str]:
    return [row.words for group in shown.fields for part in group.goals for row in part.rows]


# Bars


def test_a_bar_lies_where_its_months_are() -> None:
    assert FIVE_YEARS.bar("2027-09", "2029-08") == Bar(33.333, 40.0)
    assert FIVE_YEARS.bar("2026", "2030") == Bar(0, 100), "years alone: from the first day to the last"
    assert FIVE_YEARS.bar("2026-01-01", "2026-06-30") == Bar(0, 10)
    assert FIVE_YEARS.bar("2027", "2027-06") == Bar(20, 10)


def test_one_day_can_be_seen() -> None:
    bar = FIVE_YEARS.bar("2028-07-01", "2028-07-01")
    assert bar == Bar(50, MIN_WIDTH)
    last = FIVE_YEARS.bar("2030-12-31", "2030-12-31")
    assert last == Bar(100 - MIN_WIDTH, MIN_WIDTH), "within the axis"


def test_of_a_half_known_period_the_known_half_is_drawn() -> None:
    assert FIVE_YEARS.bar("2027", "") == Bar(20, 20, "start")
    assert FIVE_YEARS.bar("", "2030-12") == Bar(98.333, 1.667, "end")
    assert FIVE_YEARS.bar("", "") is None


def test_an_end_before_its_start_is_drawn_as_such() -> None:
    assert FIVE_YEARS.bar("2029-01", "2027-12") == Bar(38.333, 23.333, "reversed")
    for start, end in (("2027-09", "2027"), ("2027-09-15", "2027-09")):
        bar = FIVE_YEARS.bar(start, end)
        assert bar is not None
        assert bar.shape == "whole", "the same year or month is no contradiction"


@pytest.mark.parametrize(
    ("start", "end", "bar"),
    [
        ("2020", "2026-06", Bar(0, 10)),
        ("2030-07", "2044", Bar(90, 10)),
        ("2001", "2099", Bar(0, 100)),
        ("2020", "2025-12-31", None),
        ("2031-01-01", "2032", None),
    ],
)
def test_a_bar_ends_where_the_axis_ends(start: str, end: str, bar: Bar | None) -> None:
    assert FIVE_YEARS.bar(start, end) == bar


# The axis


def test_the_axis_covers_the_programme_all_measures_and_a_today_that_is_near() -> None:
    assert axis_of(("2027-01", "2030-12"), [("2027-03", "2029")], TODAY) == Axis(2026, 5)
    assert axis_of(("2027-01", "2030-12"), [("2026-03", "2031-02")], TODAY) == Axis(2026, 6)
    assert axis_of(("", ""), [("2030", "2031")], TODAY) == Axis(2030, 2), "today is years before"
    assert axis_of(("", ""), [("", "2025-12")], TODAY) == Axis(2025, 2)
    assert axis_of(("2027-01", "2030-12"), [("", "")], TODAY) is None, "no measure has a date"


def test_a_date_far_away_does_not_crush_the_others() -> None:
    programme_period = ("2027", "2030")
    assert axis_of(programme_period, [("2026-03", "2029"), ("2199", "2200")], TODAY) == Axis(2026, 5)
    assert axis_of(programme_period, [("1900", "1901"), ("2028", "2029")], TODAY) == Axis(2026, 5)
    assert axis_of(("", ""), [("1900", "1901"), ("2027", "2029")], TODAY) == Axis(2026, 4), (
        "without a programme's period"
    )
    assert axis_of(("", ""), [("1900", "2200")], TODAY) == Axis(2026, 1)
    long = axis_of(("2027", "2046"), [("1990", "2099")], TODAY)
    assert long is not None
    assert long.years <= MAX_YEARS


@pytest.mark.parametrize(
    ("axis", "labels"),
    [
        (Axis(2027, 1), ["2027", "", "", "Apr", "", "", "Jul", "", "", "Oct", "", ""]),
        (Axis(2027, 2), ["2027", "Apr", "Jul", "Oct", "2028", "Apr", "Jul", "Oct"]),
        (Axis(2027, 3), ["2027", "2028", "2029"]),
        (Axis(2020, 12), ["2020", "", "2022", "", "2024", "", "2026", "", "2028", "", "2030", ""]),
    ],
)
def test_an_axis_has_as_many_labels_as_a_phone_has_room_for(axis: Axis, labels: list[str]) -> None:
    ticks = list(axis.ticks("en"))
    assert [tick.label for tick in ticks] == labels
    assert ticks[0].x == 0
    assert all(0 <= tick.x < 100 for tick in ticks)


def test_today_has_a_line_only_on_the_axis() -> None:
    assert FIVE_YEARS.at(TODAY) == 17.889
    assert FIVE_YEARS.at(date(2025, 12, 31)) is None
    assert FIVE_YEARS.at(date(2031, 2, 1)) is None


# The rows


def test_measures_stand_under_their_field_and_goal_and_those_without_a_field_last() -> None:
    fields = [TitledItem("w", "WA", "Waste", "en"), TitledItem("e", "EN", "Energy", "en")]
    shown = timeline(
        programme(
            measure(1, "2027", "2028"),
            measure(2, "2027", "2028", field_id="w"),
            measure(3, "2027", "2028", field_id="w", goal_id="2"),
            fields=fields,
        ),
        TODAY,
    )
    assert [group.field.code if group.field else None for group in shown.fields] == ["WA", None]
    waste, without = shown.fields
    assert [(part.goal.code if part.goal else None, len(part.rows)) for part in waste.goals] == [("Z1", 1), ("Z2", 1)]
    assert [part.goal for part in without.goals] == [None], "a line for the only goal would divide nothing"


def test_measures_without_dates_are_listed_apart() -> None:
    shown = timeline(programme(measure(1, "2027", "2028"), measure(2)), TODAY)
    assert [one.code for one in shown.undated] == ["M-2"]
    assert words(shown) == ["2027 – 2028"]


def test_a_measure_outside_of_the_axis_says_its_dates() -> None:
    shown = timeline(programme(measure(1, "2027", "2028"), measure(2, "2199-03", ""), period=("2027", "2030")), TODAY)
    rows = [row for group in shown.fields for part in group.goals for row in part.rows]
    assert [row.bar is None for row in rows] == [False, True]
    assert words(shown) == ["2027 – 2028", "from March 2199, end not set"]


def test_every_kind_of_period_has_its_words() -> None:
    shown = timeline(
        programme(
            measure(1, "2027-09", "2029-08"),
            measure(2, "2027-09-15", "2027-09-15"),
            measure(3, "", "2028-01"),
            measure(4, "2029", "2028-06"),
        ),
        TODAY,
    )
    assert words(shown) == [
        "September 2027 – August 2029",
        "15 September 2027",
        "until January 2028, start not set",
        "2029 – June 2028: the end is before the start",
    ]


@pytest.mark.parametrize("count", [0, 120])
def test_no_measure_and_many_are_drawn(count: int) -> None:
    shown = timeline(programme(*(measure(number, "2027", "2030-06") for number in range(count))), TODAY)
    assert len(words(shown)) == count
    assert (shown.axis is None) == (count == 0)


def test_the_legend_has_the_states_that_occur_in_order() -> None:
    states = ["dropped", "agreed", "idea"]
    shown = timeline(programme(*(measure(n, "2027", "", state) for n, state in enumerate([*states, ""]))), TODAY)
    assert [code for code, _label in shown.states] == ["idea", "agreed", "dropped"]


def test_milestones_are_in_order_and_a_council_decision_to_come_has_a_line() -> None:
    milestones = [
        {"date": "2027-05-20", "kind": "decision", "title.en": "Council", "state": "planned"},
        {"date": "2026-05", "kind": "decision", "title.en": "Council, before", "state": "planned"},
        {"kind": "other", "title.de": "Irgendwann"},
        {"date": "2019", "kind": "kickoff", "title.en": "Kick-off", "state": "done"},
        {"date": "2027-06", "kind": "decision", "title.en": "Called off", "state": "cancelled"},
    ]
    shown = timeline(programme(measure(1, "2027", "2029"), milestones=milestones, languages=("en", "de")), TODAY)
    assert [(one.title, one.lang) for one in shown.milestones] == [
        ("Kick-off", "en"),
        ("Council, before", "en"),
        ("Council", "en"),
        ("Called off", "en"),
        ("Irgendwann", "de"),
    ]
    assert [one.x is None for one in shown.milestones] == [True, False, False, False, True]
    assert [one.title for one in shown.resolutions] == ["Council"]
