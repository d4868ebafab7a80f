"""Money: amounts as people write them, conversion with the planning rate, sums. Exact, to the cent, rounded half up.

An amount is kept in the currency it was named in: {"amount": "62000.00", "currency": "EUR"}. "Main" is the programme's
first currency, "local" the partner's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk import scalars

Amount = Mapping[str, str]
Cells = Mapping[str, Any]

CENT = Decimal("0.01")
SMALLEST, TOO_MUCH = scalars.SMALLEST, scalars.TOO_MUCH
NOTHING = Decimal("0.00")
OWN_FUNDS = {"de": "own_de", "partner": "own_partner"}
"""The source of money that is a side's own. Every other source is somebody else's money, wherever it comes from."""

LONGEST = 100  # characters of a number as somebody writes it
_MINUS = ("-", "−", "–")
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_GROUPED_BY_SPACE = re.compile(r"\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d+)?", re.ASCII)
_PLAIN = re.compile(r"\d+([.,]\d+)?", re.ASCII)
_POINTS = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_COMMAS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_UNCLEAR = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class BadAmount(ValueError):
    """What was written is no amount; `sentence` says why."""

    def __init__(self, sentence: LazyString) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Ambiguous:
    """ "1.500" is one and a half here and fifteen hundred there: both readings, the likelier one first."""

    readings: tuple[Decimal, Decimal]


def parse_amount(text: str, locale: str) -> Decimal | Ambiguous:
    """The amount with its cents. `locale` ("de", "en") orders the readings of an unclear one. Raises BadAmount."""
    amount = parse_number(text, locale)
    if isinstance(amount, Ambiguous) and amount.readings[0] > 0:
        return amount
    if isinstance(amount, Ambiguous) or amount < 0:
        raise BadAmount(_("An amount cannot be negative."))
    if amount != round_half_up(amount):
        raise BadAmount(_("An amount has at most two decimals."))
    return round_half_up(amount)


def parse_number(text: str, locale: str) -> Decimal | Ambiguous:
    """The same for a number that is no money, with as many decimals as it has, at most six. Raises BadAmount."""
    written = text.strip().removesuffix(",-").removesuffix(",–").strip()
    if len(written) > LONGEST:
        raise BadAmount(_("This is not an amount. Write it like 62000 or 62000.50."))
    if written[:1] in _MINUS:
        return _negative(_positive(written[1:].strip(), locale))
    return _positive(written, locale)


def _positive(written: str, locale: str) -> Decimal | Ambiguous:
    if _UNCLEAR.fullmatch(written):
        return _both_readings(written, locale)
    return _checked(_number(written))


def round_half_up(amount: Decimal) -> Decimal:
    """To the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Rates:
    """The planning rate: how much of `local` one unit of `main` is. Conversions are None where it cannot tell."""

    main: str
    local: str = ""
    rate: Decimal | None = None

    def to_main(self, amount: Decimal, currency: str) -> Decimal | None:
        if currency == self.main:
            return round_half_up(amount)
        return round_half_up(amount / self.rate) if currency == self.local and self.rate else None

    def to_local(self, amount: Decimal, currency: str) -> Decimal | None:
        if not self.local:
            return None
        if currency == self.local:
            return round_half_up(amount)
        return round_half_up(amount * self.rate) if currency == self.main and self.rate else None

    def other(self, amount: Decimal, currency: str) -> tuple[Decimal, str] | None:
        """The amount in the other currency, to be shown beside it as converted."""
        target = self.local if currency == self.main else self.main
        converted = self.to_local(amount, currency) if target == self.local else self.to_main(amount, currency)
        return None if converted is None else (converted, target)


def total(amounts: Iterable[Amount | None], rates: Rates) -> Decimal:
    """The sum in the main currency; what cannot be converted is left out (see `Sums.unconverted`)."""
    converted = (rates.to_main(Decimal(a["amount"]), a["currency"]) for a in amounts if a)
    return sum((amount for amount in converted if amount is not None), NOTHING)


@dataclass(frozen=True)
class Sums:
    """Sums in the main currency, except `by_currency` (costs in the currency they were named in).

    `by_source` is of the funding. Rejected funding counts nowhere.
    `open_funding` is the part of the funding whose source is still open. `gap` is what costs exceed funding by.
    `unconverted` counts lines that no rate could convert.
    """

    costs: Decimal = NOTHING
    funding: Decimal = NOTHING
    open_funding: Decimal = NOTHING
    by_source: dict[str, Decimal] = field(default_factory=dict)
    by_currency: dict[str, Decimal] = field(default_factory=dict)
    unconverted: int = 0

    @property
    def gap(self) -> Decimal:
        return self.costs - self.funding

    def own(self, side: str) -> Decimal:
        """The side's own funds, without any grant."""
        return self.by_source.get(OWN_FUNDS[side], NOTHING)


def sums(costs: Iterable[Cells], funding: Iterable[Cells], rates: Rates) -> Sums:
    """Of one measure, or of all measures of a programme: give it the cells of all their lines."""
    costs, funding = list(costs), [line for line in funding if counts(line)]
    by_source: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for line in funding:
        amount = total([line.get("amount")], rates)
        by_source[line.get("source") or "open"] += amount
    return Sums(
        costs=total([line.get("amount") for line in costs], rates),
        funding=sum(by_source.values(), NOTHING),
        open_funding=by_source.get("open", NOTHING),
        by_source=dict(by_source),
        by_currency=_by_currency(costs),
        unconverted=sum(1 for line in [*costs, *funding] if _is_unconverted(line.get("amount"), rates)),
    )


def counts(funding_line: Cells) -> bool:
    """Whether the money may still come: rejected lines stay on the page, but not in the sum."""
    return funding_line.get("state") != "rejected"


def _by_currency(lines: list[Cells]) -> dict[str, Decimal]:
    result: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for amount in (line["amount"] for line in lines if line.get("amount")):
        result[amount["currency"]] += Decimal(amount["amount"])
    return dict(result)


def _is_unconverted(amount: Amount | None, rates: Rates) -> bool:
    return bool(amount) and rates.to_main(Decimal(amount["amount"]), amount["currency"]) is None  # type: ignore[index]


def _negative(number: Decimal | Ambiguous) -> Decimal | Ambiguous:
    if isinstance(number, Ambiguous):
        return Ambiguous((-number.readings[0], -number.readings[1]))
    return -number


def _both_readings(written: str, locale: str) -> Ambiguous:
    grouped = _checked(Decimal(re.sub(r"[.,]", "", written)))
    fraction = Decimal(written.replace(",", "."))
    usual = "." if locale.startswith(("de", "es", "pt")) else ","
    return Ambiguous((grouped, fraction) if usual in written else (fraction, grouped))


def _number(written: str) -> Decimal:
    if _GROUPED_BY_SPACE.fullmatch(written):
        written = _SPACES.sub("", written)
    if _PLAIN.fullmatch(written):
        return Decimal(written.replace(",", "."))
    if _POINTS.fullmatch(written):
        return Decimal(written.replace(".", "").replace(",", "."))
    if _COMMAS.fullmatch(written):
        return Decimal(written.replace(",", ""))
    raise BadAmount(_("This is not an amount. Write it like 62000 or 62000.50."))


def _checked(amount: Decimal) -> Decimal:
    if amount >= TOO_MUCH:
        raise BadAmount(_("This amount is too large."))
    if amount != amount.quantize(SMALLEST):
        raise BadAmount(_("A number has at most six decimals."))
    return amount
