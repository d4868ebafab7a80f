"""A printed page is fit for a council: a measure on two pages, the programme with its pictures, and no controls."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import ExampleSite

pytestmark = pytest.mark.slow
CONTROLS = "button, .pen, .ways, .save-state, .jump, aside.panel, .toolbar, input, select"


@pytest.fixture(params=["de", "en"])
def page(house: ExampleSite, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = house.window("editor", request.param)
    page.set_viewport_size({"width": 1280, "height": 900})
    yield page
    page.emulate_media(media="screen")


def paper_pages(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4", prefer_css_page_size=True)))


def controls(page: Page) -> list[str]:
    return [one.inner_html()[:90] for one in page.locator(CONTROLS).all() if one.is_visible()]


def test_a_measure_takes_two_pages_and_shows_no_control(house: ExampleSite, page: Page) -> None:
    house.go(page, "measure")
    assert controls(page), "no control is ever seen: this proves nothing"
    page.emulate_media(media="print", color_scheme="light")
    assert controls(page) == []
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert paper_pages(page) <= 2


def test_the_programme_is_printed_with_its_pictures(house: ExampleSite, page: Page) -> None:
    house.go(page, "overview")
    page.emulate_media(media="print", color_scheme="light")
    assert controls(page) == []
    for picture in ("svg.axis", ".timeline svg[role=img]", "svg.certainty-bar", ".sdgs svg"):
        expect(page.locator(picture).first, picture).to_be_visible()
    assert paper_pages(page) <= 8
