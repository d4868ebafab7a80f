"""The frame of every page: nothing in the bar moves, a phone's keyboard and the ways share the room, menus close."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from klimawerk.sheets.service import FieldRef
from tests import factories
from tests.accessibility import Colours, barriers, sideways, small_targets
from tests.browsers import account_menu, caret_may_move, move_caret, sign_in
from tests.factories import Team
from tests.journeys.conftest import ExampleSite
from tests.sheets.test_field_links import create_conflict

# Places of everything in the bar: {what: [left, top, width, height]}, in pixels.
_BAR = """() => Object.fromEntries([...document.querySelectorAll(".brand, .ways a, .save-state, .tools > a, .account")]
  .filter((one) => one.checkVisibility())
  .map((one, at) => {
    const { x, y, width, height } = one.getBoundingClientRect()
    return [`${at} ${one.className || one.getAttribute("href")}`, [x, y, width, height].map(Math.round)]
  }))"""

# What covers the caret's line, or lies outside of the window; "" if it is seen.
_COVERED = """() => {
  const range = getSelection().getRangeAt(0).cloneRange()
  const box = range.getClientRects()[0] ?? getSelection().focusNode.getBoundingClientRect()
  if (box.top < 0 || box.bottom > innerHeight) return `outside: ${box.top} to ${box.bottom} of ${innerHeight}`
  const seen = [box.top + 2, box.bottom - 2].map((y) => document.elementFromPoint(Math.max(box.left, 20), y))
  return seen.filter((one) => !one?.closest(".text-body")).map((one) => one.outerHTML.slice(0, 90)).join()
}"""

# Buttons of the toolbar that are outside of the window or covered.
_HIDDEN = """(toolbar) => [...toolbar.querySelectorAll("button")].filter((one) => {
    const { left, top, width, height } = one.getBoundingClientRect()
    return !one.contains(document.elementFromPoint(left + width / 2, top + height / 2))
  }).map((one) => one.dataset.command)"""


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def measure(team: Team) -> Measure:
    return factories.measure(factories.programme(team))


@pytest.mark.parametrize("width", [1280, 900, 360])
def test_nothing_in_the_bar_moves_when_there_is_more_to_say(
    team: Team, measure: Measure, page_for: Callable[..., Page], width: int
) -> None:
    size = {"width": width, "height": 800}
    page = page_for(team.de["editor"], path=f"/measures/{measure.id}?lang=de", viewport=size)
    state, line = page.locator("#save-state"), page.locator("#save-line")
    expect(state).to_have_text("Gespeichert")
    before = page.evaluate(_BAR)
    assert len(before) >= 4
    page.context.set_offline(True)
    expect(line).to_contain_text("Offline seit")
    assert page.evaluate(_BAR) == before
    page.context.set_offline(False)
    expect(state).to_have_attribute("data-state", "saved")
    create_conflict(FieldRef(measure, "period_end"), team, "2029-05", "2029-06")
    expect(state).to_have_attribute("data-state", "conflict")
    expect(line).to_be_visible()
    assert page.evaluate(_BAR) == before
    page.evaluate("scrollTo(0, 1500)")
    expect(line).to_be_in_viewport()
    assert page.evaluate("document.querySelector('.bar').getBoundingClientRect().bottom") <= page.evaluate(
        "document.getElementById('save-line').getBoundingClientRect().top + 1"
    ), "the line stands below the bar, also when the page has been scrolled"
    assert page.evaluate("document.getElementById('save-line').getBoundingClientRect().bottom") <= page.evaluate(
        "document.querySelector('.languages-bar').getBoundingClientRect().top + 1"
    ), "and the languages below the line"


def test_a_keyboard_the_open_text_and_its_toolbar_fit_on_the_smallest_phone_together(
    team: Team, measure: Measure, page_for: Callable[..., Page]
) -> None:
    """320 by 568, of which the keyboard takes 268: the caret's line and the toolbar stay in sight."""
    phone = {"has_touch": True, "is_mobile": True, "viewport": {"width": 320, "height": 568}}
    page = page_for(team.partner["editor"], path=f"/measures/{measure.id}", **phone)
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    expect(page.locator(".ways")).to_be_in_viewport()
    text = page.locator(f"#t-{measure.id}-description-en")
    text.locator(".text-edit").tap()
    caret_may_move(text)
    page.set_viewport_size({"width": 320, "height": 300})
    toolbar = text.get_by_role("toolbar")
    for line in range(14):
        page.keyboard.press("Enter")
        page.keyboard.type(f"Line {line}")
        assert not page.evaluate(_COVERED), f"after line {line}"
    assert toolbar.evaluate(_HIDDEN) == []
    for _line in range(14):
        page.keyboard.press("ArrowUp")
        assert not page.evaluate(_COVERED), "upwards"
    assert toolbar.evaluate(_HIDDEN) == []
    page.context.set_offline(True)
    page.keyboard.type("On the train")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "offline")
    expect(page.locator("#save-state")).to_be_in_viewport()
    assert not page.evaluate(_COVERED), "offline"
    assert toolbar.evaluate(_HIDDEN) == []
    page.context.set_offline(False)
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    expect(page.locator(".ways")).to_be_hidden()
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 320, "height": 568})
    expect(page.locator(".ways")).to_be_in_viewport()


