"""Parser and formatter for typed dates: a year, month or day, stored as "2027", "2027-09" or "2027-09-15"."""

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
    """A text with several possible dates, the likeliest first, or with one that the user has to confirm.

    `readings`: stored date by the order of its parts, "dmy", "mdy", "ymd", or "my" for a month with a two-digit year.
    """

    readings: dict[str, str]


def parse_month(text: str, locale: str) -> str | AmbiguousDate | None:
    """Parse a year, month or day: "2027", "Sept. 2027", "09.2027", "15.9.27", "5 de septiembre de 2027". None: no date.

    With the name of a month, the number of four digits is the year, and the other one is the day. Without a name, dots
    separate day, month and year, and a leading year of four digits means year, month, day. Anything else ("05/09/2027")
    is ambiguous if several orders give a valid date. Names of months are recognised in all languages at once.
    `locale` is the reader's; it decides which reading is likelier.
    """
    text = visual_key(clean(text)).strip()
    if (
        len(text) > _LONGEST
        or _OTHER_SIGNS.search(text)
        or any(sign.isnumeric() and sign not in _DIGITS for sign in text)
    ):
        return None
    tokens = _tokenise(text)
    if tokens is None:
        return None
    readings = dict(_readings_with_month_name(tokens) if tokens.months else _numeric_readings(tokens, locale))
    if tokens.weekdays:  # drops readings that fall on another day of the week
        readings = {order: day for order, day in readings.items() if first_day(day).weekday() in tokens.weekdays}
    if len(set(readings.values())) == 1 and "my" not in readings:
        return next(iter(readings.values()))
    return AmbiguousDate(readings) if readings else None


def first_day(value: str) -> date:
    """The first day of a stored year, month or day."""
    year, month, day = [*map(int, value.split("-")), 1, 1][:3]
    return date(year, month, day)


def last_day(value: str) -> date:
    """The last day of a stored year, month or day."""
    year, *rest = map(int, value.split("-"))
    month = rest[0] if rest else 12
    return date(year, month, rest[1] if len(rest) > 1 else monthrange(year, month)[1])


def format_month(value: str, locale: str) -> str:
    """A stored date in the reader's language, as in forms: "2027", "September 2027", "15 September 2027"."""
    numbers = [int(part) for part in value.split("-")]
    if len(numbers) == 1:
        return value
    language = "en_GB" if locale == "en" else locale
    pattern = "MMMM y" if len(numbers) == 2 else "d MMMM y" if locale == "en" else "d. MMMM y"
    return dates.format_date(first_day(value), pattern, language)


@dataclass
class _DateTokens:
    """The tokens of a typed date. `gaps`: the separator between each number and a number right before it. `days`:
    indexes of numbers marked as days ("5th", "5."), `short_years`: of those marked as years ("'27"). `before`: how many
    numbers precede the name of the month. `weekdays`: days (0 for Monday) that a named weekday can mean."""

    numbers: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    short_years: set[int] = field(default_factory=set)
    months: list[int] = field(default_factory=list)
    before: int = 0
    weekdays: frozenset[int] = frozenset()


def _tokenise(text: str) -> _DateTokens | None:
    """The tokens of `text`; None if a word is no month, weekday, ordinal or filler word."""
    tokens, end, after_number = _DateTokens(), 0, False
    folded = _folded(text)
    for part in _PART.finditer(folded):
        digits, word = part.groups()
        gap = folded[end : part.start()]
        end = part.end()
        if digits:
            tokens.gaps.append(gap.strip() if after_number else "")
            if gap.endswith(("'", "’")):
                tokens.short_years.add(len(tokens.numbers))
            if folded.startswith(".", end):
                tokens.days.add(len(tokens.numbers))
            tokens.numbers.append(digits)
        elif after_number and not gap and word in _ORDINALS:
            tokens.days.add(len(tokens.numbers) - 1)
        elif month := _month_number(word):
            tokens.months.append(month)
            tokens.before = len(tokens.numbers)
        elif word in _weekdays():
            tokens.weekdays = _weekdays()[word]
        elif word not in _FILLER_WORDS:
            return None
        after_number = bool(digits)
    return tokens


