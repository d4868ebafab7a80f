"""Who does what: for each measure the responsible bodies of both sides, who leads, its period and its costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from klimawerk.money import totals_by_currency
from klimawerk.overview.amounts import AmountFormat
from klimawerk.overview.field_groups import in_order
from klimawerk.overview.periods import period_words
from klimawerk.overview.programme_data import MeasureData, ProgrammeData, Side, text_in


@dataclass(frozen=True)
class Body:
    """A responsible body: its office in the language `lang`, and its contact; one of both may be ""."""

    office: str
    lang: str
    contact: str


@dataclass(frozen=True)
class SideTask:
    """What one side does in a measure."""

    side: Side
    bodies: Sequence[Body]
    leads: bool


@dataclass(frozen=True)
class Responsibility:
    """A measure. `costs`: in the main currency, and after " + " in those that cannot be converted; "" for none."""

    measure: MeasureData
    tasks: Sequence[SideTask]
    period: str
    costs: str


@dataclass(frozen=True)
class Responsibilities:
    sides: Sequence[Side]
    currency: str
    lines: Sequence[Responsibility]


def responsibilities(data: ProgrammeData) -> Responsibilities:
    measures = list(in_order(data))
    costs = {measure.id: _costs(measure, data) for measure in measures}
    how = AmountFormat.of(amount for totals in costs.values() for amount, _currency in totals)
    return Responsibilities(
        data.sides,
        data.rates.main,
        [
            Responsibility(
                measure,
                [_task(measure, side, data) for side in data.sides],
                period_words(*measure.period),
                " + ".join(
                    how.number(amount) if currency == data.rates.main else how.money(amount, currency)
                    for amount, currency in costs[measure.id]
                ),
            )
            for measure in measures
        ],
    )


def _task(measure: MeasureData, side: Side, data: ProgrammeData) -> SideTask:
    lines = [line for line in measure.rows.get("responsible", ()) if line.get("side") == side.code]
    bodies = [Body(*text_in(line, "unit", data.languages), line.get("contact") or "") for line in lines]
    named = [body for body in bodies if body.office or body.contact]
    return SideTask(side, named, measure.values.get("lead_side") in (side.code, "joint"))


def _costs(measure: MeasureData, data: ProgrammeData) -> list[tuple[Decimal, str]]:
    return totals_by_currency((line.get("amount") for line in measure.rows.get("costs", ())), data.rates)
