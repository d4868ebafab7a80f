"""Funding hints: each rule gives a hint if it is broken, and none if it is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.service import preview
from klimawerk.money import Rates
from klimawerk.programmes.funding_hints import FundingHint, MeasureBudget, funding_hints

RATES = Rates("EUR", "GHS", Decimal(13))


def money(amount: int | str, **cells: str) -> dict[str, Any]:
    return {"amount": {"amount": str(amount), "currency": "EUR"}, **cells}


def budget(costs: int, *funding: dict[str, Any], id_: int = 1, **values: Any) -> MeasureBudget:
    in_kind = values.pop("in_kind", [])
    return MeasureBudget(id_, f"WA-0{id_}", values, [money(costs)] if costs else [], list(funding), in_kind)


def hints_by_rule(*budgets: MeasureBudget) -> dict[str, FundingHint]:
    return {hint.rule: hint for hint in funding_hints(budgets, RATES)}


def test_a_sound_application_gives_no_hint() -> None:
    sound = budget(
        60_000, money(54_000, source="nakopa", application="N-1"), money(6_000, source="own_de"),
        period_start="2027-01", period_end="2028-12",
    )  # fmt: skip
    assert hints_by_rule(sound) == {}


@pytest.mark.parametrize(
    ("broken", "rule", "words"),
    [
        (budget(100, money(60, source="own_de")), "unplanned",
         "WA-01: no funding line stands for EUR 40 of the costs."),
        (budget(100, money(140, source="own_de")), "overplanned", "the funding lines are EUR 40 higher than the costs"),
        (budget(100, money(100, source="open")), "open", "the source of EUR 100 is still open"),
        (budget(100, no_cost="yes"), "no_cost", "marked “no cost”, but there are cost lines"),
        (budget(60_000, money(57_000, source="nakopa"), money(3_000, source="own_de")), "share",
         "the grant covers 95 % of the costs; at most 90 % are usual"),
        (budget(60_000, money(54_000, source="nakopa"), money(6_000, source="eu")), "own_share",
         "the own share in cash (own funds, local third-party funds, Land funds) is 0 % of the costs"),
        (budget(60_000, money(54_000, source="nakopa"), money(6_000, source="eu"), in_kind=[{"text.de": "Räume"}]),
         "own_share", "contributions in kind do not count"),
        (budget(30_000, money(27_000, source="nakopa"), money(3_000, source="own_de")), "range",
         "the grant is EUR 27,000; usual are EUR 50,000 to 250,000"),
        (budget(20_000, money(18_000, source="kpf"), money(2_000, source="own_de"), period_start="2027-01",
                period_end="2028-01"), "months", "WA-01 runs for 13 months; this grant usually pays for at most 12"),
    ],
)  # fmt: skip
def test_each_rule_speaks_when_it_is_broken(broken: MeasureBudget, rule: str, words: str, app: Flask) -> None:
    hints = hints_by_rule(broken)
    assert words in str(hints[rule].sentence)
    assert hints[rule].measures == (1,)


def test_measures_with_one_application_are_looked_at_together() -> None:
    grant = {"source": "fkkp", "application": "F-1"}
    first = budget(100_000, money(100_000, **grant), id_=1)
    second = budget(200_000, money(160_000, **grant), money(40_000, source="own_partner"), id_=2)
    assert hints_by_rule(first, second) == {}
    assert {"share", "own_share", "range"} <= set(hints_by_rule(first))


def test_a_rejected_grant_counts_nowhere() -> None:
    hints = hints_by_rule(
        budget(60_000, money(59_000, source="nakopa", state="rejected"), money(60_000, source="own_de"))
    )
    assert hints == {}


def test_amounts_without_a_rate_are_said_and_nothing_is_concluded_from_the_rest() -> None:
    line = {"amount": {"amount": "5.00", "currency": "PEN"}}
    assert set(hints_by_rule(MeasureBudget(1, "A", {}, [line], [], []))) == {"rate"}
    grant = money(60_000, source="nakopa", state="granted")
    assert set(hints_by_rule(MeasureBudget(1, "A", {}, [money(60_000), line], [grant], []))) == {"rate"}
    assert {"share", "own_share"} <= set(hints_by_rule(MeasureBudget(1, "A", {}, [money(60_000)], [grant], [])))


def test_the_example_keeps_every_rule_but_the_open_source(app: Flask) -> None:
    measures = preview(EXAMPLE.read_bytes()).draft.measures
    budgets = [
        MeasureBudget(n, m.code, m.values, *(m.rows.get(kind, []) for kind in ("costs", "funding", "in_kind")))
        for n, m in enumerate(measures)
    ]
    hints = funding_hints(budgets, RATES)
    assert {hint.rule for hint in hints} <= {"open", "months"}
    assert "open" in {hint.rule for hint in hints}
