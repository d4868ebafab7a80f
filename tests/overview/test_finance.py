"""Finance of a programme: sums, funding and gap are the same on pages, in editions, files and previews."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.import_preview import ImportPreview
from klimawerk.exchange.service import export_programme, import_programme, preview
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories, shared_caches
from tests.amounts import decimals
from tests.client import ProofReader
from tests.factories import Team

TOTALS: dict[str, Any] = json.loads(EXAMPLE.read_bytes())["totals"]
BY_SOURCE: dict[str, int] = TOTALS["funding_by_source_eur"]
SECURED, APPLIED, INTENDED = "Secured (granted, in the budget)", "Applied for", "Only intended"
OPEN, GAP = "Source open", "Gap (neither secured nor applied for)"


class Example:
    """The example programme, with a client of an observer of Abenkrom."""

    def __init__(self, programme: Programme, client: ProofReader) -> None:
        self.programme, self.client = programme, client
        client.login(factories.member(programme.frame.partnership, "partner", "observer"))

    def page(self) -> str:
        return self.client.get(f"/programmes/{self.programme.id}").text

    def panel(self, code: str) -> dict[str, str]:
        return panel(self.client, factories.measure(self.programme, code))


@pytest.fixture(scope="module")
def example(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """Created once per module; tests must not change it."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copy(_sqlite_template, folder / "klimawerk.sqlite")
    app = create_app(
        configuration.load(
            instance=folder / "instance",
            database_url=f"sqlite:///{folder}/klimawerk.sqlite",
            secret_key="tests",
            testing=True,
            rate_limits=False,
        )
    )
    app.test_client_class = ProofReader
    shared_caches.remember(app)
    with app.app_context():
        client = app.test_client()
        assert isinstance(client, ProofReader)
        yield Example(import_programme(EXAMPLE.read_bytes(), by=None), client)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def small(team: Team) -> Programme:
    """A programme with a measure of 62,000 EUR costs and 2,000 EUR own funds without a state, and one without any."""
    return factories.programme(team)


def finance_table(page: str) -> dict[str, list[Decimal | str]]:
    """{label: amounts in both currencies} of the finance table on a page."""
    section = page[page.index('id="finance"') :]
    section = section[: section.index("</table>")]
    lines: dict[str, list[Decimal | str]] = {}
    for row in re.findall(r"<tr.*?>(.*?)</tr>", section, re.DOTALL):
        label, *amounts = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)]
        lines[label] = [Decimal(text.replace(",", "")) if re.search(r"\d", text) else text for text in amounts]
    return lines


def panel(client: ProofReader, measure: Measure) -> dict[str, str]:
    """{label: amount} of the money panel on the measure's page."""
    page = client.get(f"/measures/{measure.id}").text
    section = page[page.index(f'id="sums-{measure.id}"') :]
    rows = re.findall(
        r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', section[: section.index("</section>")]
    )
    return {label: amount.replace("\u00a0", " ") for label, amount in rows}


def fund(measure: Measure, amount: str, currency: str = "EUR", **cells: str) -> None:
    append_row(measure, "funding", {"amount": {"amount": amount, "currency": currency}, **cells}, by=None)


# Own funds


def test_own_funds_are_own_funds_and_every_grant_stands_by_its_source(example: Example) -> None:
    lines = finance_table(example.page())
    assert lines["Own funds of Stadt Wiesenbrück"] == [BY_SOURCE["own_de"], BY_SOURCE["own_de"] * 13]
    assert lines["Own funds of Stadt Wiesenbrück"] == [104_000, 1_352_000]
    assert lines["Own funds of Abenkrom Municipal Assembly"][0] == BY_SOURCE["own_partner"] == 53_000
    assert lines["SKEW/BMZ: Small Projects Fund"][0] == BY_SOURCE["kpf"]
    assert lines["National funds of the partner country"][0] == BY_SOURCE["partner_national"]
    assert not [name for name in lines if name.startswith("Own funds of the")], "each source has one line"


def test_own_funds_in_the_partners_currency_are_the_same_on_the_page_and_in_the_file(
    client: ProofReader, team: Team, small: Programme
) -> None:
    measure = factories.measure(small)
    fund(measure, "1300.00", "GHS", source="own_partner", state="budgeted")
    fund(measure, "9.00", source="own_de", state="rejected")
    fund(measure, "7.00", source="nakopa", state="granted")
    fund(measure, "5.00")
    client.login(team.de["observer"])
    lines = finance_table(client.get(f"/programmes/{small.id}?lang=en").text)
    assert lines["Own funds of Exampleton"] == [100, 1_300]
    assert lines["Own funds of Musterstadt"][0] == 2_000, "neither what was rejected nor a German grant"
    exported = export_programme(small)["totals"]
    assert exported["funding_by_source_eur"] == {"nakopa": 7, "open": 5, "own_de": 2_000, "own_partner": 100}
    assert lines["All funding lines"][0] == sum(exported["funding_by_source_eur"].values())


def test_a_fixed_copy_keeps_the_sums_that_the_programme_had(client: ProofReader, team: Team, small: Programme) -> None:
    client.login(team.partner["coordinator"])
    editions_path = f"/programmes/{small.id}/editions"
    assert client.post(editions_path, data={"name": "As decided", "purpose": "council"}).status_code == 303
    table_before = finance_table(client.get(f"/programmes/{small.id}").text)
    fund(factories.measure(small), "1.00", source="own_de", state="granted")
    table_after = finance_table(client.get(f"/programmes/{small.id}").text)
    assert finance_table(client.get(f"{editions_path}/1").text) == table_before != table_after
    assert (table_before[SECURED][0], table_after[SECURED][0]) == decimals(0, 1)


