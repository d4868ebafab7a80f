"""Finance table of a programme: costs, funding by source and by certainty, and the funding gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from klimawerk import codes
from klimawerk.extensions import db
from klimawerk.measures.measure_summary import budget_of
from klimawerk.measures.models import Measure
from klimawerk.money import NOTHING, OWN_FUNDS, Rates, Status, Sums, summed, sums
from klimawerk.programmes.funding_hints import FundingHint, funding_hints
from klimawerk.sheets.item_contents import anchor_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import RowsByKind
from klimawerk.sheets.view import SheetView

FinanceLine = tuple[LazyString | str, list[Decimal | None]]
"""(label, amount in each currency of `Finance.currencies`; None where it cannot be stated)"""


@dataclass(frozen=True)
class Finance:
    """The finance table. `currencies`: the main one, and the local one if there is a planning rate; amounts follow that
    order.

    `funding`: one line per source, and their sum; `result`: costs, funding by certainty, and the gap.
    `codes`: {id: code} of the measures. `uncosted`: number of measures without costs that are not marked as "no cost".
    """

    currencies: list[str]
    funding: list[FinanceLine]
    result: list[FinanceLine]
    hints: list[FundingHint]
    uncosted: int
    codes: dict[int, str]

    def places(self, hint: FundingHint) -> list[tuple[str, str]]:
        """(code, link to the part of the sheet) of each measure that the hint is about."""
        return [
            (self.codes[id_], f"/measures/{id_}#{anchor_of('measure', id_, hint.part)}")
            for id_ in hint.measures
            if id_ in self.codes
        ]


def finance_from(v: SheetView, measures: list[Measure], rows: Mapping[int, RowsByKind]) -> Finance:
    """The finance table for the given measures and their rows."""
    rates = v.frame.rates
    budgets = [budget_of(measure, rows.get(measure.id, {})) for measure in measures]
    currencies = currencies_of(rates)
    totals = [summed(sums(b.costs, b.funding, rates, currency) for b in budgets) for currency in currencies]
    costed = [
        budget for budget in budgets if budget.values.get("no_cost") or any(c.get("amount") for c in budget.costs)
    ]
    return Finance(
        currencies,
        _funding(totals, v),
        _merge_columns([column.shown() for column in totals]),
        funding_hints(budgets, rates),
        len(budgets) - len(costed),
        {measure.id: measure.code for measure in measures},
    )


def currencies_of(rates: Rates) -> list[str]:
    """The main currency, and the local one if there is a planning rate."""
    return [rates.main, *([rates.local] if rates.local and rates.rate else [])]


def budget_changed(item: Item, since: int) -> bool:
    """Whether a cost or funding line of the item was added, deleted, moved or changed after the revision `since`."""
    rows = db.session.scalars(select(Row).where(Row.item_id == item.id, Row.kind.in_(("costs", "funding"))))
    return any(max((row.rev, *row.revs.values())) > since for row in rows)


def _funding(totals: list[Sums], v: SheetView) -> list[FinanceLine]:
    """Funding lines: external sources sorted by label, each side's own funds, open funding, and the sum. `totals`: one
    per currency."""
    not_external = {*OWN_FUNDS.values(), Status.OPEN.value}
    labelled = sorted((codes.label("funding_source", code, v.reader), code) for code in totals[0].by_source)
    external: list[FinanceLine] = [
        (label, [column.by_source[code] for column in totals]) for label, code in labelled if code not in not_external
    ]
    own: list[FinanceLine] = [
        (_("Own funds of %(place)s", place=name), [column.own(side) for column in totals])
        for side, name in v.sides_own_first()
        if side in OWN_FUNDS
    ]
    still_open: FinanceLine = (
        codes.label("funding_source", "open", v.reader),
        [column.of(Status.OPEN) for column in totals],
    )
    return [*external, *own, still_open, (_("All funding lines"), [column.lines for column in totals])]


def _merge_columns(columns: list[list[tuple[LazyString, Decimal | None]]]) -> list[FinanceLine]:
    """The lines of the main currency, each with the amount that the other currencies have under the same label."""
    amounts = [{str(label): amount for label, amount in column} for column in columns]
    return [(label, [column.get(str(label), NOTHING) for column in amounts]) for label, _amount in columns[0]]
