"""The programme's money: funding by source and by how certain it is, costs, and the gap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from klimawerk import codes
from klimawerk.extensions import db
from klimawerk.measures.measure_summary import budget_of
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.money import NOTHING, OWN_FUNDS, Status, Sums, summed, sums
from klimawerk.programmes.funding_hints import FundingHint, funding_hints
from klimawerk.sheets.item_contents import anchor_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.view import SheetView

FinanceLine = tuple[LazyString | str, list[Decimal | None]]
"""What it is called, and its amount in each of the currencies."""


@dataclass(frozen=True)
class Finance:
    """`currencies`: the main one, and the local one where there is a planning rate; amounts stand in that order.

    `funding`: every source once, with their sum; `result`: costs, how certain the funding is, and the gap.
    `codes`: those of the measures. `uncosted`: how many measures have no costs yet, though they are not marked as free.
    """

    currencies: list[str]
    funding: list[FinanceLine]
    result: list[FinanceLine]
    hints: list[FundingHint]
    uncosted: int
    codes: dict[int, str]

    def places(self, hint: FundingHint) -> list[tuple[str, str]]:
        """The measures that a hint is about, and for each the address of the part of its sheet."""
        return [
            (self.codes[id_], f"/measures/{id_}#{anchor_of('measure', id_, hint.part)}")
            for id_ in hint.measures
            if id_ in self.codes
        ]


def finance_of(v: SheetView) -> Finance:
    measures: list[Measure] = all_measures(v.item)  # type: ignore[arg-type]
    return finance_from(v, measures, rows_of_all([measure.id for measure in measures]))


def finance_from(v: SheetView, measures: list[Measure], rows: dict[int, dict[str, list[Row]]]) -> Finance:
    """The same for these measures with these rows."""
    rates = v.frame.rates
    budgets = [budget_of(measure, rows.get(measure.id, {})) for measure in measures]
    currencies = [rates.main, *([rates.local] if rates.local and rates.rate else [])]
    found = [summed(sums(one.costs, one.funding, rates, currency) for one in budgets) for currency in currencies]
    costed = [
        budget for budget in budgets if budget.values.get("no_cost") or any(c.get("amount") for c in budget.costs)
    ]
    return Finance(
        currencies,
        _funding(found, v),
        _side_by_side([one.shown() for one in found]),
        funding_hints(budgets, rates),
        len(budgets) - len(costed),
        {measure.id: measure.code for measure in measures},
    )


def has_moved(item: Item, since: int) -> bool:
    """Whether one of its lines of costs or funding came, went or changed after the revision `since`."""
    rows = db.session.scalars(select(Row).where(Row.item_id == item.id, Row.kind.in_(("costs", "funding"))))
    return any(max((row.rev, *row.revs.values())) > since for row in rows)


def _funding(found: list[Sums], v: SheetView) -> list[FinanceLine]:
    """Grants and what else others give by their labels, then each side's own funds, then what is still open."""
    apart = {*OWN_FUNDS.values(), Status.OPEN.value}
    named = sorted((codes.label("funding_source", code, v.reader), code) for code in found[0].by_source)
    others: list[FinanceLine] = [
        (label, [one.by_source[code] for one in found]) for label, code in named if code not in apart
    ]
    own: list[FinanceLine] = [
        (_("Own funds of %(place)s", place=name), [one.own(side) for one in found])
        for side, name in v.sides_own_first()
        if side in OWN_FUNDS
    ]
    still_open: FinanceLine = (codes.label("funding_source", "open", v.reader), [one.of(Status.OPEN) for one in found])
    return [*others, *own, still_open, (_("All funding lines"), [one.lines for one in found])]


def _side_by_side(columns: list[list[tuple[LazyString, Decimal | None]]]) -> list[FinanceLine]:
    """The lines of the main currency, with what the other one has under the same name."""
    amounts = [{str(label): amount for label, amount in column} for column in columns]
    return [(label, [column.get(str(label), NOTHING) for column in amounts]) for label, _amount in columns[0]]
