"""Money: parsing of typed amounts, currency conversion with the planning rate, and sums of costs and funding.

Amounts are exact decimals, rounded half up to the cent. An amount is stored in the currency it was entered in:
{"amount": "62000.00", "currency": "EUR"}. "Main" is the programme's first currency, "local" the partner's.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk import scalars

Amount = Mapping[str, str]
Cells = Mapping[str, Any]
K = TypeVar("K")

CENT = Decimal("0.01")
_SMALLEST, _TOO_MUCH = scalars.MIN_AMOUNT, scalars.MAX_AMOUNT
NOTHING = Decimal("0.00")
OWN_FUNDS = {"de": "own_de", "partner": "own_partner"}
"""The funding source of each side's own money. Every other source is money of others."""

LONGEST = 100  # characters of a number as typed
_MINUS = ("-", "−", "–")
_DASH_FOR_CENTS = (",-", ",–", ",—", ".-", ".–", ".—")
_NUMERALS = "0123456789.,'’ \u00a0\u202f"
_SCALES = {
    **dict.fromkeys(("tsd", "tausend", "thousand", "mille", "mil"), 10**3),
    **dict.fromkeys(("mio", "million", "millionen", "millions", "millón", "millones"), 10**6),
    **dict.fromkeys(("mrd", "milliarde", "milliarden", "milliard", "milliards", "mil millones"), 10**9),
}
"""Words for thousands and more. "Billion" is left out: a thousand millions in English, a million millions in German."""
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_GROUPED_BY_SPACE = re.compile(r"\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d+)?", re.ASCII)
_UNGROUPED = re.compile(r"\d+([.,]\d+)?", re.ASCII)
_GROUPED_BY_POINT = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_GROUPED_BY_COMMA = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_WHOLE = re.compile(r"\d+|\d{1,3}(?:(?:\.\d{3})+|(?:,\d{3})+|(?:[ \u00a0\u202f'’]\d{3})+)", re.ASCII)
_AMBIGUOUS = re.compile(r"0*+[1-9]\d*+[.,]\d{3}", re.ASCII)


class BadAmount(ValueError):
    """The text is no amount; `sentence` is the message for the user."""

    def __init__(self, sentence: LazyString) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Ambiguous:
    """A number with two readings, the likelier one first: "1.500" is one and a half in one country, fifteen hundred in
    another."""

    readings: tuple[Decimal, Decimal]


def parse_amount(text: str, locale: str, scale: int = 1) -> Decimal | Ambiguous:
    """Parse an amount of money, with its cents. `locale` ("de", "en") orders the readings of an ambiguous one. Raises
    BadAmount."""
    amount = parse_number(text, locale, scale)
    if isinstance(amount, Ambiguous) and amount.readings[0] > 0:
        return amount
    if isinstance(amount, Ambiguous) or amount < 0:
        raise BadAmount(_("An amount cannot be negative."))
    return with_cents(amount)


def with_cents(amount: Decimal) -> Decimal:
    """The amount with two decimals. Raises BadAmount if it has more."""
    if amount != round_half_up(amount):
        raise BadAmount(_("An amount has at most two decimals."))
    return round_half_up(amount)


def parse_number(text: str, locale: str, scale: int = 1) -> Decimal | Ambiguous:
    """Parse a number that is no money, with at most six decimals. Raises BadAmount.

    Accepted are separators of thousands ("1.500.000", "1 500,5", "1'500"), the dash for no cents ("1'500.–") and words
    for thousands and more ("5 Mio."). A single separator before exactly three digits is ambiguous, however many digits
    are before it ("1500.000"), unless those are zeros. `scale` multiplies a number without such a word.
    """
    written = text.strip()
    if len(written) > LONGEST:
        raise BadAmount(_("This is not an amount. Write it like 62000 or 62000.50."))
    if written[:1] in _MINUS:
        return _negative(_positive(written[1:].strip(), locale, scale))
    return _positive(written, locale, scale)


def scale_of(word: str) -> int:
    """1000 for "Tsd.", 1,000,000 for "million"; 1 for any other word."""
    return _SCALES.get(unicodedata.normalize("NFC", word).strip(" .").casefold(), 1)


def _positive(written: str, locale: str, scale: int) -> Decimal | Ambiguous:
    word = written.lstrip(_NUMERALS)
    own_scale = scale_of(word)
    digits, scale = (written.removesuffix(word).rstrip(), own_scale) if own_scale > 1 else (written, scale)
    if digits.endswith(_DASH_FOR_CENTS):
        return _within_limits(_without_cents(digits[:-2].strip()) * scale)
    if _AMBIGUOUS.fullmatch(digits):
        return _both_readings(digits, locale, scale)
    return _within_limits(_number(digits) * scale)


