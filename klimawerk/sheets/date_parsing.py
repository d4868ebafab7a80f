"""Years, months and days as people write them; kept as "2027", "2027-09" or "2027-09-15"."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from unicodedata import combining, normalize

from babel import Locale, dates
from flask_babel import lazy_gettext as _

from klimawerk import scalars
from klimawerk.text import clean, visual_key

_YEARS = range(scalars.FIRST_YEAR, scalars.LAST_YEAR + 1)
_LONGEST = 60  # characters
_DIGITS = "0123456789"
_OTHER_SIGNS = re.compile(r"[^\w\s./,'’-]|_")
_PART = re.compile(r"([0-9]+)|([^\W\d_]+)")

NOT_A_DATE = _("Please write a year, month or day, for example “2027”, “September 2027” or “15 September 2027”.")

_LOCALES = ("de", "de_AT", "en", "fr", "es", "es_PE", "pt")
_NOT_IN_CLDR = {"mrz": 3, "feber": 2}
_FILLER_WORDS = frozenset(("de", "del", "of", "den", "am", "im", "in", "on", "the", "le", "el"))
_ORDINALS = frozenset(("st", "nd", "rd", "th", "er", "o"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True)
class AmbiguousDate:
    """What can mean several dates, the likelier first, or one that nobody should take for granted.

    `readings`: the date by the order of its parts, "dmy", "mdy", "ymd", or "my" for a month with a short year.
    """

    readings: dict[str, str]


def parse_month(text: str, locale: str) -> str | AmbiguousDate | None:
    """A year, month or day: "2027", "Sept. 2027", "09.2027", "15.9.27", "5 de septiembre de 2027"; None for no date.

    The name of a month decides; then the number of four digits is the year, and the other one the day. Without a name,
    points stand between day, month and year, a year of four digits in front begins year, month and day; anything else
    ("05/09/2027") is ambiguous where several orders give a date. Names are understood in all languages at once.
    `locale` is the reader's and says which of them is likelier.
    """
    text = visual_key(clean(text)).strip()
    if (
        len(text) > _LONGEST
        or _OTHER_SIGNS.search(text)
        or any(sign.isnumeric() and sign not in _DIGITS for sign in text)
    ):
        return None
    written = _parts(text)
    if written is None:
        return None
    found = dict(_named(written) if written.months else _in_numbers(written, locale))
    if written.weekdays:  # one that the day is not speaks against that reading
        found = {order: day for order, day in found.items() if first_day(day).weekday() in written.weekdays}
    if len(set(found.values())) == 1 and "my" not in found:
        return next(iter(found.values()))
    return AmbiguousDate(found) if found else None


def first_day(value: str) -> date:
    """Of a kept year, month or day."""
    year, month, day = [*map(int, value.split("-")), 1, 1][:3]
    return date(year, month, day)


def last_day(value: str) -> date:
    """Of a kept year, month or day."""
    year, *rest = map(int, value.split("-"))
    month = rest[0] if rest else 12
    return date(year, month, rest[1] if len(rest) > 1 else monthrange(year, month)[1])


def format_month(value: str, locale: str) -> str:
    """As it is asked for again in a form: "2027", "September 2027", "15 September 2027"."""
    numbers = [int(part) for part in value.split("-")]
    if len(numbers) == 1:
        return value
    language = "en_GB" if locale == "en" else locale
    pattern = "MMMM y" if len(numbers) == 2 else "d MMMM y" if locale == "en" else "d. MMMM y"
    return dates.format_date(first_day(value), pattern, language)


@dataclass
class _DateTokens:
    """What a text consists of. `gaps`: what stands before each number. `days`: which numbers are marked as days ("5th",
    "5."), `short_years` as years ("'27"). `before`: how many numbers stand before the name of the month."""

    numbers: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    short_years: set[int] = field(default_factory=set)
    months: list[int] = field(default_factory=list)
    before: int = 0
    weekdays: frozenset[int] = frozenset()


def _parts(text: str) -> _DateTokens | None:
    """None where a word is no month, weekday or small word."""
    written, end, after_number = _DateTokens(), 0, False
    folded = _folded(text)
    for part in _PART.finditer(folded):
        digits, word = part.groups()
        gap = folded[end : part.start()]
        end = part.end()
        if digits:
            written.gaps.append(gap.strip() if after_number else "")
            if gap.endswith(("'", "’")):
                written.short_years.add(len(written.numbers))
            if folded.startswith(".", end):
                written.days.add(len(written.numbers))
            written.numbers.append(digits)
        elif after_number and not gap and word in _ORDINALS:
            written.days.add(len(written.numbers) - 1)
        elif month := _month_number(word):
            written.months.append(month)
            written.before = len(written.numbers)
        elif word in _weekdays():
            written.weekdays = _weekdays()[word]
        elif word not in _FILLER_WORDS:
            return None
        after_number = bool(digits)
    return written


def _named(written: _DateTokens) -> Iterator[tuple[str, str]]:
    """The readings of a date whose month is named."""
    numbers = written.numbers
    years = [number for number in numbers if len(number) == 4]
    others = [number for number in numbers if len(number) <= 2]
    if len(written.months) != 1 or len(years) + len(others) != len(numbers):
        return
    month = written.months[0]
    if len(years) == 1 and len(others) <= 1:
        yield from _date("dmy", years[0], month, *map(int, others))
    elif not years and len(others) == 2 and written.before < 2 and 1 not in written.days:
        yield from _date("dmy", others[1], month, int(others[0]))
    elif not years and len(others) == 1 and not written.before and not written.days:
        yield from _date("dmy" if written.short_years else "my", others[0], month)


def _in_numbers(written: _DateTokens, locale: str) -> Iterator[tuple[str, str]]:
    """The readings of a date in numbers alone."""
    numbers, gap = written.numbers, written.gaps[-1] if written.gaps else ""
    years = [place for place, number in enumerate(numbers) if len(number) == 4]
    if any(len(number) == 3 or len(number) > 4 for number in numbers) or len(years) > 1:
        return
    if len(numbers) == 1 and years:
        yield from _date("ymd", numbers[0])
    elif len(numbers) == 2 and years:
        yield from _date("ymd", numbers[years[0]], int(numbers[1 - years[0]]))
    elif len(numbers) == 3 and years != [1] and written.gaps[1] == gap:
        for order in _orders(years, gap, locale):
            by_sign = dict(zip(order, numbers, strict=True))
            yield from _date(order, by_sign["y"], int(by_sign["m"]), int(by_sign["d"]))


def _orders(years: list[int], gap: str, locale: str) -> list[str]:
    """The orders that three numbers with `gap` between them can have, that of the reader's language first."""
    if years == [0]:
        return ["ymd"]
    if gap == ".":
        return ["dmy"]
    language = Locale.parse("en_GB" if locale == "en" else locale)
    usual = "mdy" if language.date_formats["short"].pattern.startswith("M") else "dmy"
    found = ["dmy", "mdy"] if years or gap == "/" else ["dmy", "mdy", "ymd"]
    return sorted(found, key=lambda order: order != usual)