def _readings_with_month_name(tokens: _DateTokens) -> Iterator[tuple[str, str]]:
    """(order, date) for each reading of a date that names its month."""
    numbers = tokens.numbers
    years = [number for number in numbers if len(number) == 4]
    others = [number for number in numbers if len(number) <= 2]
    if len(tokens.months) != 1 or len(years) + len(others) != len(numbers):
        return
    month = tokens.months[0]
    if len(years) == 1 and len(others) <= 1:
        yield from _date("dmy", years[0], month, *map(int, others))
    elif not years and len(others) == 2 and tokens.before < 2 and 1 not in tokens.days:
        yield from _date("dmy", others[1], month, int(others[0]))
    elif not years and len(others) == 1 and not tokens.before and not tokens.days:
        yield from _date("dmy" if tokens.short_years else "my", others[0], month)


def _numeric_readings(tokens: _DateTokens, locale: str) -> Iterator[tuple[str, str]]:
    """(order, date) for each reading of a date that consists of numbers alone."""
    numbers, gap = tokens.numbers, tokens.gaps[-1] if tokens.gaps else ""
    years = [index for index, number in enumerate(numbers) if len(number) == 4]
    if any(len(number) == 3 or len(number) > 4 for number in numbers) or len(years) > 1:
        return
    if len(numbers) == 1 and years:
        yield from _date("ymd", numbers[0])
    elif len(numbers) == 2 and years:
        yield from _date("ymd", numbers[years[0]], int(numbers[1 - years[0]]))
    elif len(numbers) == 3 and years != [1] and tokens.gaps[1] == gap:
        for order in _orders(years, gap, locale):
            by_sign = dict(zip(order, numbers, strict=True))
            yield from _date(order, by_sign["y"], int(by_sign["m"]), int(by_sign["d"]))


def _orders(years: list[int], gap: str, locale: str) -> list[str]:
    """Possible orders of three numbers separated by `gap`, the usual one of the reader's language first. `years`:
    indexes of the numbers of four digits."""
    if years == [0]:
        return ["ymd"]
    if gap == ".":
        return ["dmy"]
    language = Locale.parse("en_GB" if locale == "en" else locale)
    usual = "mdy" if language.date_formats["short"].pattern.startswith("M") else "dmy"
    orders = ["dmy", "mdy"] if years or gap == "/" else ["dmy", "mdy", "ymd"]
    return sorted(orders, key=lambda order: order != usual)


def _date(order: str, year: str, *month_and_day: int) -> Iterator[tuple[str, str]]:
    """One (order, stored date), or nothing for an invalid date. Two-digit years lie between 1970 and 2069."""
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    try:
        day = date(number, *(*month_and_day, 1, 1)[:2])
    except (ValueError, OverflowError):
        return
    if len(year) in (2, 4) and day.year in _YEARS:
        yield order, "-".join(day.isoformat().split("-")[: len(month_and_day) + 1])


def _folded(text: str) -> str:
    """The text in lower case without accents."""
    return "".join(character for character in normalize("NFKD", text.casefold()) if not combining(character))


def _month_number(word: str) -> int | None:
    """1 to 12 for the name of a month or an unambiguous abbreviation of at least three letters, else None."""
    names = _month_names()
    if word in names:
        return names[word]
    candidates = {number for name, number in names.items() if len(word) >= 3 and name.startswith(word)}
    return candidates.pop() if len(candidates) == 1 else None


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
    """{folded name or abbreviation: the days it can mean, 0 for Monday}"""
    days: dict[str, set[int]] = {}
    for locale in _LOCALES:
        for width in ("wide", "abbreviated"):
            for number, name in Locale.parse(locale).days["format"][width].items():
                days.setdefault(_folded(name).strip("."), set()).add(number)
    return {name: frozenset(numbers) for name, numbers in days.items()}
