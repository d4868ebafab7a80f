"""The programme's money: sums per source and per side, costs, and the gap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from klimawerk import codes
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.money import convert
from klimawerk.programmes.hints import Hint, hints_for_programme
from klimawerk.programmes.money import balance_of
from klimawerk.sheets.models import Frame, Row
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.view import View

Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Finance:
    """Amounts in the main currency."""

    by_source: list[tuple[str, Decimal]]
    by_side: dict[str, Decimal]
    costs: Decimal
    gap: Decimal
    hints: list[Hint]
    frame: Frame

    def local(self, amount: Decimal) -> Decimal:
        """The same in the local currency; only for a frame with a planning rate."""
        return convert(Decimal(amount), Decimal(self.frame.rate or 1), to_local=True)


def finance_of(v: View) -> Finance:
    measures: list[Measure] = all_measures(v.item)  # type: ignore[arg-type]
    rows = rows_of_all([measure.id for measure in measures])
    costs = [row for found in rows.values() for row in found.get("costs", [])]
    funding = [row for found in rows.values() for row in found.get("funding", [])]
    balance = balance_of(costs, funding, v.frame)
    named = [(codes.label("funding_source", source, v.reader), sum_) for source, sum_ in balance.by_source.items()]
    hints = hints_for_programme([(measure, rows.get(measure.id, {})) for measure in measures], v.frame)
    return Finance(sorted(named), balance.by_side, balance.costs, balance.gap, hints, v.frame)
