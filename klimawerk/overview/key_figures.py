"""The figures at the top of a programme's overview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _
from flask_babel import ngettext

from klimawerk.overview.amounts import written_amount
from klimawerk.overview.funding_chart import local_costs
from klimawerk.overview.programme_data import ProgrammeData
from klimawerk.web.formats import number


@dataclass(frozen=True)
class KeyFigure:
    """A figure with its label, and a few words that explain it ("" for none)."""

    label: str
    value: str
    remark: str


def key_figures(data: ProgrammeData) -> list[KeyFigure]:
    """Figures for which the programme has no data are left out."""
    return [*_measures(data), *_money(data), *_reduction(data)]


def _measures(data: ProgrammeData) -> Iterator[KeyFigure]:
    fields = len({measure.field_id for measure in data.measures if measure.field_id})
    where = ngettext("in %(num)d field of action", "in %(num)d fields of action", fields) if fields else ""
    yield KeyFigure(_("Measures"), number(len(data.measures)), where)
    dropped = sum(1 for measure in data.measures if measure.state == "dropped")
    if dropped:
        yield KeyFigure(_("Dropped"), number(dropped), ngettext("measure", "measures", dropped))
    if data.goals:
        yield KeyFigure(_("Goals"), number(len(data.goals)), "")


def _money(data: ProgrammeData) -> Iterator[KeyFigure]:
    found = data.sums
    if not found.costs:
        return
    yield KeyFigure(_("Costs"), written_amount(found.costs, data.rates.main), local_costs(data))
    if not found.unconverted:
        share = (found.gap * 100 / found.costs).quantize(Decimal(1), ROUND_HALF_UP)
        remark = _("%(percent)s%% neither secured nor applied for", percent=share)
        yield KeyFigure(_("Gap"), written_amount(found.gap, data.rates.main), remark)


def _reduction(data: ProgrammeData) -> Iterator[KeyFigure]:
    estimates = [measure.values.get("ghg_t_co2e_a") for measure in data.measures]
    known = [Decimal(str(estimate)) for estimate in estimates if estimate not in (None, "")]
    if any(known):
        remark = ngettext("CO₂e, estimated for %(num)d measure", "CO₂e, estimated for %(num)d measures", len(known))
        yield KeyFigure(_("Reduction a year"), _("%(number)s t", number=number(sum(known))), remark)
