"""Dates and texts that do not fit: an end before its start, a step outside of its measure's period, a target before its
baseline, a title that is too long. They are said where they stand, and never refused.

What a date has to fit stands in the catalogue (`Field.not_before`, `Field.within`). Dates of different precision are
compared as far as both go: 15 September 2027 is not before September 2027.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk.sheets.date_parsing import format_month
from klimawerk.sheets.sheet_schema import Field, RowKind, Sheet

Cells = Mapping[str, Any]


@dataclass(frozen=True)
class DateRange:
    """From a month or day to a month or day; "" where it is open."""

    start: str = ""
    end: str = ""

    @classmethod
    def of(cls, values: Cells) -> DateRange:
        """Of a programme or measure, by the values of its sheet. One that ends before it starts bounds nothing."""
        start, end = values.get("period_start") or "", values.get("period_end") or ""
        return cls() if _is_before(end, start) else cls(start, end)


OPEN_RANGE = DateRange()


@dataclass(frozen=True)
class PlausibilityHint:
    """One sentence about a field (`row` is None), or about the cell `key` of a row: its place among its kind."""

    part: str
    key: str
    row: int | None
    sentence: LazyString


def date_hints(
    sheet: Sheet, values: Cells, rows: Mapping[str, Sequence[Cells]], programme: DateRange
) -> list[PlausibilityHint]:
    """All of one item, in the order of its sheet."""
    found: list[PlausibilityHint] = []
    own = DateRange.of(values)
    for part in sheet.parts:
        if isinstance(part, RowKind):
            for number, cells in enumerate(rows.get(part.name, [])):
                found += row_hints(part, cells, number, own, programme)
        else:
            found += [
                PlausibilityHint(part.name, part.name, None, said)
                for said in field_hints(part, values, sheet.fields, own, programme)
            ]
    return found


def row_hints(kind: RowKind, cells: Cells, number: int, own: DateRange, programme: DateRange) -> list[PlausibilityHint]:
    """Of one row. `number`: its place among its kind, from 0; `own`: the period of the item it stands in."""
    return [
        PlausibilityHint(
            kind.name, cell.name, number, _("%(row)s %(number)s: %(hint)s", row=kind.one, number=number + 1, hint=said)
        )
        for cell in kind.dated
        for said in field_hints(cell, cells, kind.by_name, own, programme)
    ]


def field_hints(
    field: Field, values: Cells, beside: Mapping[str, Field], own: DateRange, programme: DateRange
) -> Iterator[LazyString]:
    """Of one field, or of one cell of a row. `values`: what it and the fields `beside` it have."""
    for date in _dates(values.get(field.name)) if field.dated else ():
        about = {"what": field.label, "date": _shown(date)}
        other = str(values.get(field.not_before) or "") if field.not_before else ""
        if _is_before(date, other):
            label = beside[field.not_before].label
            yield _("%(what)s: %(date)s is before “%(other)s” (%(since)s).", other=label, since=_shown(other), **about)
        yield from _outside(field.within, date, about, own, programme)


def text_hint(field: Field, plain: str) -> LazyString | None:
    """That a live text is longer than its field wants."""
    if len(plain) <= field.max_length:
        return None
    return _("This text is longer than %(most)s characters.", most=field.max_length)


def _outside(
    within: str, date: str, about: dict[str, Any], own: DateRange, programme: DateRange
) -> Iterator[LazyString]:
    """`within`: see `Field.within`. Where a measure says no start or end, the programme's counts."""
    bounds = own if within == "sheet" else OPEN_RANGE
    if within and _is_before(date, bounds.start):
        yield _("%(what)s: %(date)s is before the measure begins (%(since)s).", since=_shown(bounds.start), **about)
    elif within in ("sheet", "programme") and not bounds.start and _is_before(date, programme.start):
        since = _shown(programme.start)
        yield _("%(what)s: %(date)s is before the programme begins (%(since)s).", since=since, **about)
    if within and _is_before(bounds.end, date):
        yield _("%(what)s: %(date)s is after the measure ends (%(until)s).", until=_shown(bounds.end), **about)
    elif within and not bounds.end and _is_before(programme.end, date):
        yield _("%(what)s: %(date)s is after the programme ends (%(until)s).", until=_shown(programme.end), **about)


def _dates(value: Any) -> list[str]:
    """Of a month, a year, or measurements: the first one out of order is enough, and they are kept in order."""
    if isinstance(value, list):
        return [min(one["date"] for one in value)] if value else []
    return [str(value)] if value else []


def _is_before(one: str, other: str) -> bool:
    """False when one of them is open."""
    length = min(len(one), len(other))
    return one[:length] < other[:length]


def _shown(date: str) -> LazyString:
    """In the reader's words; a mere year as it is."""
    return LazyString(lambda: date if len(date) == 4 else format_month(date, str(get_locale() or "en")[:2]))