def _date(order: str, year: str, *rest: int) -> Iterator[tuple[str, str]]:
    """Nothing for what no calendar has. Years of two digits lie between 1970 and 2069."""
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    try:
        day = date(number, *(*rest, 1, 1)[:2])
    except (ValueError, OverflowError):
        return
    if len(year) in (2, 4) and day.year in _YEARS:
        yield order, "-".join(day.isoformat().split("-")[: len(rest) + 1])


def _folded(text: str) -> str:
    """In small letters without accents."""
    return "".join(sign for sign in normalize("NFKD", text.casefold()) if not combining(sign))


def _month_number(word: str) -> int | None:
    """1 to 12 for the name of a month, whole or cut short to three letters and more, if it can be only one's."""
    names = _month_names()
    if word in names:
        return names[word]
    found = {number for name, number in names.items() if len(word) >= 3 and name.startswith(word)}
    return found.pop() if len(found) == 1 else None


@cache
def _month_names() -> dict[str, int]:
    return {
        _folded(form).strip("."): number
        for locale in _LOCALES
        for style in Locale.parse(locale).months.values()
        for width in ("wide", "abbreviated")
        for number, name in style[width].items()
        for form in (name, name.casefold().translate(_UMLAUTS))
    } | _NOT_IN_CLDR


@cache
def _weekdays() -> dict[str, frozenset[int]]:
    """Of which days (0 for Monday) each name is."""
    found: dict[str, set[int]] = {}
    for locale in _LOCALES:
        for width in ("wide", "abbreviated"):
            for number, name in Locale.parse(locale).days["format"][width].items():
                found.setdefault(_folded(name).strip("."), set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}
