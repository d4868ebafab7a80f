"""The state of changes that are not on the server yet ("keeping", "kept", "unkept"); the page asks before it is left
while something would be lost with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from klimawerk.measures.models import Measure
from tests import servers
from tests.browsers import account_menu
from tests.comments.conftest import Table, table
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import kept, text_on_disk, value_on_disk, wait_until, wait_until_nothing_is_kept
from tests.sheet_page import forms_arrived, open_field

__all__ = ["table"]

SheetFor = Callable[..., SheetWindow]
UNKEPT = "Not kept on this device: copy it, and do not close this page."
WAITS = "Waiting for the connection"
LATER = "**/js/later.js"


def asks(page: Page) -> bool:
    """Whether the page asks before it is left; by the event with which a browser asks (beforeunload)."""
    return bool(page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))"))


@contextmanager
def full(page: Page) -> Iterator[None]:
    """No storage quota is left, set by Chromium's own command."""
    devtools = page.context.new_cdp_session(page)
    origin = page.evaluate("location.origin")
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    yield
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin})


def state_of(sheet: SheetWindow) -> Locator:
    return sheet.page.locator(f"#f-{sheet.item}-priority .field-state")


def choose(sheet: SheetWindow, value: str) -> None:
    open_field(sheet.page, f"f-{sheet.item}-priority").locator("select").select_option(value)
    sheet.page.keyboard.press("Tab")