def test_on_a_tablet_the_caret_stays_in_sight_on_its_way_up_through_a_long_text(
    team: Team, measure: Measure, page_for: Callable[..., Page]
) -> None:
    size = {"width": 900, "height": 600}
    page = page_for(team.partner["editor"], path=f"/measures/{measure.id}", viewport=size)
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    text = page.locator(f"#t-{measure.id}-description-en")
    text.locator(".text-edit").click()
    caret_may_move(text)
    for line in range(30):
        page.keyboard.press("Enter")
        page.keyboard.type(f"Line {line}")
    for line in range(28):
        move_caret(page, "ArrowUp")
        assert not page.evaluate(_COVERED), f"{line} lines above the last"


@pytest.fixture
def page(house: ExampleSite) -> Page:
    page = house.window("editor", "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    house.go(page, "account")
    page.locator("html.draggable").wait_for()  # everything that starts when the page is idle has started
    return page


def test_escape_closes_the_account_menu_and_gives_the_focus_back(page: Page) -> None:
    menu = account_menu(page)
    menu.get_by_role("link", name="Deutsch").focus()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="Deutsch")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_a_menu_closes_when_the_focus_or_a_press_goes_elsewhere(page: Page) -> None:
    menu = account_menu(page)
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Account")).to_be_focused()  # negative control: within it, it stays open
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(menu.locator("ul")).to_be_hidden()
    account_menu(page)
    page.locator("h1").click()
    expect(menu.locator("ul")).to_be_hidden()


def test_a_dialog_opened_from_a_menu_gives_the_focus_back_to_what_opens_the_menu(page: Page) -> None:
    account_menu(page).get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.locator(".account > summary")).to_be_focused()
    expect(page.locator(".account > ul")).to_be_hidden()


def test_on_a_phone_more_holds_the_sections_that_do_not_fit(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    ways = page.get_by_role("navigation", name="Sections")
    assert ways.evaluate("one => one.getBoundingClientRect().bottom") == 640
    expect(ways.get_by_role("link", name="Members")).to_be_hidden()
    ways.get_by_text("More").click()
    ways.get_by_role("link", name="Members").click()
    page.wait_for_url("**/members")


@pytest.mark.parametrize(("width", "least"), [(1280, 24), (320, 44)])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_open_menus_have_no_barrier(page: Page, width: int, least: int, colours: Colours) -> None:
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    faults = []
    for menu in page.locator("details.menu:visible").all():
        menu.locator("summary").click()
        faults += barriers(page) + small_targets(page, least) + sideways(page)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    assert not faults, "\n".join(faults)


def test_without_scripts_the_menus_open_and_lead_on(house: ExampleSite) -> None:
    page = house.windows.open(java_script_enabled=False)
    sign_in(page, house.people["observer", "en"])
    account_menu(page).get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    account_menu(page).get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/login*")
    page.context.close()
