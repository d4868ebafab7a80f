"""Budgets of a measure's page and its forms, counted on the HTML before packing, with the example's WA-01."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.sheets.models import Row
from klimawerk.web.compression import compress_quickly
from tests import factories
from tests.client import ProofReader
from tests.journeys.conftest import EXAMPLE, ExampleSite

MOST_TAGS, MOST_BYTES, MOST_FORM_BYTES, MOST_TAB_STOPS = 1_200, 90_000, 20_000, 100
TALLEST = 3_500  # pixels at a width of 1280
HTMX = {"HX-Request": "true"}


class _TagCounter(HTMLParser):
    tags = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags += 1


def count_tags(html: str) -> int:
    counter = _TagCounter()
    counter.feed(html)
    return counter.tags


@pytest.fixture
def example(app: Flask) -> Measure:
    """The measure WA-01 of the example programme."""
    return factories.measure(import_programme(EXAMPLE.read_bytes(), by=None), "WA-01")


@pytest.mark.parametrize("side", ["de", "partner"])
def test_a_measures_page_for_an_editor_fits_its_budget_of_tags_and_bytes(
    client: ProofReader, example: Measure, side: str
) -> None:
    _log_in_editor(client, example, side)
    page = client.get(f"/measures/{example.id}")
    tags, size = count_tags(page.text), len(page.data)
    print(f"\n{side}: {tags} tags, {size} bytes")
    assert (page.status_code, page.text.count('class="pen')) > (200, 30), "the page of an editor was not measured"
    assert tags <= MOST_TAGS
    assert size <= MOST_BYTES


@pytest.mark.parametrize("side", ["de", "partner"])
def test_all_forms_of_a_sheet_come_in_one_small_answer_without_tokens(
    client: ProofReader, example: Measure, side: str
) -> None:
    _log_in_editor(client, example, side)
    page = client.get(f"/measures/{example.id}").text
    forms = client.get(f"/items/{example.id}/forms", headers=HTMX)
    packed = len(compress_quickly(forms.data, "br"))
    print(f"\n{side}: {len(forms.data)} bytes, {packed} packed")
    assert forms.text.count("<form") > page.count("<form"), "the forms of the sheet were not measured"
    assert packed <= MOST_FORM_BYTES
    assert "csrf" not in forms.text
    assert client.token not in forms.text


def test_the_form_of_one_field_or_row_has_no_token_for_a_script_and_one_without(
    client: ProofReader, example: Measure
) -> None:
    _log_in_editor(client, example, "de")
    row = db.session.scalars(db.select(Row).where(Row.item_id == example.id, Row.kind == "steps")).first()
    assert row is not None
    for path in (f"/items/{example.id}/fields/priority", f"/rows/{row.id}"):
        assert "csrf_token" not in client.get(path, headers=HTMX).text, path
        assert 'name="csrf_token"' in client.get(path).text.split("<main", 1)[1], path


@pytest.fixture
def page(house: ExampleSite, browser: Browser) -> Iterator[Page]:
    """WA-01 for an editor in a window of 1280 by 900 pixels, without scripts."""
    known = house.window("editor", "de").context.storage_state()
    context = browser.new_context(
        storage_state=known,
        base_url=house.server.url,
        java_script_enabled=False,
        viewport={"width": 1280, "height": 900},
    )
    page = context.new_page()
    page.goto(house.path["measure"])
    yield page
    context.close()


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_measure_is_seen_in_four_screens_with_every_filled_row_in_sight(
    page: Page, house: ExampleSite, language: str
) -> None:
    page.goto(f"{house.path['measure']}?lang={language}")
    rows, fields = page.locator("tr[data-row]"), page.locator(".parts > .filled")
    assert rows.count() > 20
    assert fields.count() >= 9
    for element in (*rows.all(), *fields.all()):
        assert element.is_visible(), element.inner_text()
    assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST


def test_the_keyboard_reaches_the_end_of_a_measures_page_by_few_tab_stops(page: Page) -> None:
    stops = []
    for _ in range(3 * MOST_TAB_STOPS):
        page.keyboard.press("Tab")
        stop = page.locator(":focus")
        if not stop.count() or stop.evaluate("(element) => element.localName") in ("body", "html"):
            break
        stops.append(stop.evaluate("(element) => element.outerHTML.slice(0, 90)"))
    print(f"\n{len(stops)} tab stops")
    assert len(stops) > 20
    assert len(set(stops)) > len(stops) / 2, "the focus went round and round"
    assert len(stops) <= MOST_TAB_STOPS, "\n".join(stops)


def _log_in_editor(client: ProofReader, example: Measure, side: str) -> None:
    partnership = example.frame.partnership
    towns = dict(zip(("de", "partner"), partnership.municipalities, strict=True))
    client.login(factories.member(partnership, side, "editor", town=towns[side]))
