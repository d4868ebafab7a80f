"""Amounts as people write them, and in the other currency. Always Decimal, to the cent where it is money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _

LARGEST = Decimal("1e12")
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_CURRENCY = re.compile(r"(?:€|EUR|[A-Z]{3})$|^(?:€|EUR|[A-Z]{3})")


class BadAmount(ValueError):
    """Not an amount; the text is a sentence for the person who typed it."""


@dataclass(frozen=True)
class Ambiguous:
    """ "1.500": one thousand five hundred, or one and a half? Each reading as it can be written clearly."""

    large: Decimal
    small: Decimal
    large_text: str
    small_text: str


def parse_amount(text: str, locale: str) -> Decimal | Ambiguous:
    """ "1.500,00", "1,500.00", "1 500,50", "1'500", "62000", "0,5" -> Decimal, never guessing "1.500" or "1,500".

    A leading or trailing currency sign or code is passed over. Raises BadAmount with a sentence.
    """
    bare = _SPACES.sub("", _CURRENCY.sub("", _SPACES.sub("", text)))
    if not re.fullmatch(r"\d[\d.,]*", bare, re.ASCII):
        raise BadAmount(_("Please write an amount in digits, for example %(example)s.", example=_example(locale)))
    marks = re.findall(r"[.,]", bare)
    if len(marks) == 1 and re.fullmatch(r"\d{1,3}[.,]\d{3}", bare) and not bare.startswith("0"):
        return _asked(bare, locale)
    return _in_bounds(_decimal(bare, marks, locale))


def convert(amount: Decimal, rate: Decimal, *, to_local: bool) -> Decimal:
    """The amount in the other currency, rounded half up to the cent; `rate` is local units per main unit."""
    return cents(amount * rate if to_local else amount / rate)


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to two decimals."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _decimal(bare: str, marks: list[str], locale: str) -> Decimal:
    """The last mark divides the decimals off, unless it appears more than once; others must stand every three digits."""
    if not marks:
        return Decimal(bare)
    last = marks[-1]
    whole, _mark, rest = bare.rpartition(last) if marks.count(last) == 1 else (bare, "", "")
    groups = re.split(r"[.,]", whole)
    if len(set(re.findall(r"[.,]", whole))) > 1 or any(len(group) != 3 for group in groups[1:]):
        raise BadAmount(_("Please write an amount in digits, for example %(example)s.", example=_example(locale)))
    return Decimal("".join(groups) + ("." + rest if rest else ""))


def _asked(bare: str, locale: str) -> Ambiguous:
    whole, decimals = re.split(r"[.,]", bare)
    comma = locale != "en"
    large, small = Decimal(whole + decimals), Decimal(f"{whole}.{decimals}")
    clear = decimals[:-1] if decimals.endswith("0") else decimals + "0"
    return Ambiguous(large, small, str(large), f"{whole}{',' if comma else '.'}{clear}")


def _in_bounds(amount: Decimal) -> Decimal:
    if amount >= LARGEST:
        raise BadAmount(_("That is too large to be an amount of this programme."))
    return amount


def _example(locale: str) -> str:
    return "1500.00" if locale == "en" else "1500,00"
