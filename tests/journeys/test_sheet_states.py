"""Accessibility of the states of a sheet: editing, refused, offline, conflict, locked, deleted, signed out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.accessibility import looked_at, pale
from tests.journeys.conftest import ExampleSite
from tests.sheet_page import forms_arrived, open_control, open_row

START = "kw-field[id$=-period_start]"
TEXT = "kw-text[id*=-description-]"
STEPS = "section[id^=rows-][id$=-steps]"


@pytest.fixture
def page(house: ExampleSite) -> Iterator[Page]:
    """A measure's page of a German editor, in a new browser context."""
    page = house.windows.open(house.people["editor", "de"])
    yield house.go(page, "measure", "?show=de")
    page.context.close()


def open_start(page: Page) -> Locator:
    return open_control(page, page.locator(START).get_attribute("id") or "")


def check_accessibility(page: Page) -> None:
    """All checks with light colours; with dark ones only contrasts, since nothing else differs."""
    page.emulate_media(color_scheme="light")
    faults = looked_at(page)
    page.emulate_media(color_scheme="dark")
    faults += pale(page)
    assert not faults, "\n".join(faults)


def test_a_text_that_is_being_written_with_its_toolbar_and_link_form(page: Page) -> None:
    text = page.locator(TEXT).first
    text.locator(".text-edit").click()
    expect(text.get_by_role("toolbar")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(text.locator(".text-link input")).to_be_focused()
    check_accessibility(page)


def test_a_value_that_is_refused(page: Page) -> None:
    open_start(page).fill("some day")
    page.keyboard.press("Tab")
    field = page.locator(START)
    expect(field.locator(".error")).to_be_visible()
    described = re.compile(re.escape(field.locator(".error").inner_text()))
    expect(field.locator("[name=value]")).to_have_accessible_description(described)
    check_accessibility(page)


def test_no_connection_and_something_waits(page: Page) -> None:
    forms_arrived(page)
    page.context.set_offline(True)
    expect(page.locator("#save-state")).to_have_attribute("data-state", "offline")
    open_start(page).fill("2031-01")
    page.keyboard.press("Tab")
    expect(page.locator(START).locator(".field-state")).to_be_visible()
    check_accessibility(page)
    page.set_viewport_size({"width": 480, "height": 700})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#save-state")).to_be_in_viewport()
    # Empties the field, so that no unsent input is left.
    page.locator(START).locator("[name=value]").fill("")


def test_words_that_could_not_be_saved_are_offered(page: Page) -> None:
    forms_arrived(page)  # else the pen fetches its form, which would be refused as well
    page.route("**/fields/**", lambda route: route.fulfill(status=403, body=""))
    open_start(page).fill("May 2031")
    page.keyboard.press("Tab")
    expect(page.locator(".offer")).to_be_visible()
    check_accessibility(page)
    page.locator(".offer-done").click()
    expect(page.locator(".offer")).to_have_count(0)


def test_the_list_of_keys(page: Page) -> None:
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_a_row_that_has_just_been_deleted(page: Page) -> None:
    steps = page.locator(STEPS)
    count = steps.locator("[data-row]").count()
    open_row(page, steps.locator("tr[data-row]").first.get_attribute("data-row") or "").locator(".row-delete").click()
    expect(steps.locator(".row-undo")).to_be_visible()
    check_accessibility(page)
    steps.locator(".row-undo").click()
    expect(steps.locator("[data-row]")).to_have_count(count)


def test_two_values_for_one_field(house: ExampleSite) -> None:
    german, partner = (
        house.go(house.windows.open(house.people["editor", code]), "other measure", f"?show={code}")
        for code in ("de", "en")
    )
    open_start(german).fill("Juni 2031")  # overwrites what an earlier run has left
    german.keyboard.press("Tab")
    expect(partner.locator(START).locator("> .value")).to_have_text("June 2031")
    forms_arrived(partner)
    partner.context.set_offline(True)
    for page, month in ((partner, "March 2032"), (german, "Mai 2032")):
        open_start(page).fill(month)
        page.keyboard.press("Tab")
    expect(german.locator("#save-state")).to_have_attribute("data-state", "saved")
    partner.context.set_offline(False)
    for page in (german, partner):
        expect(page.locator(START).locator(".conflict button")).to_have_count(2)
        check_accessibility(page)
    partner.locator(START).locator(".conflict button").first.click()
    expect(partner.locator(START).locator(".conflict")).to_have_count(0)
    for page in (german, partner):
        page.context.close()


def test_a_measure_that_is_closed_for_editing(house: ExampleSite) -> None:
    chair = house.go(house.window("coordinator", "en"), "other measure")
    chair.locator(".lock summary").click()
    chair.locator("#lock-reason").fill("We decide on Monday")
    chair.get_by_role("button", name="Close for editing").click()
    expect(chair.locator(".lock .notice")).to_be_visible()
    editor = house.go(house.window("editor", "de"), "other measure")
    for page in (chair, editor):
        check_accessibility(page)
    chair.get_by_role("button", name="Open for editing").click()
    expect(chair.locator(".lock .notice")).to_have_count(0)


def test_who_moderates_sees_on_a_wide_screen_that_all_else_is_closed_and_opens_it(house: ExampleSite) -> None:
    chair = house.go(house.window("coordinator", "en"), "other measure")
    chair.locator(".lock summary").click()
    chair.locator("#lock-scope").select_option("others")
    chair.get_by_role("button", name="Close for editing").click()
    notice = chair.locator(".lock .notice")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("Everything else is closed for editing.")
    notice.get_by_role("button", name="Open for editing").click()
    expect(notice).to_have_count(0)


def test_signing_in_again_in_the_page(house: ExampleSite) -> None:
    page = house.windows.open(house.people["editor", "en"], path=house.path["other measure"])
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    forms_arrived(page)
    page.context.clear_cookies()
    open_start(page).fill("May 2033")
    page.keyboard.press("Tab")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=30_000)
    check_accessibility(page)
    page.context.close()


def test_on_a_phone_a_value_of_a_table_stands_on_its_line_below_no_empty_row(page: Page) -> None:
    page.set_viewport_size({"width": 480, "height": 700})
    values = page.locator(".stackable td:is(.number, .num):not(:empty):visible")
    heights = values.evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert len(heights) > 20
    assert max(heights) < 40, "a value is broken into several lines"
    empty = page.locator(".below-row:visible").evaluate_all("all => all.filter((one) => !one.innerText.trim()).length")
    assert not empty
