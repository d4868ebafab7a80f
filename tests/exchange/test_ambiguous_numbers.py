"""Numbers in text: ambiguous ones lead to a question at every input, unreadable ones are refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from flask import Flask

from klimawerk.exchange.table_columns import ColumnLayout
from klimawerk.exchange.table_values import PasteContext, PastedTable, read_grid
from klimawerk.extensions import db
from klimawerk.measures.content import SHEET
from klimawerk.money import Ambiguous, BadAmount, parse_amount, parse_number
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.client import ProofReader


@pytest.mark.parametrize("text", ["1500.000", "1500,000", "0001.500", "−1500.000", "1.500 Mio.", "12345678.900"])
def test_one_separator_before_three_digits_is_asked_about(text: str) -> None:
    for locale in ("de", "en", "fr", "es"):
        assert isinstance(parse_number(text, locale), Ambiguous)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.3456", "12.3456"),
        ("0,500", "0.5"),
        ("1500.50", "1500.50"),
        ("1'500.–", "1500"),
        ("1.500,-", "1500"),
        ("5 Mio.", "5000000"),
        ("1,5 Millionen", "1500000"),
        ("2 Tsd.", "2000"),
        ("2 mil millones", "2000000000"),
        ("3 milliards", "3000000000"),
        ("1 500.000", "1500"),
    ],
)
def test_what_can_mean_one_thing_is_understood(text: str, number: str) -> None:
    assert parse_number(text, "de") == parse_number(text, "en") == Decimal(number)


@pytest.mark.parametrize(
    "text", ["1.5e3", "5 Billion", "5 T", "12,50,-", "1500.000.5", "10 %", "1,23,456", "ca. 5", "5-6"]
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parse_number(text, "en")


def _costs(*cells: str, heading: str = "Kosten", reading: str = "") -> PastedTable:
    context = PasteContext("de", "de", ("EUR", "GHS"), "EUR", {}, readings={"reading-0": reading})
    fields = {"amount": SHEET.rows["costs"].by_name["amount"]}
    return read_grid([[heading], *([cell] for cell in cells)], ColumnLayout(("amount",), heading=True), fields, context)


def _amounts(pasted: PastedTable) -> list[str]:
    return [f"{cell.value['amount']} {cell.value['currency']}" if cell.value else "" for [cell] in pasted.rows]


def test_an_answer_for_a_column_rounds_no_amount(app: Flask) -> None:
    """Before, "1.234" read as a decimal number was stored as 1.23."""
    small, large = _costs("1.500", "1.234", reading="small"), _costs("1.500", "1.234", reading="large")
    assert (_amounts(small), small.problems, small.open_questions) == (["1.50 EUR", ""], 1, False)
    assert small.unclear, "the question stands, so that it can be answered anew"
    assert (_amounts(large), large.problems) == (["1500.00 EUR", "1234.00 EUR"], 0)


@dataclass
class HeadedAmount:
    heading: str
    cell: str
    amount: str


HEADED_AMOUNTS = [
    HeadedAmount("Kosten (Tsd. €)", "50", "50000.00 EUR"),
    HeadedAmount("Betrag in TEUR", "1,2345", "1234.50 EUR"),
    HeadedAmount("Cost (k€)", "5 Mio.", "5000000.00 EUR"),
    HeadedAmount("Cost (GHS)", "50", "50.00 GHS"),
    HeadedAmount("Kosten in Mio. GHS", "50 EUR", "50000000.00 EUR"),
    HeadedAmount("Kosten", "TEUR 50", "50000.00 EUR"),
    HeadedAmount("Kosten", "50 T€", "50000.00 EUR"),
    HeadedAmount("Kosten", "5 Tsd. GHS", "5000.00 GHS"),
    HeadedAmount("Kosten (EUR/GHS)", "50", "50.00 EUR"),
    HeadedAmount("Costs for all", "50", "50.00 EUR"),
    HeadedAmount("Cost (USD)", "50", ""),
    HeadedAmount("Cost ($)", "50", ""),
    HeadedAmount("Cost ($)", "50 €", "50.00 EUR"),
    HeadedAmount("Kosten", "50 USD", ""),
]


def test_the_heading_says_in_what_amounts_are_counted(app: Flask) -> None:
    for case in HEADED_AMOUNTS:
        pasted = _costs(case.cell, heading=case.heading)
        assert (_amounts(pasted), pasted.problems) == ([case.amount], not case.amount), case


def test_a_multiplied_column_is_said(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    data = {"table": "What\tCost (Tsd. €)\nBins\t50", "step": "look"}
    page = client.post(f"/items/{measure.id}/paste/costs", data=data).get_data(as_text=True)
    assert "“Cost (Tsd. €)”: the numbers of this column are multiplied by 1,000." in page
    assert "EUR\N{NO-BREAK SPACE}50,000" in page


def test_a_rate_that_can_mean_two_things_is_asked_about(client: ProofReader) -> None:
    """Before, a rate of "4.100" was stored as 4.1."""
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.partner["coordinator"])
    address = f"/partnerships/{team.partnership.id}/joint/rate"
    for rate, question in (("4.100", "4.1 or 4100"), ("655,957", "655957 or 655.9570"), ("13,5", "")):
        data = {"programme": str(programme.id), "rate": rate, "date": "2026-11-01", "remark": ""}
        answer = client.post(address, data=data)
        assert answer.status_code == (422 if question else 302)
        assert f"Do you mean {question}? Please write it so." in answer.get_data(as_text=True) or not question


def test_a_field_asks_too(client: ProofReader) -> None:
    team = factories.partnership()
    row = rows_of(factories.measure(factories.programme(team)))["costs"][0]
    client.login(team.partner["editor"])
    for submitted, stored in (("1500.000", "62000.00"), ("1.500.000", "1500000.00"), ("5 Mio.", "5000000.00")):
        form = {"value": submitted, "currency": "EUR", "rev": str(row.revs["amount"])}
        answer = client.post(f"/rows/{row.id}/cells/amount", data=form, headers={"HX-Request": "true"})
        db.session.expire_all()
        assert row.cells["amount"]["amount"] == stored
        assert ("Do you mean" in answer.get_data(as_text=True)) == (submitted == "1500.000")


def test_amounts_are_read_by_the_same_rule() -> None:
    assert isinstance(parse_amount("1500.000", "de"), Ambiguous)
    assert parse_amount("1.500,00", "de") == parse_amount("1'500.–", "de") == Decimal("1500.00")
