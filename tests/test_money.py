"""Money: read as people write it, never guessed, converted to the cent, summed per source."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from flask import Flask

from klimawerk.money import Ambiguous, BadAmount, Rates, parse_amount, parse_number, sums, total

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
    for found in asked.values():
        assert isinstance(found, Ambiguous)
        assert set(found.readings) == {large, Decimal(text.replace(",", "."))}
    german_first = "de" if "." in text else "en"
    found = asked[german_first]
    assert isinstance(found, Ambiguous)
    assert found.readings[0] == large


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


def line(amount: str, currency: str = "EUR", **cells: str) -> dict[str, object]:
    return {"amount": {"amount": amount, "currency": currency}, **cells}


def test_sums_per_source_and_currency_and_the_gap() -> None:
    found = sums(
        [line("100.00"), line("1300.00", "GHS"), line("5.00", "PEN"), {}],
        [
            line("60.00", source="own_de"),
            line("20.00", source="own_partner"),
            line("30.00", source="nakopa"),
            line("10.00", source="open"),
            line("999.00", source="kpf", state="rejected"),
        ],
        RATES,
    )
    assert (found.costs, found.funding, found.gap) == (Decimal(200), Decimal(120), Decimal(80))
    assert (found.own("de"), found.own("partner")) == (Decimal(60), Decimal(20)), "a grant is nobody's own funds"
    assert found.by_currency == {"EUR": Decimal(100), "GHS": Decimal(1300), "PEN": Decimal(5)}
    assert found.open_funding == 10
    assert "kpf" not in found.by_source
    assert found.unconverted == 1


def test_cents_add_up_whatever_they_are() -> None:
    """A thousand random lines: the sum is that of the cents, unlike with floating point."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    cents = [chance.randrange(10**9) for _ in range(1_000)]
    found = total(({"amount": f"{c // 100}.{c % 100:02d}", "currency": "EUR"} for c in cents), RATES)
    assert found == Decimal(sum(cents)) / 100
