"""After more than a day offline, the changes of others are shown before the user's own pending changes are sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import (
    text_on_disk,
    value_on_disk,
    wait_until,
    wait_until_kept,
    wait_until_nothing_is_kept,
)
from tests.sheet_page import forms_arrived, open_field

SheetFor = Callable[..., SheetWindow]

_AGE = """async () => {
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done) => (indexedDB.open(name).onsuccess = (e) => done(e.target.result)))
    const store = database.transaction("waiting", "readwrite").objectStore("waiting")
    const records = await new Promise((done) => (store.getAll().onsuccess = (e) => done(e.target.result)))
    for (const record of records) store.put({ ...record, since: record.since - 2 * 86_400_000 })
    await new Promise((done) => (store.transaction.oncomplete = done))
    database.close()
  }
}"""


@pytest.mark.parametrize("path", [pytest.param("/account", marks=pytest.mark.slow), "/measures/{id}"])
def test_what_others_did_is_seen_before_ones_own_changes_go_out(
    team: Team, sheet_for: SheetFor, measure: Measure, path: str
) -> None:
    own_sheet, other_sheet = sheet_for(team.partner["editor"]), sheet_for(team.de["editor"])
    own_sheet.edit()
    forms_arrived(own_sheet.page)
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Long ago.")
    open_field(own_sheet.page, f"f-{own_sheet.item}-priority").locator("select").select_option("low")
    wait_until_kept(own_sheet.page, "Long ago.")
    wait_until_kept(own_sheet.page, "low")
    own_sheet.page.close()
    open_field(other_sheet.page, f"f-{other_sheet.item}-priority").locator("select").select_option("medium")
    wait_until(other_sheet.page, lambda: value_on_disk(measure, "priority") == "medium")
    again = _aged(own_sheet)
    again.goto(path.format(id=measure.id))
    notice = again.locator("#away")
    expect(notice).to_contain_text("Changed meanwhile: Priority (Editor de)")
    assert text_on_disk(measure) == "Forty bins are set up."
    notice.get_by_role("button", name="Look at my changes first").click()
    expect(again.locator("#waiting")).to_contain_text("Long ago.")
    again.keyboard.press("Escape")
    notice.get_by_role("button", name="Send my changes now").click()
    expect(notice).to_have_count(0)
    wait_until_nothing_is_kept(again)
    assert text_on_disk(measure) == "Forty bins are set up. Long ago."
    assert value_on_disk(measure, "priority") == "medium"


def _aged(sheet: SheetWindow) -> Page:
    """Makes the pending changes two days old; done on a page of the same origin that runs none of our scripts."""
    sheet.page.context.set_offline(False)
    page = sheet.page.context.new_page()
    page.goto("/static/v-0/img/icon.svg")
    page.evaluate(_AGE)
    return page