def round_half_up(amount: Decimal) -> Decimal:
    """Round to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Rates:
    """The planning rate: how much of `local` one unit of `main` is. Conversions return None without a rate for the
    currency."""

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
        """The amount converted into the other currency, to be shown beside it."""
        target = self.local if currency == self.main else self.main
        converted = self.to_local(amount, currency) if target == self.local else self.to_main(amount, currency)
        return None if converted is None else (converted, target)


def total(amounts: Iterable[Amount | None], rates: Rates, currency: str = "") -> Decimal:
    """Sum in `currency` (default: the main one). Each amount is converted and rounded by itself, so that the shown
    amounts add up to it; amounts that cannot be converted are left out."""
    converted = (_converted(amount, rates, currency or rates.main) for amount in amounts if amount)
    return sum((amount for amount in converted if amount is not None), NOTHING)


def totals_by_currency(amounts: Iterable[Amount | None], rates: Rates) -> list[tuple[Decimal, str]]:
    """The sum in the main currency, and one for each currency that no rate converts; empty without amounts."""
    totals: dict[str, Decimal] = {}
    for amount in filter(None, amounts):
        main = _converted(amount, rates, rates.main)
        currency = rates.main if main is not None else amount["currency"]
        totals[currency] = totals.get(currency, NOTHING) + (Decimal(amount["amount"]) if main is None else main)
    return sorted(
        ((sum_, currency) for currency, sum_ in totals.items() if sum_), key=lambda entry: entry[1] != rates.main
    )


class Status(StrEnum):
    """How certain a funding line is. `REJECTED` is in no sum."""

    SECURED = "secured"
    APPLIED = "applied"
    INTENDED = "intended"
    OPEN = "open"
    REJECTED = "rejected"


_STATUS = {
    "granted": Status.SECURED,
    "budgeted": Status.SECURED,
    "applied": Status.APPLIED,
    "idea": Status.INTENDED,
    "rejected": Status.REJECTED,
}
"""Status of each code of the list "funding_state"."""


def status_of(funding_line: Cells) -> Status:
    """Status of a funding line. One without a source is open whatever its state; one without a state is only
    intended."""
    status = _STATUS.get(funding_line.get("state", ""), Status.INTENDED)
    if status != Status.REJECTED and (funding_line.get("source") or "open") == "open":
        return Status.OPEN
    return status


def counts(funding_line: Cells) -> bool:
    """Whether the line is in the sums: rejected lines stay on the page, but are in none."""
    return status_of(funding_line) != Status.REJECTED


@dataclass(frozen=True)
class Sums:
    """Sums of cost and funding lines in one currency; rejected lines are in none of them.

    `by_source`: the funding lines by source ("open" for none), `by_status`: the same lines by status. `gap`: costs that
    are neither secured nor applied for; `excess`: what is secured or applied for beyond the costs; `unplanned`: costs
    without a funding line of any status; `overplanned`: funding lines beyond the costs. These four are computed measure
    by measure, because one measure's money does not pay for another. `unconverted`: number of lines that no rate
    converts: they are in no sum.
    """

    costs: Decimal = NOTHING
    by_source: dict[str, Decimal] = field(default_factory=dict)
    by_status: dict[Status, Decimal] = field(default_factory=dict)
    gap: Decimal = NOTHING
    excess: Decimal = NOTHING
    unplanned: Decimal = NOTHING
    overplanned: Decimal = NOTHING
    unconverted: int = 0

    def of(self, status: Status) -> Decimal:
        return self.by_status.get(status, NOTHING)

    def own(self, side: str) -> Decimal:
        """The side's own funds, without any grant."""
        return self.by_source.get(OWN_FUNDS[side], NOTHING)

    @property
    def lines(self) -> Decimal:
        """All funding lines of any status."""
        return sum(self.by_source.values(), NOTHING)

    def shown(self, *, zeros: bool = True) -> list[tuple[LazyString, Decimal | None]]:
        """Labels and amounts as every page shows them, in one order; None for a gap that is not known. Without `zeros`,
        sums that are zero are left out, but for costs, secured funds and gap."""
        is_complete = self.unconverted == 0
        return [
            (_("Costs"), self.costs),
            (_("Secured (granted, in the budget)"), self.of(Status.SECURED)),
            *self._unless_zero(zeros, _("Applied for"), self.of(Status.APPLIED)),
            *self._unless_zero(zeros, _("Only intended"), self.of(Status.INTENDED)),
            *self._unless_zero(zeros, _("Source open"), self.of(Status.OPEN)),
            *self._unless_zero(False, _("Costs without a funding line"), self.unplanned if is_complete else NOTHING),
            *self._unless_zero(
                False, _("Secured and applied for beyond the costs"), self.excess if is_complete else NOTHING
            ),
            (_("Gap (neither secured nor applied for)"), self.gap if is_complete else None),
        ]

    def _unless_zero(self, zeros: bool, label: LazyString, amount: Decimal) -> list[tuple[LazyString, Decimal]]:
        return [(label, amount)] if amount or zeros else []


