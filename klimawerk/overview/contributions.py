"""What each side brings: own funds, personnel, material, know-how, support, and in how many measures it leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import ngettext

from klimawerk import codes
from klimawerk.money import NOTHING, OWN_FUNDS, Cells
from klimawerk.overview.amounts import written_amount
from klimawerk.overview.programme_data import ProgrammeData, Side
from klimawerk.partnerships.partnership_labels import reader_language
from klimawerk.web.formats import number

_MONEY = "finance"
"""The kind of contribution that is shown by the own funds among the funding lines, which have the amounts."""


@dataclass(frozen=True)
class ContributionRow:
    """`cells`: for each side, in the order of `Contributions.sides`; "" for nothing."""

    label: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Contributions:
    sides: Sequence[Side]
    rows: Sequence[ContributionRow]


def contributions(data: ProgrammeData) -> Contributions:
    """Only rows in which a side has something."""
    rows = (ContributionRow(label, [words(side) for side in data.sides]) for label, words in _lines(data))
    return Contributions(data.sides, [row for row in rows if any(row.cells)])


def _lines(data: ProgrammeData) -> Iterator[tuple[str, Callable[[Side], str]]]:
    """(label, words for a side) of all rows."""
    commitments = [line for measure in data.measures for line in measure.rows.get("commitments", ())]
    personnel = [line for measure in data.measures for line in measure.rows.get("personnel", ())]
    yield _("Own funds"), lambda side: _own_funds(data, side.code)
    yield _("Lead"), lambda side: _leads(data, side.code)
    for entry in codes.codes("resource_kind"):
        if entry.code != _MONEY:
            lines = [line for line in commitments if line.get("kind") == entry.code]
            yield entry.label(reader_language()), _summary_of(lines)
    yield _("Further contributions"), _summary_of([line for line in commitments if not line.get("kind")])
    yield _("Personnel needed"), _summary_of(personnel)


def _summary_of(lines: Sequence[Cells]) -> Callable[[Side], str]:
    return lambda side: summary([line for line in lines if line.get("side") == side.code])


def summary(lines: Iterable[Cells]) -> str:
    """Amounts by unit, then how many lines have none: "420 person-days, 24 person-months, 3 contributions"."""
    amounts: dict[str, Decimal] = {}
    others = 0
    for line in lines:
        amount, unit = line.get("amount"), line.get("unit")
        if amount in (None, "") or not unit:
            others += 1
        else:
            amounts[unit] = amounts.get(unit, Decimal(0)) + Decimal(str(amount))
    language = reader_language()
    order = [str(entry.code) for entry in codes.codes("commitment_unit")]
    found = [
        f"{number(amounts[unit])} {codes.label('commitment_unit', unit, language)}"
        for unit in sorted(amounts, key=lambda unit: order.index(unit) if unit in order else len(order))
    ]
    more = ngettext("%(num)d contribution", "%(num)d contributions", others) if others else ""
    return ", ".join([*found, *([more] if more else [])])


def _own_funds(data: ProgrammeData, side: str) -> str:
    own = data.sums.own(side) if side in OWN_FUNDS else NOTHING
    return written_amount(own, data.rates.main) if own else ""


def _leads(data: ProgrammeData, side: str) -> str:
    """In how many measures the side leads, alone and jointly."""
    alone = sum(1 for measure in data.measures if measure.values.get("lead_side") == side)
    jointly = sum(1 for measure in data.measures if measure.values.get("lead_side") == "joint")
    words = ngettext("%(num)d measure", "%(num)d measures", alone) if alone else ""
    if words and jointly:
        return str(_("%(measures)s, %(num)s jointly", measures=words, num=jointly))
    return _("%(num)s jointly", num=jointly) if jointly else words
