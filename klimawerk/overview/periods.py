"""Words for the period of a measure, whose start and end may be a day, a month, a year or missing."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import gettext as _

from klimawerk.partnerships.partnership_labels import reader_language
from klimawerk.sheets.date_parsing import first_day, format_month, last_day


def period_words(start: str, end: str) -> str:
    """The stored dates as a phrase: "September 2027 – August 2029"; "" without dates."""
    if not (start and end):
        return _open_period(start, end)
    dates = _date(start) if start == end else f"{_date(start)} – {_date(end)}"
    return str(_("%(dates)s: the end is before the start", dates=dates)) if is_reversed(start, end) else dates


def is_reversed(start: str, end: str) -> bool:
    """Whether the period ends before it starts. The same month or year is no contradiction."""
    return bool(start and end) and last_day(end) < first_day(start)


def _open_period(start: str, end: str) -> str:
    if start:
        return str(_("from %(date)s, end not set", date=_date(start)))
    return str(_("until %(date)s, start not set", date=_date(end))) if end else ""


def _date(value: str) -> str:
    return _format(value, reader_language())


@lru_cache(maxsize=2048)
def _format(value: str, language: str) -> str:
    return format_month(value, language)
