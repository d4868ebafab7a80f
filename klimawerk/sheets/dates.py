"""Months and days as people write them; kept as "2027-09" or "2027-09-15"."""

from __future__ import annotations

import re
from datetime import date

from babel import Locale, dates

from klimawerk import scalars

_YEARS = range(scalars.FIRST_YEAR, scalars.LAST_YEAR + 1)
_LONGEST = 60  # characters
_OTHER_DIGITS = re.compile(r"[^\D0-9]")


def parse_month(text: str, locale: str) -> str | None:
    """ "September 2027", "Sept. 2027", "09.2027", "2027-09", "15.9.2027", "15 September 2027" -> canonical; else None.

    A month without its name is read month before year; a day is read in the order day, month, year.
    """
    if len(text) > _LONGEST or re.search(r"[^\w\s./,-]", text) or _OTHER_DIGITS.search(text):
        return None
    parts = re.findall(r"\d+|[^\W\d_]+", text.strip().lower())
    if not parts or len(parts) > 3:
        return None
    numbers = [month_number(p, locale) if not p.isdecimal() else int(p) for p in parts]
    if None in numbers:
        return None
    return _canonical([n for n in numbers if n is not None], year_first=parts[0].isdecimal() and len(parts[0]) == 4)


def month_number(word: str, locale: str) -> int | None:
    """1 to 12 for the name of a month, whole or cut short, in the reader's language or in English; else None."""
    for language in (locale, "en", "de"):
        for width in ("wide", "abbreviated"):
            for number, name in Locale(language).months["format"][width].items():
                if len(word) >= 3 and name.lower().rstrip(".").startswith(word):
                    return int(number)
    return None


def show_month(value: str, locale: str) -> str:
    """As it is asked for again in a form: "September 2027", "15 September 2027"."""
    numbers = [int(part) for part in value.split("-")]
    day = date(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 1)
    language = "en_GB" if locale == "en" else locale
    pattern = "MMMM y" if len(numbers) == 2 else "d MMMM y" if locale == "en" else "d. MMMM y"
    return dates.format_date(day, pattern, language)


def _canonical(numbers: list[int], *, year_first: bool) -> str | None:
    if len(numbers) == 1:
        return None
    ordered = numbers if year_first else numbers[::-1]
    year, month, *rest = ordered
    try:
        day = date(year, month, rest[0] if rest else 1)
    except (ValueError, OverflowError):
        return None
    if day.year not in _YEARS:
        return None
    return day.isoformat() if rest else day.isoformat()[:7]
