"""Single values: from JSON to the stored form, and back. Every error names the position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import scalars
from klimawerk.codes import codes, find
from klimawerk.exchange.import_problems import FilePosition, ImportRefused, LazySentence, quote_value
from klimawerk.exchange.live_text_json import check_length
from klimawerk.sheets.date_parsing import first_day
from klimawerk.sheets.sheet_schema import Field
from klimawerk.text import on_one_line

FIRST_YEAR, LAST_YEAR = scalars.FIRST_YEAR, scalars.LAST_YEAR
MAX_AMOUNT = scalars.MAX_AMOUNT
CENT = Decimal("0.01")
MAX_MEASUREMENTS = 200
MAX_NUMBER = Decimal(10) ** 15
MAX_DIGITS, MAX_DECIMALS = 17, 6  # what JSON parsers can represent exactly

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)


def value_in(field: Field, raw: Any, place: FilePosition) -> Any:
    """The value in its stored form; None for an empty one. For all kinds without languages. Raises ImportRefused."""
    if raw is None or raw == "" or raw == []:
        return None
    return _READERS[field.kind](field, raw, place)


def value_out(field: Field, value: Any) -> Any:
    """The value as a file has it."""
    if field.codes == "yes":
        return value == "yes"
    if field.kind == "number":
        return number_out(value)
    if field.kind == "measurements":
        return [{"date": measurement["date"], "value": number_out(measurement["value"])} for measurement in value]
    return value


def number_out(value: str | Decimal) -> int | float:
    """A decimal as a JSON number; whole numbers without a decimal point."""
    number = Decimal(value)
    return int(number) if number == number.to_integral_value() else float(number)


def text(raw: Any, place: FilePosition, max_length: int) -> str:
    """A text of at most `max_length` characters."""
    if not isinstance(raw, str):
        raise ImportRefused(_wrong_type(_("a text"), raw), place)
    check_length(raw, max_length, place)
    return raw


def whole(raw: Any, place: FilePosition, minimum: int, maximum: int) -> int:
    """A whole number between `minimum` and `maximum`."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or raw != int(raw):
        raise ImportRefused(_wrong_type(_("a whole number"), raw), place)
    if not minimum <= raw <= maximum:
        raise ImportRefused(_("The number must be between %(least)s and %(most)s.", least=minimum, most=maximum), place)
    return int(raw)


def decimal(raw: Any, place: FilePosition) -> Decimal:
    """A number, as an exact decimal."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise ImportRefused(_wrong_type(_("a number"), raw), place)
    number = Decimal(raw)
    parts = number.normalize().as_tuple()
    decimals = max(0, -int(parts.exponent))
    if len(parts.digits) > MAX_DIGITS or decimals > MAX_DECIMALS or abs(number) >= MAX_NUMBER:
        raise ImportRefused(_("The number has too many digits."), place)
    return number


def money_amount(raw: Any, place: FilePosition) -> Decimal | None:
    """An amount with at most two decimals; None if it is open."""
    if raw is None:
        return None
    amount = decimal(raw, place)
    if amount < 0:
        raise ImportRefused(_("An amount cannot be negative."), place)
    if amount >= MAX_AMOUNT:
        raise ImportRefused(_("This amount is too large."), place)
    if amount != amount.quantize(CENT, ROUND_HALF_UP):
        raise ImportRefused(_("An amount has at most two decimals."), place)
    return amount.quantize(CENT)


def day(raw: Any, place: FilePosition) -> date:
    """A day: "2027-09-15"."""
    date_text = month(raw, place)
    if len(date_text) != len("2027-09-15"):
        raise ImportRefused(_("There must be a day here, such as 2027-09-15."), place)
    return date.fromisoformat(date_text)


def month(raw: Any, place: FilePosition) -> str:
    """A year, a month or a day: "2027", "2027-09" or "2027-09-15"."""
    date_text = text(raw, place, 200)
    try:
        if not _DATE.fullmatch(date_text) or not FIRST_YEAR <= first_day(date_text).year <= LAST_YEAR:
            raise ValueError(date_text)
    except ValueError as error:
        sentence = _("“%(value)s” is not a date such as 2027, 2027-09 or 2027-09-15.", value=quote_value(date_text))
        raise ImportRefused(sentence, place) from error
    return date_text


def code(raw: Any, place: FilePosition, list_name: str) -> str | int:
    """A code of the list."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise ImportRefused(_wrong_type(_("a code"), raw), place)
    if find(list_name, raw) is None:
        sentence = _("“%(code)s” is not a code of the list “%(list)s”.", code=quote_value(raw), list=list_name)
        raise ImportRefused(sentence, place)
    return raw


