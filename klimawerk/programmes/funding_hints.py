"""Hints on costs and funding, from the rules that funding programmes publish. They inform and never block.

Shares and limits stand with the sources in codes/lists.json, because calls change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from klimawerk.codes import CodeEntry, find
from klimawerk.money import Cells, Rates, Status, counts, sums, total
from klimawerk.sheets.date_parsing import first_day, last_day

OWN_SHARE_SOURCES = ("own_de", "own_partner", "third_local", "land")
"""What funding programmes count towards the own share that they ask for: more than own funds alone."""
OWN_SHARE = Decimal("0.10")


@dataclass(frozen=True)
class MeasureBudget:
    """What the rules look at in one measure: its fields, and the cells of its cost, funding and in-kind rows."""

    id: int
    code: str
    values: Mapping[str, Any]
    costs: Sequence[Cells]
    funding: Sequence[Cells]
    in_kind: Sequence[Cells]


@dataclass(frozen=True)
class FundingHint:
    """One sentence, the measures it is about, and the part of their sheets ("costs", "funding", "period_end")."""

    rule: str
    sentence: LazyString
    measures: tuple[int, ...]
    part: str


def funding_hints(budgets: Iterable[MeasureBudget], rates: Rates) -> list[FundingHint]:
    """Everything worth knowing about these measures, those with one application id looked at together."""
    budgets = list(budgets)
    found = [hint for budget in budgets for hint in _of_measure(budget, rates)]
    for application in _applications(budgets):
        found += application.hints(rates)
    return found


def _of_measure(budget: MeasureBudget, rates: Rates) -> Iterable[FundingHint]:
    found = sums(budget.costs, budget.funding, rates)
    about = {"code": budget.code, "currency": rates.main}
    if found.unplanned and not found.unconverted:
        sentence = _(
            "%(code)s: no funding line stands for %(sum)s %(currency)s of the costs.",
            sum=_shown(found.unplanned), **about,
        )  # fmt: skip
        yield FundingHint("unplanned", sentence, (budget.id,), "funding")
    elif found.overplanned and not found.unconverted:
        sentence = _(
            "%(code)s: the funding lines are %(sum)s %(currency)s higher than the costs.",
            sum=_shown(found.overplanned), **about,
        )  # fmt: skip
        yield FundingHint("overplanned", sentence, (budget.id,), "funding")
    if still_open := found.of(Status.OPEN):
        sentence = _("%(code)s: the source of %(sum)s %(currency)s is still open.", sum=_shown(still_open), **about)
        yield FundingHint("open", sentence, (budget.id,), "funding")
    if found.unconverted:
        sentence = _("%(code)s: without a planning rate, some amounts are not part of the sum.", code=budget.code)
        yield FundingHint("rate", sentence, (budget.id,), "costs")
    if budget.values.get("no_cost") and found.costs:
        sentence = _("%(code)s: marked “no cost”, but there are cost lines.", code=budget.code)
        yield FundingHint("no_cost", sentence, (budget.id,), "costs")


@dataclass(frozen=True)
class _GrantApplication:
    """A grant asked for in one application, for one or more measures."""

    source: CodeEntry
    name: str
    budgets: list[MeasureBudget]

    def hints(self, rates: Rates) -> Iterable[FundingHint]:
        if not any(sums(budget.costs, budget.funding, rates).unconverted for budget in self.budgets):
            yield from self._share(rates)
            yield from self._range(rates)
        yield from self._months()

    def _share(self, rates: Rates) -> Iterable[FundingHint]:
        costs = total((line.get("amount") for b in self.budgets for line in b.costs), rates)
        grant = self._grant(rates)
        if not costs or "max_share" not in self.source.extra:
            return
        most = Decimal(str(self.source.extra["max_share"]))
        if grant > costs * most:
            yield self._hint("share", _(
                "%(name)s: the grant covers %(share)s %% of the costs; at most %(most)s %% are usual.",
                name=self._name(), share=_percent(grant / costs), most=_percent(most),
            ))  # fmt: skip
        own = total((line.get("amount") for line in self._lines() if line.get("source") in OWN_SHARE_SOURCES), rates)
        if own < costs * OWN_SHARE:
            yield self._hint("own_share", self._own_sentence(own / costs))

    def _own_sentence(self, share: Decimal) -> LazyString:
        if any(budget.in_kind for budget in self.budgets):
            return _(
                "%(name)s: the own share in cash (own funds, local third-party funds, Land funds) is %(share)s %% of "
                "the costs; usually at least 10 %% are needed, and contributions in kind do not count.",
                name=self._name(), share=_percent(share),
            )  # fmt: skip
        return _(
            "%(name)s: the own share in cash (own funds, local third-party funds, Land funds) is %(share)s %% of the "
            "costs; usually at least 10 %% are needed.",
            name=self._name(), share=_percent(share),
        )  # fmt: skip

    def _range(self, rates: Rates) -> Iterable[FundingHint]:
        grant = self._grant(rates)
        least, most = (self.source.extra.get(key) for key in ("grant_min_eur", "grant_max_eur"))
        if rates.main != "EUR" or not grant or least is None or most is None or least <= grant <= most:
            return
        yield self._hint("range", _(
            "%(name)s: the grant is %(grant)s EUR; usual are %(least)s to %(most)s EUR.",
            name=self._name(), grant=_shown(grant), least=_shown(Decimal(least)), most=_shown(Decimal(most)),
        ))  # fmt: skip

    def _months(self) -> Iterable[FundingHint]:
        """Only for grants: a measure paid for by a post may well outlast it."""
        most = self.source.extra.get("max_months")
        if most is None or "max_share" not in self.source.extra:
            return
        for budget in self.budgets:
            months = _months_between(budget.values.get("period_start"), budget.values.get("period_end"))
            if months and months > most:
                sentence = _(
                    "%(code)s runs for %(months)s months; this grant usually pays for at most %(most)s.",
                    code=budget.code, months=months, most=most,
                )  # fmt: skip
                yield FundingHint("months", sentence, (budget.id,), "period_end")

    def _lines(self) -> list[Cells]:
        return [line for budget in self.budgets for line in budget.funding if counts(line)]

    def _grant(self, rates: Rates) -> Decimal:
        code = self.source.code
        own = (
            line for line in self._lines() if line.get("source") == code and line.get("application", "") == self.name
        )
        return total((line.get("amount") for line in own), rates)

    def _name(self) -> str:
        return self.name or ", ".join(budget.code for budget in self.budgets)

    def _hint(self, rule: str, sentence: LazyString) -> FundingHint:
        return FundingHint(rule, sentence, tuple(budget.id for budget in self.budgets), "funding")


def _applications(budgets: list[MeasureBudget]) -> list[_GrantApplication]:
    """Lines without an application id count as one application per measure and source."""
    found: dict[tuple[str, str, int], tuple[CodeEntry, str, list[MeasureBudget]]] = {}
    for budget in budgets:
        for line in budget.funding:
            source = find("funding_source", line.get("source"))
            if source is None or "max_share" not in source.extra or not counts(line):
                continue
            name = line.get("application", "")
            key = (str(source.code), name, 0 if name else budget.id)
            members = found.setdefault(key, (source, name, []))[2]
            if budget not in members:
                members.append(budget)
    return [_GrantApplication(*parts) for parts in found.values()]


def _months_between(start: str | None, end: str | None) -> int | None:
    """Whole months from the first to the last, both included."""
    if not start or not end:
        return None
    first, last = first_day(start), last_day(end)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _shown(amount: Decimal) -> Any:
    """In the reader's own way, without cents where there are none."""
    return LazyString(format_decimal, amount, format="#,##0" if amount == amount.to_integral_value() else "#,##0.00")


def _percent(share: Decimal) -> Any:
    return LazyString(format_decimal, (share * 100).quantize(Decimal("0.1")), format="#,##0.#")
