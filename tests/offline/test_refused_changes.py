"""What can no longer be sent is offered for copying, never merged; an ended login loses nothing."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import expect

from klimawerk import installation
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.measures.models import Measure
from tests import factories
from tests.browsers import Windows
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import (
    kept,
    text_on_disk,
    value_on_disk,
    wait_until,
    wait_until_kept,
    wait_until_nothing_is_kept,
)
from tests.sheet_page import forms_arrived, open_field

SheetFor = Callable[..., SheetWindow]


def test_words_from_before_a_restore_are_offered_never_merged(
    team: Team, sheet_for: SheetFor, measure: Measure, app: Flask
) -> None:
    own_sheet, open_page = sheet_for(team.partner["editor"]), sheet_for(team.partner["coordinator"])
    own_sheet.edit()
    forms_arrived(own_sheet.page)
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Before the restore.")
    open_field(own_sheet.page, f"f-{own_sheet.item}-priority").locator("select").select_option("low")
    wait_until_kept(own_sheet.page, "Before the restore.")
    wait_until_kept(own_sheet.page, "low")
    own_sheet.page.close()
    with writing():
        document_store.new_generations()
        installation.start_new_generation()
    own_sheet.page.context.set_offline(False)
    again = own_sheet.page.context.new_page()
    again.goto(f"/measures/{measure.id}")
    wait_until(again, lambda: len([one for one in kept(again) if "earlier copy was brought back" in one["stuck"]]) == 2)
    expect(again.locator("#save-state")).to_have_attribute("data-state", "refused")
    expect(again.locator(f"#t-{measure.id}-description-en .offer textarea")).to_have_value(
        "Forty bins are set up. Before the restore."
    )
    open_field(open_page.page, f"f-{own_sheet.item}-priority").locator("select").select_option("low")
    expect(open_page.page.locator(".offer")).to_contain_text("An earlier copy was brought back meanwhile.")
    assert text_on_disk(measure) == "Forty bins are set up."
    assert value_on_disk(measure, "priority") == "high"


def test_a_sign_in_that_ends_while_offline_is_renewed_in_the_page_and_everything_arrives(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    person = team.partner["editor"]
    own_sheet = sheet_for(person)
    own_sheet.edit()
    forms_arrived(own_sheet.page)
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" A long flight.")
    open_field(own_sheet.page, f"f-{own_sheet.item}-priority").locator("select").select_option("low")
    wait_until_kept(own_sheet.page, "A long flight.")
    own_sheet.page.context.clear_cookies()
    own_sheet.page.context.set_offline(False)
    dialog = own_sheet.page.locator("dialog#relogin")
    dialog.locator("input[name=email]").fill(person.email)
    dialog.locator("input[name=password]").fill(factories.PASSWORD)
    dialog.locator("button").click()
    wait_until_nothing_is_kept(own_sheet.page)
    wait_until(own_sheet.page, lambda: value_on_disk(measure, "priority") == "low")
    assert text_on_disk(measure) == "Forty bins are set up. A long flight."


def test_who_says_at_sign_in_that_others_use_the_computer_leaves_nothing_in_it(
    windows: Windows, team: Team, measure: Measure
) -> None:
    page = windows.open(None, path="/login", service_workers="allow")
    page.locator("input[name=email]").fill(team.partner["editor"].email)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.get_by_label("This is a shared computer").check()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(f"/measures/{measure.id}")
    page.locator("#save-state[data-state=saved]").wait_for()
    page.locator("[hx-morph-skip]").first.wait_for()
    page.wait_for_timeout(2_000)
    assert page.evaluate("indexedDB.databases()") == []
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations()") == []