def entries(raw: Any, place: FilePosition, max_count: int) -> list[Any]:
    """A list of at most `max_count` entries; None counts as an empty one."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise ImportRefused(_wrong_type(_("a list"), raw), place)
    if len(raw) > max_count:
        sentence = _(
            "There are %(count)s entries; at most %(most)s are possible.", count=f"{len(raw):,}", most=f"{max_count:,}"
        )
        raise ImportRefused(sentence, place)
    return raw


def mapping(raw: Any, place: FilePosition) -> dict[str, Any]:
    """An object with keys."""
    if not isinstance(raw, dict):
        raise ImportRefused(_wrong_type(_("an object with keys"), raw), place)
    return raw


def by_language(raw: Any, place: FilePosition, languages: Iterable[str]) -> dict[str, Any]:
    """Values by language; languages that the programme does not have are refused."""
    texts = mapping(raw, place)
    for language in texts:
        if language not in languages:
            sentence = _("“%(language)s” is not a language of this programme.", language=quote_value(language))
            raise ImportRefused(sentence, place.at(language))
    return texts


def require_unique(values: Iterable[Any], place: FilePosition) -> None:
    """Raises ImportRefused if a value occurs twice."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise ImportRefused(_("“%(value)s” stands here twice.", value=quote_value(value)), place)
        seen.add(value)


def _choice(field: Field, raw: Any, place: FilePosition) -> Any:
    if field.codes != "yes":
        return code(raw, place, field.codes)
    if not isinstance(raw, bool):
        raise ImportRefused(_wrong_type(_("true or false"), raw), place)
    return "yes" if raw else None


def _choices(field: Field, raw: Any, place: FilePosition) -> list[Any]:
    chosen = [code(each, place.entry(number), field.codes) for number, each in enumerate(entries(raw, place, 100))]
    require_unique(chosen, place)
    return [entry.code for entry in codes(field.codes) if entry.code in chosen]


def line_or_lines(field: Field, raw: Any, place: FilePosition) -> str:
    """A short text, normalised like input from a form."""
    stripped = text(raw, place, field.max_length).strip()
    return on_one_line(stripped) if field.is_line else stripped


def _number(_field: Field, raw: Any, place: FilePosition) -> str:
    number = decimal(raw, place)
    plain = f"{number:f}" if number else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _measurements(_field: Field, raw: Any, place: FilePosition) -> list[dict[str, str]]:
    measurements = []
    for number, entry in enumerate(entries(raw, place, MAX_MEASUREMENTS)):
        entry_place = place.entry(number)
        parts = mapping(entry, entry_place)
        measurements.append(
            {
                "date": month(parts.get("date"), entry_place.at("date")),
                "value": _number(_field, parts.get("value"), entry_place.at("value")),
            }
        )
    return measurements


_READERS: dict[str, Callable[[Field, Any, FilePosition], Any]] = {
    "line": lambda field, raw, place: line_or_lines(field, raw, place) or None,
    "choice": _choice,
    "choices": _choices,
    "month": lambda _field, raw, place: month(raw, place),
    "year": lambda _field, raw, place: whole(raw, place, FIRST_YEAR, LAST_YEAR),
    "number": _number,
    "measurements": _measurements,
}


def _wrong_type(wanted: LazySentence, raw: Any) -> LazySentence:
    return _("There must be %(wanted)s here, not %(found)s.", wanted=wanted, found=_type_name(raw))


def _type_name(raw: Any) -> LazySentence:
    if raw is None:
        return _("nothing")
    if isinstance(raw, bool):
        return _("true or false")
    if isinstance(raw, str):
        return _("a text")
    if isinstance(raw, list):
        return _("a list")
    return _("an object with keys") if isinstance(raw, dict) else _("a number")
