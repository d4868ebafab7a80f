"""What opens on a sheet moves nothing that stands above it, nor what was pressed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import ExampleSite
from tests.sheet_page import forms_arrived

STEPS = "section[id^=rows-][id$=-steps]"
AT_MOST = 2  # pixels


@pytest.fixture(params=[480, 1280])
def page(request: pytest.FixtureRequest, house: ExampleSite) -> Iterator[Page]:
    """A measure's page, read in English, whose forms have arrived; each time in a new browser context."""
    page = house.windows.open(house.people["editor", "en"], viewport={"width": request.param, "height": 800})
    house.go(page, "measure", "?show=en")
    forms_arrived(page)
    expect(page.locator("#people p").first).to_be_visible()  # with others here, it takes more than its room
    yield page
    page.context.close()


def top(place: Locator) -> float:
    return float(place.evaluate("(one) => one.getBoundingClientRect().top"))


def test_a_field_opens_where_it_is(page: Page) -> None:
    field = page.locator("kw-field[id$=-period_start]")
    field.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
    before = top(field), top(field.locator("> .label"))
    field.locator(".pen").click()
    expect(field.locator("[name=value]")).to_be_focused()
    assert top(field) == pytest.approx(before[0], abs=AT_MOST)
    assert top(field.locator(".label:visible").first) == pytest.approx(before[1], abs=AT_MOST)


def test_a_row_opens_where_it_is_and_its_neighbour_above_stays(page: Page) -> None:
    rows = page.locator(f"{STEPS} tr[data-row]")
    pressed = rows.nth(1)
    pressed.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
    before = top(pressed), top(rows.first)
    pressed.locator(".pen").click()
    expect(pressed.locator("[data-row-form]")).to_be_visible()
    assert top(pressed) == pytest.approx(before[0], abs=AT_MOST)
    assert top(rows.first) == pytest.approx(before[1], abs=AT_MOST)


def test_the_first_line_of_a_text_stays_where_it_was_pressed(page: Page) -> None:
    text = page.locator("kw-text[id*=-description-en]")
    line = text.locator(".text-body p").first
    line.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
    before = top(line)
    line.click(position={"x": 4, "y": 8})
    expect(text.get_by_role("toolbar")).to_be_visible()
    assert top(line) == pytest.approx(before, abs=AT_MOST)
    bottom = text.get_by_role("toolbar").evaluate("(one) => one.getBoundingClientRect().bottom")
    assert bottom <= before + AT_MOST, "the toolbar covers the line that was pressed"


def test_who_is_here_moves_nothing_as_long_as_that_is_oneself(page: Page) -> None:
    people, below = page.locator("#people"), page.locator("section.group").first
    people.evaluate("(one) => { one.replaceChildren(one.firstElementChild); one.hidden = false }")
    shown = top(below)
    people.evaluate("(one) => { one.replaceChildren(); one.hidden = true }")
    assert top(below) == pytest.approx(shown, abs=AT_MOST)