# The gap


def test_the_gap_is_what_is_neither_secured_nor_applied_for(example: Example) -> None:
    lines = {name: amounts[0] for name, amounts in finance_table(example.page()).items()}
    assert lines["Costs"] == lines["All funding lines"] == sum(BY_SOURCE.values()) == TOTALS["budget_eur"]
    assert lines[OPEN] == lines["Funding open"] == BY_SOURCE["open"] == 108_000
    secured, applied, intended = (Decimal(lines[name]) for name in (SECURED, APPLIED, INTENDED))
    assert (secured, applied, intended) == decimals(256_000, 342_000, 400_000)
    assert lines[GAP] == TOTALS["budget_eur"] - secured - applied == intended + BY_SOURCE["open"] == 508_000


def test_a_measure_whose_source_is_open_has_a_gap(example: Example) -> None:
    assert example.panel("GR-03") == {
        "Costs": "EUR 120,000",
        SECURED: "EUR 0",
        INTENDED: "EUR 12,000",
        OPEN: "EUR 108,000",
        GAP: "EUR 120,000",
    }
    assert example.panel("GR-01") == {"Costs": "EUR 88,000", SECURED: "EUR 88,000", GAP: "EUR 0"}


def test_a_grant_that_is_rejected_and_a_measure_that_is_deleted_leave_the_sums(
    client: ProofReader, team: Team, small: Programme
) -> None:
    measure = factories.measure(small)
    fund(measure, "60000.00", source="nakopa", state="granted")
    client.login(team.partner["observer"])
    assert panel(client, measure)[GAP] == "EUR 2,000"
    grant = rows_of(measure)["funding"][-1]
    state = FieldRef(measure, "state", grant)
    set_value(state, "rejected", based_on=state.rev, by=team.de["editor"].id)
    amounts = panel(client, measure)
    assert (amounts[GAP], amounts["Costs without a funding line"]) == ("EUR 62,000", "EUR 60,000")
    page = client.get(f"/programmes/{small.id}").text
    assert finance_table(page)["Costs"][0] == 62_000
    assert "1 measure has no costs yet." in page
    delete_item(measure, by=team.partner["editor"].id)
    assert finance_table(client.get(f"/programmes/{small.id}").text)["Costs"][0] == 0
    assert export_programme(small)["totals"]["budget_eur"] == 0


def test_what_has_no_rate_stands_beside_the_sum_and_leaves_the_gap_open(
    client: ProofReader, team: Team, small: Programme
) -> None:
    measure = factories.measure(small)
    append_row(measure, "costs", {"amount": {"amount": "500.00", "currency": "USD"}}, by=None)
    client.login(team.partner["observer"])
    page = client.get(f"/programmes/{small.id}").text
    assert "EUR\u00a062,000 + USD\u00a0500" in page
    assert finance_table(page)[GAP] == ["–", "–"], "nobody can tell"
    assert panel(client, measure)[GAP] == "–"


def test_a_grant_for_two_measures_is_judged_on_the_page_of_each_by_both(
    client: ProofReader, team: Team, small: Programme
) -> None:
    first, second = factories.measure(small), factories.measure(small, "WA-02")
    for measure in (first, second):
        fund(measure, "30000.00", source="nakopa", application="N-1")
    client.login(team.partner["observer"])
    assert "N-1: the grant is" not in client.get(f"/measures/{first.id}").text, "together 60,000, which is usual"
    delete_item(second, by=team.partner["editor"].id)
    assert "N-1: the grant is EUR 30,000; usual are EUR 50,000" in client.get(f"/measures/{first.id}").text


def test_the_preview_of_an_import_shows_the_same_sums(app: Flask) -> None:
    stored = ImportPreview.of(preview(EXAMPLE.read_bytes()), ["de", "en"]).as_json()
    loaded = ImportPreview.from_json(json.loads(json.dumps(stored)))
    amounts = {entry.label["en"]: entry.amount for entry in loaded.sums}
    assert (amounts["Costs"], amounts[OPEN], amounts[GAP]) == decimals(TOTALS["budget_eur"], BY_SOURCE["open"], 508_000)
    assert "Lücke (weder gesichert noch beantragt)" in [entry.label["de"] for entry in loaded.sums]
    earlier_format = {key: value for key, value in stored.items() if key not in ("sums", "unconverted")}
    assert ImportPreview.from_json({**earlier_format, "costs": "1.00", "funding": "1.00"}).sums == [], (
        "of before an update"
    )


def test_an_open_page_of_the_programme_gets_the_sums_when_money_moves_and_only_then(
    client: ProofReader, team: Team, small: Programme
) -> None:
    measure = factories.measure(small)
    client.login(team.partner["editor"])
    since = int(client.fragment(f"/items/{measure.id}/line").headers["X-Rev"])
    client.post(f"/items/{measure.id}/fields/priority", data={"value": "low", "rev": measure.revs["priority"]})
    assert 'id="finance"' not in client.fragment(f"/items/{measure.id}/line?since={since}").text
    fund(measure, "60000.00", source="nakopa", state="granted")
    newer = client.fragment(f"/items/{measure.id}/line?since={since}")
    assert finance_table(newer.text)[GAP][0] == 2_000
    assert 'id="finance"' not in client.fragment(f"/items/{measure.id}/line?since={newer.headers['X-Rev']}").text
    since = int(client.fragment(f"/items/{small.id}/changes").headers["X-Rev"])
    client.post(f"/items/{measure.id}/delete")
    assert finance_table(client.fragment(f"/items/{small.id}/changes?since={since}").text)["Costs"][0] == 0
