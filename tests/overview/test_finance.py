"""Resources and finance on a programme's page: figures that a council can check line by line."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.service import export_programme, import_programme
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import append_row
from tests import factories
from tests.client import ProofReader

TOTALS: dict[str, Any] = json.loads(EXAMPLE.read_bytes())["totals"]
DE, PARTNER = "Stadt Wiesenbrück", "Abenkrom Municipal Assembly"


def table(page: str) -> dict[str, list[Decimal]]:
    """The table of resources and finance: what each line is called, and its amounts in both currencies."""
    section = page[page.index('id="finance"') :]
    section = section[: section.index("</table>")]
    found = {}
    for row in re.findall(r"<tr.*?>(.*?)</tr>", section, re.DOTALL):
        cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)]
        found[cells[0]] = [Decimal(cell.replace(",", "")) for cell in cells[1:] if re.search(r"\d", cell)]
    return found


@pytest.fixture
def example(app: object) -> Programme:
    return import_programme(EXAMPLE.read_bytes(), by=None)


def read(client: ProofReader, programme: Programme, path: str = "") -> dict[str, list[Decimal]]:
    client.login(factories.member(programme.frame.partnership, "partner", "observer"))
    return table(client.get(path or f"/programmes/{programme.id}").text)


def test_own_funds_are_own_funds_and_every_grant_stands_by_its_source(client: ProofReader, example: Programme) -> None:
    by_source = TOTALS["funding_by_source_eur"]
    lines = read(client, example)
    assert lines[f"Own funds of {DE}"] == [by_source["own_de"], by_source["own_de"] * 13] == [104_000, 1_352_000]
    assert lines[f"Own funds of {PARTNER}"] == [by_source["own_partner"], by_source["own_partner"] * 13]
    assert lines["SKEW/BMZ: Small Projects Fund"] == [by_source["kpf"], by_source["kpf"] * 13]
    assert lines["National funds of the partner country"][0] == by_source["partner_national"]
    assert not [name for name in lines if name.startswith("Own funds of the")], "each source has one line"


def test_a_fixed_copy_shows_the_same_sums_as_the_programme_did(client: ProofReader, example: Programme) -> None:
    client.login(factories.member(example.frame.partnership, "de", "coordinator"))
    copy = client.post(f"/programmes/{example.id}/editions", {"name": "As decided", "purpose": "council"}).location
    before = read(client, example)
    measure = factories.measure(example)
    append_row(measure, "funding", {"source": "own_de", "amount": {"amount": "1.00", "currency": "EUR"}}, by=None)
    assert read(client, example, copy) == before != read(client, example)


def test_own_funds_in_the_partners_currency_and_without_a_source_are_the_same_in_the_file(
    client: ProofReader, example: Programme
) -> None:
    measure = factories.measure(example)
    for cells in (
        {"source": "own_partner", "amount": {"amount": "1300.00", "currency": "GHS"}},
        {"source": "own_de", "amount": {"amount": "9.00", "currency": "EUR"}, "state": "rejected"},
        {"amount": {"amount": "5.00", "currency": "EUR"}},
    ):
        append_row(measure, "funding", cells, by=None)
    lines = read(client, example)
    assert lines[f"Own funds of {PARTNER}"][0] == TOTALS["funding_by_source_eur"]["own_partner"] + 100
    assert lines[f"Own funds of {DE}"][0] == TOTALS["funding_by_source_eur"]["own_de"], "rejected money is none"
    exported = export_programme(example)["totals"]["funding_by_source_eur"]
    assert exported == {**TOTALS["funding_by_source_eur"], "own_partner": 53_100, "open": 108_005}
