"""Where the money comes from, how certain it is, and the gap: the sums of the finance table as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _

from klimawerk import codes
from klimawerk.money import NOTHING, OWN_FUNDS, Status, Sums, status_of, total
from klimawerk.overview.amounts import AmountFormat, written_amount
from klimawerk.overview.finance import currencies_of
from klimawerk.overview.programme_data import MeasureData, ProgrammeData
from klimawerk.partnerships.partnership_labels import reader_language


@dataclass(frozen=True)
class SourceBar:
    """A source of money. `width`: percent of the largest; `side`: whose own funds they are, "" for others'; `is_open`:
    nobody has been found yet; `measures`: those whose source is open."""

    label: str
    amount: str
    width: float
    side: str = ""
    is_open: bool = False
    measures: Sequence[MeasureData] = ()


@dataclass(frozen=True)
class SourceChart:
    """`costs_local`: the costs in the local currency, "" without a planning rate."""

    currency: str
    bars: Sequence[SourceBar]
    costs: str
    costs_local: str


@dataclass(frozen=True)
class CertaintyPart:
    """A part of the money, `x` and `width` in percent of the bar; `share`: in whole percent."""

    kind: str
    label: str
    amount: str
    share: int
    x: float
    width: float


@dataclass(frozen=True)
class CertaintyChart:
    """`gap`: "" if it is not known, because some lines are in a currency that no rate converts; `remark`: a sentence on
    what does not add up, or ""."""

    currency: str
    parts: Sequence[CertaintyPart]
    gap: str
    remark: str


def source_chart(data: ProgrammeData) -> SourceChart:
    """The funding by source; without bars if there are neither costs nor funding."""
    how = AmountFormat.of([data.sums.costs, data.sums.unplanned, *data.sums.by_source.values()])
    return SourceChart(data.rates.main, list(_sources(data, how)), how.number(data.sums.costs), local_costs(data))


def certainty_chart(data: ProgrammeData) -> CertaintyChart:
    """The funding by certainty, with the costs that have no funding line; without parts if there are none of both."""
    found = data.sums
    known = not found.unconverted
    how = AmountFormat.of([found.gap, found.excess, found.unplanned, *found.by_status.values()])
    return CertaintyChart(
        data.rates.main, list(_certainty(found, how)), how.number(found.gap) if known else "", _remark(data, how)
    )


def costs_in(data: ProgrammeData, currency: str) -> Decimal:
    """The costs of all measures in `currency`, converted line by line as in the finance table."""
    return sum(
        (total((line.get("amount") for line in m.rows.get("costs", ())), data.rates, currency) for m in data.measures),
        NOTHING,
    )


def local_costs(data: ProgrammeData) -> str:
    """The costs in the local currency with a sign of approximation; "" without a planning rate."""
    return "".join(f"≈ {written_amount(costs_in(data, other), other)}" for other in currencies_of(data.rates)[1:])


def _sources(data: ProgrammeData, how: AmountFormat) -> Iterator[SourceBar]:
    """Others' money, the largest first; own funds, the reader's side first; what is open."""
    found = data.sums
    most = max([*found.by_source.values(), found.unplanned, Decimal(1)])

    def bar(label: str, amount: Decimal, side: str = "", is_open: bool = False) -> SourceBar:
        measures = [measure for measure in data.measures if _has_open_source(measure)] if is_open else []
        return SourceBar(label, how.number(amount), _percent(amount, most), side, is_open, measures)

    language = reader_language()
    others = [code for code in found.by_source if code not in (*OWN_FUNDS.values(), Status.OPEN)]
    for code in sorted(others, key=lambda code: (-found.by_source[code], code)):
        yield bar(_name(codes.label("funding_source", code, language)), found.by_source[code])
    for side in data.sides:
        if side.code in OWN_FUNDS and found.own(side.code):
            yield bar(_("Own funds of %(place)s", place=side.short), found.own(side.code), side.code)
    if found.of(Status.OPEN):
        yield bar(codes.label("funding_source", "open", language), found.of(Status.OPEN), is_open=True)
    if found.unplanned and not found.unconverted:
        yield SourceBar(
            _("Costs without a funding line"), how.number(found.unplanned), _percent(found.unplanned, most), "", True
        )


def _certainty(found: Sums, how: AmountFormat) -> Iterator[CertaintyPart]:
    """The funding by certainty, and the costs without a funding line, side by side in one bar."""
    parts = [
        ("secured", _("Secured (granted, in the budget)"), found.of(Status.SECURED)),
        ("applied", _("Applied for"), found.of(Status.APPLIED)),
        ("intended", _("Only intended"), found.of(Status.INTENDED)),
        ("open", _("Source open"), found.of(Status.OPEN)),
        ("unplanned", _("Costs without a funding line"), NOTHING if found.unconverted else found.unplanned),
    ]
    whole = sum((amount for _kind, _label, amount in parts), NOTHING)
    x = 0.0
    for kind, label, amount in parts:
        if amount:
            width = _percent(amount, whole)
            share = int((amount * 100 / whole).quantize(Decimal(1), ROUND_HALF_UP))
            yield CertaintyPart(kind, label, how.number(amount), share, round(x, 3), width)
            x += width


def _remark(data: ProgrammeData, how: AmountFormat) -> str:
    if data.sums.unconverted:
        return str(_("The gap is not known: some lines are in a currency without a planning rate."))
    if data.sums.excess:
        excess = how.money(data.sums.excess, data.rates.main)
        return str(_("Secured and applied for beyond the costs: %(amount)s", amount=excess))
    return ""


def _name(label: str) -> str:
    """The label of a source without its explanation: "SKEW/BMZ: FKKP" of "SKEW/BMZ: FKKP – municipal climate ..."."""
    return label.partition(" – ")[0].partition(" (")[0]


def _has_open_source(measure: MeasureData) -> bool:
    return any(status_of(line) == Status.OPEN and line.get("amount") for line in measure.rows.get("funding", ()))


def _percent(amount: Decimal, whole: Decimal) -> float:
    return round(float(amount / whole * 100), 3)
