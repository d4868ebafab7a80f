"""The programme's money: sums per source, costs, and the gap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from klimawerk import codes
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.measures.summary import budget_of
from klimawerk.money import OWN_FUNDS, Sums, sums
from klimawerk.programmes.hints import Hint, hints
from klimawerk.sheets.models import Frame, Row
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.view import View


@dataclass(frozen=True)
class Finance:
    """Amounts in the main currency. `by_source`: label and sum of every source but the sides' own funds."""

    by_source: list[tuple[str, Decimal]]
    sums: Sums
    hints: list[Hint]
    frame: Frame

    def local(self, amount: Decimal) -> Decimal | None:
        """The same in the local currency; None without a planning rate."""
        return self.frame.rates.to_local(amount, self.frame.currency_main)


def finance_of(v: View) -> Finance:
    measures: list[Measure] = all_measures(v.item)  # type: ignore[arg-type]
    return money_of(v, measures, rows_of_all([measure.id for measure in measures]))


def money_of(v: View, measures: list[Measure], rows: dict[int, dict[str, list[Row]]]) -> Finance:
    """The same for these measures with these rows."""
    budgets = [budget_of(measure, rows.get(measure.id, {})) for measure in measures]
    found = sums(
        [line for budget in budgets for line in budget.costs],
        [line for budget in budgets for line in budget.funding],
        v.frame.rates,
    )
    others = [(source, sum_) for source, sum_ in found.by_source.items() if source not in OWN_FUNDS.values()]
    named = sorted((codes.label("funding_source", source, v.reader), sum_) for source, sum_ in others)
    return Finance(named, found, hints(budgets, v.frame.rates), v.frame)