def sums(costs: Iterable[Cells], funding: Iterable[Cells], rates: Rates, currency: str = "") -> Sums:
    """Sums of one measure, in `currency` (default: the main one), from the cells of its lines."""
    costs, funding = list(costs), [line for line in funding if counts(line)]
    by_source: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    by_status: dict[Status, Decimal] = defaultdict(lambda: NOTHING)
    for line in funding:
        amount = total([line.get("amount")], rates, currency)
        by_source[line.get("source") or "open"] += amount
        by_status[status_of(line)] += amount
    needed = total([line.get("amount") for line in costs], rates, currency)
    expected = [line for line in funding if status_of(line) in (Status.SECURED, Status.APPLIED)]
    gap, unplanned = (_difference(costs, lines, rates, currency or rates.main) for lines in (expected, funding))
    return Sums(
        costs=needed,
        by_source=dict(by_source),
        by_status=dict(by_status),
        gap=max(gap, NOTHING),
        excess=max(-gap, NOTHING),
        unplanned=max(unplanned, NOTHING),
        overplanned=max(-unplanned, NOTHING),
        unconverted=sum(1 for line in [*costs, *funding] if _is_unconverted(line.get("amount"), rates)),
    )


def _difference(costs: list[Cells], funding: list[Cells], rates: Rates, currency: str) -> Decimal:
    """How much the costs exceed the funding. Zero where rounding the converted lines to the cent can explain it; that
    is decided in the main currency for both currencies."""
    needed, given = ([line.get("amount") for line in lines] for lines in (costs, funding))
    rounded = sum(1 for amount in [*needed, *given] if amount and amount["currency"] != rates.main)
    difference = total(needed, rates) - total(given, rates)
    if abs(difference) <= rounded * CENT / 2:
        return NOTHING
    return difference if currency == rates.main else total(needed, rates, currency) - total(given, rates, currency)


def summed(measures: Iterable[Sums]) -> Sums:
    """Sums of all measures of a programme, from those of each measure."""
    measures = list(measures)
    return Sums(
        costs=sum((measure.costs for measure in measures), NOTHING),
        by_source=_added(measure.by_source for measure in measures),
        by_status=_added(measure.by_status for measure in measures),
        gap=sum((measure.gap for measure in measures), NOTHING),
        excess=sum((measure.excess for measure in measures), NOTHING),
        unplanned=sum((measure.unplanned for measure in measures), NOTHING),
        overplanned=sum((measure.overplanned for measure in measures), NOTHING),
        unconverted=sum(measure.unconverted for measure in measures),
    )


def _added(parts: Iterable[dict[K, Decimal]]) -> dict[K, Decimal]:
    result: dict[K, Decimal] = {}
    for part in parts:
        for key, amount in part.items():
            result[key] = result.get(key, NOTHING) + amount
    return result


def _converted(amount: Amount, rates: Rates, currency: str) -> Decimal | None:
    convert = rates.to_main if currency == rates.main else rates.to_local
    return convert(Decimal(amount["amount"]), amount["currency"])


def _is_unconverted(amount: Amount | None, rates: Rates) -> bool:
    return amount is not None and _converted(amount, rates, rates.main) is None


def _negative(number: Decimal | Ambiguous) -> Decimal | Ambiguous:
    if isinstance(number, Ambiguous):
        return Ambiguous((-number.readings[0], -number.readings[1]))
    return -number


def _both_readings(written: str, locale: str, scale: int) -> Ambiguous:
    grouped = _within_limits(Decimal(re.sub(r"[.,]", "", written)) * scale)
    fraction = _within_limits(Decimal(written.replace(",", ".")) * scale)
    usual = "." if locale.startswith(("de", "es", "fr", "pt")) else ","
    return Ambiguous((grouped, fraction) if usual in written else (fraction, grouped))


def _number(written: str) -> Decimal:
    if _GROUPED_BY_SPACE.fullmatch(written):
        written = _SPACES.sub("", written)
    if _UNGROUPED.fullmatch(written):
        return Decimal(written.replace(",", "."))
    if _GROUPED_BY_POINT.fullmatch(written):
        return Decimal(written.replace(".", "").replace(",", "."))
    if _GROUPED_BY_COMMA.fullmatch(written):
        return Decimal(written.replace(",", ""))
    raise BadAmount(_("This is not an amount. Write it like 62000 or 62000.50."))


def _without_cents(written: str) -> Decimal:
    """A number with a dash for no cents: all its separators are those of thousands."""
    if _WHOLE.fullmatch(written):
        return Decimal(re.sub(r"\D", "", written))
    raise BadAmount(_("This is not an amount. Write it like 62000 or 62000.50."))


def _within_limits(amount: Decimal) -> Decimal:
    if amount >= _TOO_MUCH:
        raise BadAmount(_("This amount is too large."))
    if amount != amount.quantize(_SMALLEST):
        raise BadAmount(_("A number has at most six decimals."))
    return amount
