"""Plausibility checks of dates and texts: an end before its start, a step outside of its measure's period, a target
before its baseline, a title that is too long. They produce hints beside the field, and never refuse a value.

The rules for dates are declared in the sheet (`Field.not_before`, `Field.within`). Dates of different precision are
compared at the lower precision: 15 September 2027 is not before September 2027.
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
    """A period between two stored dates; "" for an open start or end."""

    start: str = ""
    end: str = ""

    @classmethod
    def of(cls, values: Cells) -> DateRange:
        """The period of a programme or measure, from its values. A period that ends before it starts counts as open."""
        start, end = values.get("period_start") or "", values.get("period_end") or ""
        return cls() if _is_before(end, start) else cls(start, end)


OPEN_RANGE = DateRange()


@dataclass(frozen=True)
class PlausibilityHint:
    """A message about a field (`row` is None), or about the cell `key` of a row (`row`: its index in its list)."""

    part: str
    key: str
    row: int | None
    sentence: LazyString


def date_hints(
    sheet: Sheet, values: Cells, rows: Mapping[str, Sequence[Cells]], programme: DateRange
) -> list[PlausibilityHint]:
    """All hints about the dates of one item, in the order of its sheet. `rows`: cells by kind of row; `programme`: the
    programme's period."""
    hints: list[PlausibilityHint] = []
    own = DateRange.of(values)
    for part in sheet.parts:
        if isinstance(part, RowKind):
            for number, cells in enumerate(rows.get(part.name, [])):
                hints += row_hints(part, cells, number, own, programme)
        else:
            hints += [
                PlausibilityHint(part.name, part.name, None, sentence)
                for sentence in field_hints(part, values, sheet.fields, own, programme)
            ]
    return hints


def row_hints(kind: RowKind, cells: Cells, number: int, own: DateRange, programme: DateRange) -> list[PlausibilityHint]:
    """Hints about one row. `number`: its index in its list, from 0; `own`: the period of its item."""
    return [
        PlausibilityHint(
            kind.name, cell.name, number, _("%(row)s %(number)s: %(hint)s", row=kind.one, number=number + 1, hint=hint)
        )
        for cell in kind.dated
        for hint in field_hints(cell, cells, kind.by_name, own, programme)
    ]


def field_hints(
    field: Field, values: Cells, beside: Mapping[str, Field], own: DateRange, programme: DateRange
) -> Iterator[LazyString]:
    """Messages about one field or cell. `values`: of it and of the fields `beside` it; `own`: the item's period."""
    for date in _dates(values.get(field.name)) if field.dated else ():
        about = {"what": field.label, "date": _format(date)}
        other = str(values.get(field.not_before) or "") if field.not_before else ""
        if _is_before(date, other):
            label = beside[field.not_before].label
            yield _("%(what)s: %(date)s is before “%(other)s” (%(since)s).", other=label, since=_format(other), **about)
        yield from _outside(field.within, date, about, own, programme)


def text_hint(field: Field, plain: str) -> LazyString | None:
    """A message that a live text exceeds the recommended length of its field; None if it does not."""
    if len(plain) <= field.max_length:
        return None
    return _("This text is longer than %(most)s characters.", most=field.max_length)


def _outside(
    within: str, date: str, about: dict[str, Any], own: DateRange, programme: DateRange
) -> Iterator[LazyString]:
    """Messages about a date outside of its period. `within`: see `Field.within`. If the measure has no start or end,
    that of the programme applies."""
    bounds = own if within == "sheet" else OPEN_RANGE
    if within and _is_before(date, bounds.start):
        yield _("%(what)s: %(date)s is before the measure begins (%(since)s).", since=_format(bounds.start), **about)
    elif within in ("sheet", "programme") and not bounds.start and _is_before(date, programme.start):
        since = _format(programme.start)
        yield _("%(what)s: %(date)s is before the programme begins (%(since)s).", since=since, **about)
    if within and _is_before(bounds.end, date):
        yield _("%(what)s: %(date)s is after the measure ends (%(until)s).", until=_format(bounds.end), **about)
    elif within and not bounds.end and _is_before(programme.end, date):
        yield _("%(what)s: %(date)s is after the programme ends (%(until)s).", until=_format(programme.end), **about)


def _dates(value: Any) -> list[str]:
    """The dates in the value of a field; of measurements only the earliest, which is enough for `not_before`."""
    if isinstance(value, list):
        return [min(measurement["date"] for measurement in value)] if value else []
    return [str(value)] if value else []


def _is_before(date: str, other: str) -> bool:
    """Whether `date` is before `other`, at the precision that both have; False if one of them is ""."""
    length = min(len(date), len(other))
    return date[:length] < other[:length]


def _format(date: str) -> LazyString:
    """The date in the reader's language."""
    return LazyString(lambda: date if len(date) == 4 else format_month(date, str(get_locale() or "en")[:2]))
