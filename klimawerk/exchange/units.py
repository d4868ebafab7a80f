"""Currency and scale of pasted amounts, from a column heading ("Kosten (Tsd. €)") or a cell ("TEUR 50")."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from klimawerk.codes import find
from klimawerk.money import scale_of

_THOUSAND_PREFIXES = ("T", "K")  # before a currency: "TEUR", "k€"
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "₵": "GHS", "GH₵": "GHS"}
_CURRENCY_WORDS = re.compile(r"[^\W\d_]++[€$£₵]?|[€$£₵]")


@dataclass(frozen=True)
class AmountUnit:
    """Currency ("" if none is named) and `scale` (1000 for thousands). `heading`: where they were read."""

    heading: str = ""
    currency: str = ""
    scale: int = 1


def unit_of(heading: str, currencies: Collection[str]) -> AmountUnit:
    """The unit that a heading gives for the numbers below it; no currency if several are named.

    `currencies`: of the programme. Others are recognised by their codes in capitals.
    """
    named, scale = set(), 1
    for word in _CURRENCY_WORDS.findall(heading):
        scale = max(scale, scale_of(word))
        if currency := _currency(word, currencies):
            named.add(currency)
        elif word.upper().startswith(_THOUSAND_PREFIXES) and (currency := _currency(word[1:], currencies)):
            named.add(currency)
            scale = max(scale, 1000)
    return AmountUnit(heading, named.pop() if len(named) == 1 else "", scale)


def split_amount(text: str, currencies: Collection[str], unit: AmountUnit) -> tuple[str, AmountUnit]:
    """The number of a cell without its currency, and its unit: its own, else that of the column."""
    normalised = text.replace("€", "EUR").upper()
    for code in currencies:
        if normalised.endswith(code) or normalised.startswith(
            (code, *(prefix + code for prefix in _THOUSAND_PREFIXES))
        ):
            before, _code, after = normalised.partition(code)
            number = f"{before.strip()} {after.strip()}".strip()
            thousands = number.startswith(_THOUSAND_PREFIXES) or number.endswith(_THOUSAND_PREFIXES)
            return number.strip("TK ") if thousands else number, AmountUnit("", code, 1000 if thousands else unit.scale)
    return text, unit


def _currency(word: str, currencies: Collection[str]) -> str:
    code = _SYMBOLS.get(word, word)
    known = code.upper() in currencies or word in _SYMBOLS or (code.isupper() and find("currency", code) is not None)
    return code.upper() if known else ""
