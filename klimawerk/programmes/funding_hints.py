"""Hints on costs and funding, based on published rules of funding programmes. They inform and never block.

The rates and limits are attributes of the funding sources in codes/lists.json, because calls for funding change.
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
"""Sources that funding programmes count towards the required own share: own funds, local third-party and Land funds."""
OWN_SHARE = Decimal("0.10")


@dataclass(frozen=True)
class MeasureBudget:
    """The data of one measure that the rules need: its values, and the cells of its cost, funding and in-kind rows."""

    id: int
    code: str
    values: Mapping[str, Any]
    costs: Sequence[Cells]
    funding: Sequence[Cells]
    in_kind: Sequence[Cells]


@dataclass(frozen=True)
class FundingHint:
    """A hint. `measures`: ids of those it is about. `part`: of their sheets ("costs", "funding", "period_end")."""

    rule: str
    sentence: LazyString
    measures: tuple[int, ...]
    part: str


def funding_hints(budgets: Iterable[MeasureBudget], rates: Rates) -> list[FundingHint]:
    """All hints about these measures. Measures with the same application id are checked together."""
    budgets = list(budgets)
    hints = [hint for budget in budgets for hint in _hints_for_measure(budget, rates)]
    for application in _applications(budgets):
        hints += application.hints(rates)
    return hints


def _hints_for_measure(budget: MeasureBudget, rates: Rates) -> Iterable[FundingHint]:
    totals = sums(budget.costs, budget.funding, rates)
    about = {"code": budget.code, "currency": rates.main}
    if totals.unplanned and not totals.unconverted:
        sentence = _(
            "%(code)s: no funding line stands for %(currency)s %(sum)s of the costs.",
            sum=_shown(totals.unplanned), **about,
        )  # fmt: skip
        yield FundingHint("unplanned", sentence, (budget.id,), "funding")
    elif totals.overplanned and not totals.unconverted:
        sentence = _(
            "%(code)s: the funding lines are %(currency)s %(sum)s higher than the costs.",
            sum=_shown(totals.overplanned), **about,
        )  # fmt: skip
        yield FundingHint("overplanned", sentence, (budget.id,), "funding")
    if still_open := totals.of(Status.OPEN):
        sentence = _("%(code)s: the source of %(currency)s %(sum)s is still open.", sum=_shown(still_open), **about)
        yield FundingHint("open", sentence, (budget.id,), "funding")
    if totals.unconverted:
        sentence = _("%(code)s: without a planning rate, some amounts are not part of the sum.", code=budget.code)
        yield FundingHint("rate", sentence, (budget.id,), "costs")
    if budget.values.get("no_cost") and totals.costs:
        sentence = _("%(code)s: marked “no cost”, but there are cost lines.", code=budget.code)
        yield FundingHint("no_cost", sentence, (budget.id,), "costs")


@dataclass(frozen=True)
class _GrantApplication:
    """A grant requested in one application, for one or more measures."""

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
        max_share = Decimal(str(self.source.extra["max_share"]))
        if grant > costs * max_share:
            yield self._hint("share", _(
                "%(name)s: the grant covers %(share)s %% of the costs; at most %(most)s %% are usual.",
                name=self._name(), share=_percent(grant / costs), most=_percent(max_share),
            ))  # fmt: skip
        cash = total((line.get("amount") for line in self._lines() if line.get("source") in OWN_SHARE_SOURCES), rates)
        if cash < costs * OWN_SHARE:
            yield self._hint("own_share", self._own_sentence(cash / costs))

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
        minimum, maximum = (self.source.extra.get(key) for key in ("grant_min_eur", "grant_max_eur"))
        if rates.main != "EUR" or not grant or minimum is None or maximum is None or minimum <= grant <= maximum:
            return
        yield self._hint("range", _(
            "%(name)s: the grant is EUR %(grant)s; usual are EUR %(least)s to %(most)s.",
            name=self._name(), grant=_shown(grant), least=_shown(Decimal(minimum)), most=_shown(Decimal(maximum)),
        ))  # fmt: skip

    def _months(self) -> Iterable[FundingHint]:
        """For grants only: a measure funded by a personnel post may last longer than the post."""
        max_months = self.source.extra.get("max_months")
        if max_months is None or "max_share" not in self.source.extra:
            return
        for budget in self.budgets:
            months = _months_between(budget.values.get("period_start"), budget.values.get("period_end"))
            if months and months > max_months:
                sentence = _(
                    "%(code)s runs for %(months)s months; this grant usually pays for at most %(most)s.",
                    code=budget.code, months=months, most=max_months,
                )  # fmt: skip
                yield FundingHint("months", sentence, (budget.id,), "period_end")

    def _lines(self) -> list[Cells]:
        return [line for budget in self.budgets for line in budget.funding if counts(line)]

    def _grant(self, rates: Rates) -> Decimal:
        code = self.source.code
        lines = (
            line for line in self._lines() if line.get("source") == code and line.get("application", "") == self.name
        )
        return total((line.get("amount") for line in lines), rates)

    def _name(self) -> str:
        return self.name or ", ".join(budget.code for budget in self.budgets)

    def _hint(self, rule: str, sentence: LazyString) -> FundingHint:
        return FundingHint(rule, sentence, tuple(budget.id for budget in self.budgets), "funding")


def _applications(budgets: list[MeasureBudget]) -> list[_GrantApplication]:
    """The grant applications. Lines without an application id form one application per measure and source."""
    grouped: dict[tuple[str, str, int], tuple[CodeEntry, str, list[MeasureBudget]]] = {}
    for budget in budgets:
        for line in budget.funding:
            source = find("funding_source", line.get("source"))
            if source is None or "max_share" not in source.extra or not counts(line):
                continue
            name = line.get("application", "")
            key = (str(source.code), name, 0 if name else budget.id)
            members = grouped.setdefault(key, (source, name, []))[2]
            if budget not in members:
                members.append(budget)
    return [_GrantApplication(*parts) for parts in grouped.values()]


def _months_between(start: str | None, end: str | None) -> int | None:
    """The number of months from start to end, both included; None if one of them is missing."""
    if not start or not end:
        return None
    first, last = first_day(start), last_day(end)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _shown(amount: Decimal) -> Any:
    """The amount in the reader's number format, without cents if there are none."""
    return LazyString(format_decimal, amount, format="#,##0" if amount == amount.to_integral_value() else "#,##0.00")


def _percent(share: Decimal) -> Any:
    return LazyString(format_decimal, (share * 100).quantize(Decimal("0.1")), format="#,##0.#")
