"""Visited pages open without a network, can be edited, and are shown to no other user."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from tests import servers
from tests.browsers import account_menu, sign_in
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import (
    BASES,
    PAGES,
    kept,
    text_on_disk,
    value_on_disk,
    wait_until,
    wait_until_kept,
    wait_until_nothing_is_kept,
)
from tests.sheet_page import open_field

SheetFor = Callable[..., SheetWindow]

_HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true })
  document.dispatchEvent(new Event("visibilitychange"))
}"""


@pytest.mark.slow
def test_a_visited_page_opens_without_a_network_and_can_be_written_in(
    team: Team, sheet_for: SheetFor, measure: Measure, live_server: servers.KlimawerkServer, app: Flask
) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    wait_until(own_sheet.page, lambda: f"/items/{measure.id}/forms" in own_sheet.page.evaluate(PAGES))
    live_server.kill()
    again = _opened_anew(own_sheet)
    expect(again.page.locator("#kept")).to_contain_text("You are offline. This page is as it was at ")
    again.edit()
    again.page.keyboard.type(" On the train.")
    open_field(again.page, f"f-{again.item}-priority").locator("select").select_option("low")
    wait_until_kept(again.page, "On the train.")
    wait_until_kept(again.page, "low")
    once_more = _opened_anew(again)
    expect(once_more.body()).to_have_text("Forty bins are set up. On the train.")
    expect(once_more.page.locator(f"#f-{own_sheet.item}-priority select")).to_have_value("low")
    expect(once_more.state_line).to_contain_text("2 ")
    once_more.page.goto("/programmes/999")
    expect(once_more.page.locator("h1")).to_have_text("You are offline")
    expect(once_more.page.locator("#kept-pages li")).not_to_have_count(0)
    once_more.page.goto(f"/measures/{measure.id}")
    live_server.restart()
    wait_until_nothing_is_kept(once_more.page)
    expect(once_more.page.locator("#kept")).to_have_count(0)
    assert text_on_disk(measure) == "Forty bins are set up. On the train."
    assert value_on_disk(measure, "priority") == "low"


@pytest.mark.slow
def test_a_line_that_stands_still_shows_the_kept_page(
    team: Team, sheet_for: SheetFor, live_server: servers.KlimawerkServer
) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    processes = live_server.processes()
    for process in processes:
        process.suspend()
    try:
        again = _opened_anew(own_sheet)
        expect(again.body()).to_have_text("Forty bins are set up.")
    finally:
        for process in processes:
            process.resume()


def test_the_next_person_sees_neither_pages_nor_words_of_the_one_before(
    team: Team, sheet_for: SheetFor, measure: Measure, live_server: servers.KlimawerkServer
) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Mine alone.")
    wait_until_kept(own_sheet.page, "Mine alone.")
    own_sheet.page.close()
    own_sheet.page.context.set_offline(False)
    own_sheet.page.context.clear_cookies()
    page = own_sheet.page.context.new_page()
    sign_in(page, team.partner["coordinator"])
    page.goto("/account")
    page.locator("#save-state[data-state=saved]").wait_for()
    wait_until(page, lambda: "/account" in page.evaluate(PAGES))
    assert f"/measures/{own_sheet.item}" not in page.evaluate(PAGES)
    page.get_by_role("button", name="Show what waits").click()
    expect(page.locator("#waiting")).to_contain_text("Nothing waits here")
    page.keyboard.press("Escape")
    assert text_on_disk(measure) == "Forty bins are set up."
    account_menu(page).get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    assert page.evaluate(PAGES) == []
    sign_in(page, team.partner["editor"])
    page.goto("/account")
    wait_until(page, lambda: text_on_disk(measure) == "Forty bins are set up. Mine alone.")


def test_signing_out_asks_while_something_waits(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Not sent.")
    wait_until_kept(own_sheet.page, "Not sent.")
    account_menu(own_sheet.page).get_by_role("button", name="Sign out").click()
    asked = own_sheet.page.get_by_role("dialog", name="Sign out?")
    expect(asked).to_contain_text("1 change is not sent yet.")
    asked.get_by_role("button", name="Stay signed in").click()
    expect(asked).to_have_count(0)
    account_menu(own_sheet.page).get_by_role("button", name="Sign out").click()
    own_sheet.page.context.set_offline(False)
    asked.get_by_role("button", name="Sign out", exact=True).click()
    own_sheet.page.wait_for_url("**/login")
    assert own_sheet.page.evaluate(PAGES) == []
    assert own_sheet.page.evaluate(BASES) == []


@pytest.mark.parametrize("window", ["the window that is left", "another window"])
def test_what_was_read_is_not_written_again_behind_who_signs_out(team: Team, sheet_for: SheetFor, window: str) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    leaving = own_sheet.page if window == "the window that is left" else own_sheet.page.context.new_page()
    leaving.goto(own_sheet.page.url)
    own_sheet.edit()
    own_sheet.page.evaluate(_HIDE)
    wait_until(own_sheet.page, lambda: own_sheet.page.evaluate(BASES) == [f"measure:{own_sheet.item}"])
    leaving.evaluate("HTMLFormElement.prototype.submit = () => {}")  # the response takes some time
    account_menu(leaving).get_by_role("button", name="Sign out").click()
    wait_until(own_sheet.page, lambda: own_sheet.page.evaluate(BASES) == [])
    own_sheet.page.evaluate(_HIDE)
    own_sheet.page.wait_for_timeout(500)
    assert own_sheet.page.evaluate(BASES) == []


def test_a_shared_computer_keeps_nothing(team: Team, sheet_for: SheetFor, live_server: servers.KlimawerkServer) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    own_sheet.page.goto("/account")
    own_sheet.page.get_by_label("This is a shared computer").check()
    own_sheet.page.locator("form[action$='/account/device'] button[type=submit]").click()
    own_sheet.page.locator("#save-state[data-state=saved]").wait_for()
    wait_until(own_sheet.page, lambda: own_sheet.page.evaluate(PAGES) == [])
    wait_until(own_sheet.page, lambda: own_sheet.page.evaluate("indexedDB.databases()") == [])
    own_sheet.page.goto(f"/measures/{own_sheet.item}")
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Nobody shall find this.")
    expect(own_sheet.text().locator(".field-state")).to_have_attribute("data-state", "waiting")
    own_sheet.page.wait_for_timeout(1_000)
    assert kept(own_sheet.page) == []
    assert own_sheet.page.evaluate(PAGES) == []
    own_sheet.page.context.set_offline(False)
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


def _visited(sheet: SheetWindow) -> SheetWindow:
    """Page and text are stored, and so are the files they need."""
    page = sheet.page
    wait_until(page, lambda: f"/measures/{sheet.item}" in page.evaluate(PAGES))
    wait_until(page, lambda: f"measure:{sheet.item}" in page.evaluate(BASES))
    page.reload()  # the editor passes through the worker now
    page.locator("[hx-morph-skip]").first.wait_for()
    return sheet


def _opened_anew(sheet: SheetWindow) -> SheetWindow:
    """The same page, as if the browser had discarded it meanwhile."""
    page: Page = sheet.page.context.new_page()
    sheet.page.close()
    page.goto(f"/measures/{sheet.item}")
    return SheetWindow(page, sheet.item)