@pytest.mark.slow
def test_with_a_full_disk_a_change_is_not_called_waiting_and_can_be_copied(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    forms_arrived(own_sheet.page)
    with full(own_sheet.page):
        own_sheet.page.context.set_offline(True)
        choose(own_sheet, "low")
        expect(state_of(own_sheet)).to_have_text(UNKEPT)
        expect(own_sheet.state_line).to_contain_text(UNKEPT)
        assert not kept(own_sheet.page)
        assert asks(own_sheet.page)
        own_sheet.page.locator("#waiting-show").click()
        panel = own_sheet.page.locator("#waiting")
        expect(panel).to_contain_text(UNKEPT)
        expect(panel.locator("textarea")).to_have_value("low")
        own_sheet.page.keyboard.press("Escape")
    expect(state_of(own_sheet)).to_have_text(WAITS)
    assert [one["words"][0]["text"] for one in kept(own_sheet.page)] == ["low"]
    own_sheet.page.context.set_offline(False)
    wait_until_nothing_is_kept(own_sheet.page)
    assert value_on_disk(measure, "priority") == "low"


@pytest.mark.slow
def test_with_a_full_disk_letters_are_not_called_waiting_and_arrive_all_the_same(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    own_sheet.edit()
    with full(own_sheet.page):
        own_sheet.page.context.set_offline(True)
        own_sheet.page.keyboard.type(" Not on the disk.")
        expect(own_sheet.text().locator(".field-state")).to_have_text(UNKEPT)
        assert asks(own_sheet.page)
        own_sheet.page.locator("#save-line").get_by_role("button").click()
        expect(own_sheet.page.locator("#waiting textarea")).to_have_value("Forty bins are set up. Not on the disk.")
        own_sheet.page.keyboard.press("Escape")
        own_sheet.page.context.set_offline(False)
        wait_until(own_sheet.page, lambda: text_on_disk(measure).endswith("Not on the disk."))
        expect(own_sheet.state).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_where_the_store_has_not_come_a_change_is_not_called_waiting_until_it_has(
    team: Team, sheet_for: SheetFor, measure: Measure, live_server: servers.KlimawerkServer
) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    page = own_sheet.page
    files = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    code = page.request.get(next(name for name in files if name.endswith("/later.js")))
    page.route(LATER, lambda route: route.abort())
    page.reload()
    page.locator("#save-state[data-state=saved]").wait_for()
    forms_arrived(page)
    live_server.kill()
    choose(own_sheet, "low")
    expect(state_of(own_sheet)).to_have_text(UNKEPT)
    expect(own_sheet.state_line).to_contain_text(UNKEPT)
    assert asks(page)
    assert not kept(page)
    page.unroute(LATER)
    page.route(LATER, lambda route: route.fulfill(response=code))  # as from the browser's own cache
    expect(state_of(own_sheet)).to_have_text(WAITS)
    assert [one["words"][0]["text"] for one in kept(page)] == ["low"]


def test_a_store_that_was_deleted_meanwhile_is_made_anew(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    forms_arrived(own_sheet.page)
    own_sheet.page.context.set_offline(True)
    choose(own_sheet, "low")
    expect(state_of(own_sheet)).to_have_text(WAITS)
    own_sheet.page.evaluate(
        """async () => {
          for (const { name } of await indexedDB.databases())
            await new Promise((done) => (indexedDB.deleteDatabase(name).onsuccess = done))
        }"""
    )
    assert not kept(own_sheet.page)
    choose(own_sheet, "medium")
    wait_until(own_sheet.page, lambda: [one["words"][0]["text"] for one in kept(own_sheet.page)] == ["medium"])


@pytest.mark.parametrize("held", [False, True])
def test_a_draft_is_asked_about_until_it_is_kept(table: Table, page_for: Callable[..., Page], held: bool) -> None:
    """A draft is not sent by itself, so only storing it ends the question."""
    table.thread("Who pays?")
    page = page_for(table.person("reviewer", "partner"), path=f"/items/{table.measure.id}/comments")
    page.locator("html.draggable").wait_for()
    page.locator("#save-state[data-state=saved]").wait_for()
    page.locator("details").filter(has=page.locator("#reply-1")).locator("summary").first.click()
    if held:
        with full(page):
            page.locator("#reply-1 textarea").fill("Half a thought")
            expect(page.locator("#save-line")).to_have_text(f"{UNKEPT}Show")
            assert asks(page)
    else:
        page.locator("#reply-1 textarea").fill("Half a thought")
        assert asks(page)
    wait_until(page, lambda: not asks(page))
    assert [one["words"][0]["text"] for one in kept(page)] == ["Half a thought"]
    expect(page.locator("#save-state")).to_have_text("Saved")
    expect(page.locator("#save-line")).to_be_hidden()


@pytest.mark.slow
def test_a_comment_that_the_disk_does_not_take_is_not_called_waiting(
    table: Table, page_for: Callable[..., Page]
) -> None:
    table.thread("Who pays?")
    page = page_for(table.person("reviewer", "partner"), path=f"/items/{table.measure.id}/comments")
    page.locator("html.draggable").wait_for()
    page.locator("#save-state[data-state=saved]").wait_for()
    page.locator("details").filter(has=page.locator("#reply-1")).locator("summary").first.click()
    with full(page):
        page.context.set_offline(True)
        page.locator("#reply-1 textarea").fill("The town.")
        page.locator("#reply-1").get_by_role("button").click()
        expect(page.locator(".pending .field-state")).to_have_text(UNKEPT)
        assert not kept(page)
        account_menu(page).get_by_role("button", name="Sign out").click()
        asked = page.get_by_role("dialog", name="Sign out?")
        expect(asked).to_contain_text("What is not kept on this device is lost when you sign out.")
        page.keyboard.press("Escape")
    expect(page.locator(".pending .field-state")).to_have_text(WAITS)
    wait_until(page, lambda: [one["kind"] for one in kept(page)] == ["post"])


@pytest.mark.slow
def test_on_a_computer_that_others_use_too_nothing_is_called_kept(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    own_sheet.page.goto("/account")
    own_sheet.page.get_by_label("This is a shared computer").check()
    own_sheet.page.locator("form[action$='/account/device'] button[type=submit]").click()
    own_sheet.page.goto(f"/measures/{measure.id}")
    own_sheet.page.locator("#save-state[data-state=saved]").wait_for()
    forms_arrived(own_sheet.page)
    own_sheet.page.context.set_offline(True)
    choose(own_sheet, "low")
    expect(state_of(own_sheet)).to_have_text(UNKEPT)
    assert asks(own_sheet.page)
    own_sheet.page.context.set_offline(False)
    expect(state_of(own_sheet)).to_have_text("Saved")
    wait_until(own_sheet.page, lambda: not asks(own_sheet.page))
    assert value_on_disk(measure, "priority") == "low"
