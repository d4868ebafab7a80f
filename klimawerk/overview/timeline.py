"""The timeline of a programme: a bar for each measure on an axis of whole years, in percent of its width."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from babel import dates

from klimawerk import codes
from klimawerk.money import Cells
from klimawerk.overview.field_groups import by_field
from klimawerk.overview.periods import is_reversed, period_words
from klimawerk.overview.programme_data import MeasureData, ProgrammeData, TitledItem, text_in
from klimawerk.partnerships.partnership_labels import reader_language
from klimawerk.sheets.date_parsing import first_day, format_month, last_day

MAX_YEARS = 20
_YEARS_BEFORE = 4  # of them, before the programme's start
MIN_WIDTH = 0.5  # percent, so that a single day can be seen
_OVER = ("done", "cancelled")  # states of milestones that are not to come

Shape = Literal["whole", "start", "end", "reversed"]


@dataclass(frozen=True)
class Bar:
    """A bar from `x` on (percent). `shape`: with "start" or "end" only that is known, and the bar is the day, month or
    year of it; "reversed": the end is before the start."""

    x: float
    width: float
    shape: Shape = "whole"


@dataclass(frozen=True)
class Tick:
    """A line of the grid. `label`: "" where labels would be too close."""

    x: float
    label: str = ""


@dataclass(frozen=True)
class Axis:
    """`years` whole years from `first_year` on."""

    first_year: int
    years: int

    def position(self, months: float) -> float:
        """Where a point in time (see `_months`) is, in percent; below 0 or above 100 outside of the axis."""
        return (months - self.first_year * 12) / (self.years * 12) * 100

    def at(self, day: date) -> float | None:
        """Where the day is, in percent; None outside of the axis."""
        x = self.position(_months(day))
        return round(x, 3) if 0 <= x <= 100 else None

    def bar(self, start: str, end: str) -> Bar | None:
        """The bar between two stored dates, cut at the ends of the axis; None without dates, or outside of the axis."""
        if not (start or end):
            return None
        if is_reversed(start, end):
            return self._cut(end, start, "reversed")
        return self._cut(start or end, end or start, "whole" if start and end else "start" if start else "end")

    def _cut(self, start: str, end: str, shape: Shape) -> Bar | None:
        left, right = self.position(_months(first_day(start))), self.position(_after(end))
        if right <= 0 or left >= 100:
            return None
        width = max(min(right, 100) - max(left, 0), MIN_WIDTH)
        return Bar(round(min(max(left, 0), 100 - width), 3), round(width, 3), shape)

    def ticks(self, language: str) -> Iterator[Tick]:
        """Months in one year, quarters in two, else years; labelled where there is room on a phone."""
        step = 1 if self.years == 1 else 3 if self.years == 2 else 12
        labelled = 1 if self.years <= 8 else 2 if self.years <= 16 else 5
        for month in range(0, self.years * 12, step):
            year, index = divmod(month, 12)
            is_labelled = (month % 3 == 0) if step < 12 else year % labelled == 0
            label = str(self.first_year + year) if index == 0 else _month_name(index + 1, language)
            yield Tick(round(self.position(self.first_year * 12 + month), 3), label if is_labelled else "")


@dataclass(frozen=True)
class MeasureRow:
    """A measure. Without a `bar` its period is outside of the axis, and the words stand in its place."""

    measure: MeasureData
    bar: Bar | None
    words: str
    state: str


@dataclass(frozen=True)
class GoalRows:
    """`goal` is None in a field of action with a single goal, where a line for it would divide nothing."""

    goal: TitledItem | None
    rows: Sequence[MeasureRow]


@dataclass(frozen=True)
class FieldRows:
    field: TitledItem | None
    goals: Sequence[GoalRows]


@dataclass(frozen=True)
class MilestoneMark:
    """A milestone. `x`: None outside of the axis; `is_decision`: a council resolves, and has not yet."""

    x: float | None
    date: str
    title: str
    lang: str
    kind: str
    state: str
    state_code: str
    is_decision: bool


@dataclass(frozen=True)
class Timeline:
    """`undated`: measures without dates; `today`: percent, None outside of the axis; `states`: (code, label) of the
    planning states that occur ("" for none). `axis` is None if no measure has a date."""

    axis: Axis | None
    ticks: Sequence[Tick]
    fields: Sequence[FieldRows]
    undated: Sequence[MeasureData]
    milestones: Sequence[MilestoneMark]
    today: float | None
    states: Sequence[tuple[str, str]]

    @property
    def resolutions(self) -> list[MilestoneMark]:
        """The council decisions to come that are on the axis."""
        return [milestone for milestone in self.milestones if milestone.is_decision and milestone.x is not None]


def timeline(data: ProgrammeData, today: date) -> Timeline:
    axis = axis_of(data.period, [measure.period for measure in data.measures], today)
    dated = [measure for measure in data.measures if any(measure.period)]
    occurring = {measure.state for measure in dated}
    return Timeline(
        axis,
        list(axis.ticks(reader_language())) if axis else [],
        list(_fields(data, axis)) if axis else [],
        [measure for measure in data.measures if not any(measure.period)],
        [_milestone(cells, axis, data, today) for cells in sorted(data.milestones, key=_due)],
        axis.at(today) if axis else None,
        [(code, label) for code, label in planning_states() if code in occurring],
    )


def planning_states() -> list[tuple[str, str]]:
    """(code, label) of all planning states, in order."""
    return [(str(entry.code), entry.label(reader_language())) for entry in codes.codes("planning_state")]


def axis_of(programme: tuple[str, str], measures: Iterable[tuple[str, str]], today: date) -> Axis | None:
    """The axis over all periods, and over this year if it is next to them; None if no measure has a date.

    Where that were more than MAX_YEARS, only over those near the programme's start, or without one near today:
    a slip of the pen in one date does not crush the other bars.
    """
    periods = [period for period in measures if any(period)]
    if not periods:
        return None
    years = [int(day[:4]) for period in [*periods, programme] for day in period if day]
    if max(years) - min(years) >= MAX_YEARS:
        centre = int(programme[0][:4]) if programme[0] else today.year
        years = [year for year in years if -_YEARS_BEFORE <= year - centre < MAX_YEARS - _YEARS_BEFORE] or [centre]
    if today.year in (min(years) - 1, max(years) + 1) and max(years) - min(years) < MAX_YEARS - 1:
        years.append(today.year)
    return Axis(min(years), max(years) - min(years) + 1)


def _fields(data: ProgrammeData, axis: Axis) -> Iterator[FieldRows]:
    labels = dict(planning_states())
    for group in by_field(data):
        goals = [
            GoalRows(part.goal if len(group.goals) > 1 else None, rows)
            for part in group.goals
            if (rows := [_row(measure, axis, labels) for measure in part.measures if any(measure.period)])
        ]
        if goals:
            yield FieldRows(group.field, goals)


def _row(measure: MeasureData, axis: Axis, labels: dict[str, str]) -> MeasureRow:
    state = labels.get(measure.state, "")
    return MeasureRow(measure, axis.bar(*measure.period), period_words(*measure.period), state)


def _milestone(cells: Cells, axis: Axis | None, data: ProgrammeData, today: date) -> MilestoneMark:
    due, state, kind = cells.get("date") or "", cells.get("state") or "", cells.get("kind") or ""
    title, lang = text_in(cells, "title", data.languages)
    language = reader_language()
    return MilestoneMark(
        axis.at(first_day(due)) if axis and due else None,
        format_month(due, language) if due else "",
        title,
        lang,
        codes.label("milestone_kind", kind, language),
        codes.label("milestone_state", state, language),
        state,
        kind == "decision" and state not in _OVER and bool(due) and last_day(due) >= today,
    )


def _due(milestone: Cells) -> str:
    return milestone.get("date") or "9999"


def _months(day: date) -> float:
    """Months since the year 0; a day is its share of its month."""
    return day.year * 12 + day.month - 1 + (day.day - 1) / monthrange(day.year, day.month)[1]


def _after(value: str) -> float:
    """The end of the last day of a stored date."""
    return _months(last_day(value) + timedelta(days=1))


def _month_name(month: int, language: str) -> str:
    return dates.format_date(date(2000, month, 1), "LLL", language)
