"""The sums in a file, for its readers: computed on export, compared on import."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk.exchange.draft import FrameDraft, ItemDraft, ProgrammeDraft, RowCells
from klimawerk.exchange.import_problems import FilePosition, ImportProblem
from klimawerk.exchange.value_json import number_out
from klimawerk.money import Rates, Sums, summed, sums, total


def budget_total(costs: Iterable[RowCells], rates: Rates) -> dict[str, Any]:
    """The sum of a measure's cost lines in both currencies."""
    amounts = [line.get("amount") for line in costs]
    budget = {"eur": number_out(total(amounts, rates))}
    if not _has_local(rates):
        return budget
    return {**budget, "local": number_out(total(amounts, rates, rates.local)), "local_currency": rates.local}


def programme_totals(measures: Iterable[ItemDraft], rates: Rates) -> dict[str, Any]:
    """The programme's sums: budget, funding by source (without rejected lines), greenhouse gases (t CO2e per year)."""
    measures = list(measures)
    costs = [line.get("amount") for m in measures for line in m.rows.get("costs", [])]
    by_source = summed(sums_of(m, rates) for m in measures).by_source
    return {
        "measures": len(measures),
        "budget_eur": number_out(total(costs, rates)),
        **({"budget_local": number_out(total(costs, rates, rates.local))} if _has_local(rates) else {}),
        "funding_by_source_eur": {source: number_out(by_source[source]) for source in sorted(by_source)},
        "t_co2e_a": number_out(sum((Decimal(m.values.get("ghg_t_co2e_a", "0")) for m in measures), Decimal(0))),
    }


def sums_of(measure: ItemDraft, rates: Rates) -> Sums:
    """The measure's sums, as its page shows them."""
    return sums(measure.rows.get("costs", []), measure.rows.get("funding", []), rates)


def rates_of(frame: FrameDraft) -> Rates:
    """Rates for converting amounts of the file's programme."""
    return Rates(frame.currency_main, frame.currency_local, frame.rate)


def _has_local(rates: Rates) -> bool:
    return bool(rates.local and rates.rate)


def compare_totals(data: dict[str, Any], draft: ProgrammeDraft) -> None:
    """Warn of sums in the file that differ from the sums of its lines."""
    rates = rates_of(draft.frame)
    for number, (raw, measure) in enumerate(zip(data.get("measures") or [], draft.measures, strict=True)):
        place = FilePosition(("measures",)).entry(number, raw).at("budget_total")
        _compare(raw.get("budget_total"), budget_total(measure.rows.get("costs", []), rates), place, draft.warnings)
    _compare(data.get("totals"), programme_totals(draft.measures, rates), FilePosition(("totals",)), draft.warnings)


def _compare(raw: Any, computed: dict[str, Any], place: FilePosition, warnings: list[ImportProblem]) -> None:
    if raw is None:
        return
    for key, value in (raw if isinstance(raw, dict) else {}).items():
        expected = computed.get(key)
        if isinstance(value, dict) and isinstance(expected, dict):
            _compare(value, expected, place.at(key), warnings)
        elif not _equal(value, expected):
            sentence = _(
                "The file says %(said)s, its lines give %(sum)s.",
                said=_format_total(value),
                sum=_format_total(expected),
            )
            warnings.append(ImportProblem(place.at(key), sentence))


def _equal(value: Any, expected: Any) -> bool:
    if isinstance(value, Decimal) and isinstance(expected, int | float):
        return value == Decimal(str(expected))
    return bool(value == expected)


def _format_total(value: Any) -> str:
    return "–" if value is None else str(value)[:60]
