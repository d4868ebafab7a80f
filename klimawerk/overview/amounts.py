"""Amounts of money on the overview: without cents where all cents are zero, the currency as the language has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_decimal

from klimawerk.partnerships.partnership_labels import reader_language
from klimawerk.web.formats import with_currency


@dataclass(frozen=True)
class AmountFormat:
    """How amounts that stand together are written: all of them with cents, or none."""

    cents: bool

    @classmethod
    def of(cls, amounts: Iterable[Decimal]) -> AmountFormat:
        """The format for these amounts."""
        return cls(any(amount != amount.to_integral_value() for amount in amounts))

    def number(self, amount: Decimal) -> str:
        """The amount alone: "1,106,000"."""
        return format_decimal(amount, "#,##0.00" if self.cents else "#,##0", reader_language())

    def money(self, amount: Decimal, currency: str) -> str:
        """The amount with its currency: "EUR 1,106,000", in German "1.106.000 €"."""
        return with_currency(self.number(amount), currency)


def written_amount(amount: Decimal, currency: str) -> str:
    """A single amount with its currency."""
    return AmountFormat.of([amount]).money(amount, currency)
