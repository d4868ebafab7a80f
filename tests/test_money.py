"""Money: parsing, ambiguity, conversion to the cent, sums by source and certainty."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from klimawerk.codes import codes
from klimawerk.money import (
    Ambiguous,
    BadAmount,
    Rates,
    Status,
    parse_amount,
    parse_number,
    status_of,
    summed,
    sums,
    total,
    totals_by_currency,
)
from tests.amounts import decimals

RATES = Rates("EUR", "GHS", Decimal("13"))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("62000", "62000.00"),
        ("1.500,00", "1500.00"),
        ("1,500.00", "1500.00"),
        ("1 500,00", "1500.00"),
        ("1\u00a0500\u202f000", "1500000.00"),
        ("1'500", "1500.00"),
        ("1’500.5", "1500.50"),
        ("1.500.000", "1500000.00"),
        ("12,5", "12.50"),
        ("0.5", "0.50"),
        ("0,500", "0.50"),
        ("12.000.000,-", "12000000.00"),
        (" 7 ", "7.00"),
    ],
)
def test_clear_amounts(text: str, amount: str) -> None:
    for locale in ("de", "en"):
        assert parse_amount(text, locale) == Decimal(amount)


@pytest.mark.parametrize("text", ["1.500", "1,500", "62.000", "999,999", "1.234"])
def test_unclear_amounts_are_asked_about_with_the_likelier_reading_first(text: str) -> None:
    asked = {locale: parse_amount(text, locale) for locale in ("de", "en")}
    large = Decimal(text.replace(".", "").replace(",", ""))
    for reading in asked.values():
        assert isinstance(reading, Ambiguous)
        assert set(reading.readings) == {large, Decimal(text.replace(",", "."))}
    german_first = "de" if "." in text else "en"
    reading = asked[german_first]
    assert isinstance(reading, Ambiguous)
    assert reading.readings[0] == large


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "-5",
        "−5",
        "–1.500",
        "1.50.00",
        "1,50,000",
        "12.345,678",
        "1e5",
        "٣",
        "1000000000000",
        "5 €",
        "−" * 2_000,
        "-−5",
        "9" * 19_000,
        "0." + "0" * 19_000,
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(text: str, app: Flask) -> None:
    with pytest.raises(BadAmount) as refused:
        parse_amount(text, "de")
    assert str(refused.value.sentence).endswith(".")


def test_numbers_that_are_no_money_may_be_negative() -> None:
    assert parse_number("-15", "de") == -15
    assert parse_number("−0,125", "de") == Decimal("-0.125")
    assert parse_number("-1.500", "de") == Ambiguous((Decimal(-1500), Decimal("-1.500")))


def test_conversion_rounds_half_up_to_the_cent() -> None:
    rates = Rates("EUR", "GHS", Decimal("13.005"))
    assert rates.to_local(Decimal("1.00"), "EUR") == Decimal("13.01")
    assert rates.to_main(Decimal("100.01"), "GHS") == Decimal("7.69")
    assert rates.other(Decimal("2.00"), "EUR") == (Decimal("26.01"), "GHS")
    assert rates.to_main(Decimal("1"), "PEN") is None
    assert Rates("EUR").to_local(Decimal("1"), "EUR") is None
    assert Rates("EUR", "GHS").to_local(Decimal("1"), "EUR") is None


def line(amount: str, currency: str = "EUR", **cells: str) -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": currency}, **cells}


def test_sums_by_source_and_by_how_certain_the_money_is() -> None:
    totals = sums(
        [line("100.00"), line("1300.00", "GHS"), {}],
        [
            line("60.00", source="own_de", state="budgeted"),
            line("20.00", source="own_partner", state="idea"),
            line("30.00", source="nakopa", state="applied"),
            line("10.00", source="open", state="granted"),
            line("5.00", state="granted"),
            line("7.00", source="eu"),
            line("999.00", source="kpf", state="rejected"),
        ],
        RATES,
    )
    assert (totals.costs, totals.lines, totals.gap) == (Decimal(200), Decimal(132), Decimal(110))
    assert totals.gap == totals.costs - totals.of(Status.SECURED) - totals.of(Status.APPLIED)
    assert totals.by_status == {
        Status.SECURED: Decimal(60), Status.APPLIED: Decimal(30), Status.INTENDED: Decimal(27), Status.OPEN: Decimal(15)
    }, "without a source it is open, without a state only intended"  # fmt: skip
    assert sum(totals.by_status.values()) == sum(totals.by_source.values()) == totals.lines
    assert (totals.own("de"), totals.own("partner")) == (Decimal(60), Decimal(20)), "a grant is nobody's own funds"
    assert "kpf" not in totals.by_source
    assert (totals.unplanned, totals.overplanned) == decimals(68, 0)


def test_every_state_of_funding_has_its_status() -> None:
    """Else a new code would count as something that it is not."""
    known = {str(code.code): status_of({"source": "eu", "state": code.code}) for code in codes("funding_state")}
    assert known == {
        "idea": Status.INTENDED, "applied": Status.APPLIED, "granted": Status.SECURED, "budgeted": Status.SECURED,
        "rejected": Status.REJECTED,
    }  # fmt: skip


def test_money_beyond_one_measures_costs_closes_no_gap_of_another() -> None:
    rich = sums([line("100.00")], [line("150.00", source="kpf", state="granted")], RATES)
    poor = sums([line("80.00")], [], RATES)
    both = summed([rich, poor])
    assert (rich.gap, rich.excess, poor.gap) == decimals(0, 50, 80)
    assert (both.costs, both.of(Status.SECURED), both.gap, both.excess) == decimals(180, 150, 80, 50)
    assert both.costs == both.of(Status.SECURED) + both.gap - both.excess


def test_what_cannot_be_converted_is_in_no_sum_and_makes_no_gap() -> None:
    costs, given = [line("100.00"), line("5.00", "PEN")], [line("100.00", source="kpf", state="granted")]
    totals = sums(costs, given, RATES)
    assert (totals.costs, totals.unconverted) == (Decimal(100), 1)
    assert [amount for label, amount in totals.shown() if "Gap" in label] == [None], "nobody can tell"
    assert [amount for label, amount in sums(given, given, RATES).shown() if "Gap" in label] == [0]
    assert totals_by_currency([one["amount"] for one in costs], RATES) == [(Decimal(100), "EUR"), (Decimal(5), "PEN")]


@pytest.mark.parametrize("lines", [1, 3, 7])
def test_rounding_makes_no_gap_and_no_line_other_than_it_was_named(lines: int) -> None:
    """100 GHS are 7.69 EUR: three of them 23.07, and 300 GHS are 23.08."""
    costs = [line("100.00", "GHS")] * lines
    totals, local = (
        sums(costs, [line(f"{lines}00.00", "GHS", source="own_partner", state="budgeted")], RATES, currency)
        for currency in ("EUR", "GHS")
    )
    assert (totals.gap, totals.excess, totals.unplanned, totals.overplanned) == decimals(0, 0, 0, 0)
    assert (local.costs, local.own("partner"), local.gap) == decimals(lines * 100, lines * 100, 0)
    short = sums(costs, [line(f"{lines - 1}99.00", "GHS", source="own_partner", state="budgeted")], RATES)
    assert short.gap > 0, "a whole GHS is no rounding"


def test_cents_add_up_whatever_they_are() -> None:
    """A thousand random lines: the sum is that of the cents, unlike with floating point."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    cents = [rng.randrange(10**9) for _ in range(1_000)]
    in_euros = total(({"amount": f"{c // 100}.{c % 100:02d}", "currency": "EUR"} for c in cents), RATES)
    assert in_euros == Decimal(sum(cents)) / 100
