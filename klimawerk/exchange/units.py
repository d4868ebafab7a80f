"""Currency and scale of pasted amounts: what a column's heading says ("Kosten (Tsd. €)"), and a cell ("TEUR 50")."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from klimawerk.codes import find
from klimawerk.money import scale_of

_THOUSAND = ("T", "K")  # before a currency: "TEUR", "k€"
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "₵": "GHS", "GH₵": "GHS"}
_CURRENCY_WORDS = re.compile(r"[^\W\d_]++[€$£₵]?|[€$£₵]")


@dataclass(frozen=True)
class AmountUnit:
    """`currency` is "" where none is named; `scale` is 1000 for thousands. `heading`: where it was read."""

    heading: str = ""
    currency: str = ""
    scale: int = 1


def unit_of(heading: str, currencies: Collection[str]) -> AmountUnit:
    """What a heading says about the numbers below it. `currencies` are the programme's; others are known by their codes
    as they are written, in capitals. Where several are named, none is."""
    found, scale = set(), 1
    for word in _CURRENCY_WORDS.findall(heading):
        scale = max(scale, scale_of(word))
        if currency := _currency(word, currencies):
            found.add(currency)
        elif word.upper().startswith(_THOUSAND) and (currency := _currency(word[1:], currencies)):
            found.add(currency)
            scale = max(scale, 1000)
    return AmountUnit(heading, found.pop() if len(found) == 1 else "", scale)


def split_amount(text: str, currencies: Collection[str], unit: AmountUnit) -> tuple[str, AmountUnit]:
    """The number of a cell, without its currency, and its unit: its own, else the column's."""
    written = text.replace("€", "EUR").upper()
    for code in currencies:
        if written.endswith(code) or written.startswith((code, *(letter + code for letter in _THOUSAND))):
            before, _code, after = written.partition(code)
            number = f"{before.strip()} {after.strip()}".strip()
            thousands = number.startswith(_THOUSAND) or number.endswith(_THOUSAND)
            return number.strip("TK ") if thousands else number, AmountUnit("", code, 1000 if thousands else unit.scale)
    return text, unit


def _currency(word: str, currencies: Collection[str]) -> str:
    code = _SYMBOLS.get(word, word)
    known = code.upper() in currencies or word in _SYMBOLS or (code.isupper() and find("currency", code) is not None)
    return code.upper() if known else ""
