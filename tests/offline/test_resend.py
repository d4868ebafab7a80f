"""Unsent changes are stored by the browser, and sent when any page is opened again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from klimawerk.overview import recycle_bin
from klimawerk.sheets import items
from tests import servers
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
from tests.sheet_page import field_of, forms_arrived, open_field

SheetFor = Callable[..., SheetWindow]


def test_words_and_values_outlive_a_closed_page_and_arrive_from_any_other(
    team: Team, sheet_for: SheetFor, measure: Measure, app: Flask
) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit().press_sequentially(" At once.")
    expect(own_sheet.text().locator(".field-state")).to_have_attribute("data-state", "saved")
    wait_until_nothing_is_kept(own_sheet.page)
    own_sheet.page.keyboard.press("Escape")
    page = _type_without_a_line(own_sheet)
    # Two pages that would both send it.
    others = [own_sheet.page.context.new_page() for _ in range(2)]
    page.close()
    own_sheet.page.context.set_offline(False)
    for other in others:
        other.goto("/account")
    wait_until_nothing_is_kept(others[0])
    assert text_on_disk(measure) == "Forty bins are set up. At once. Without a line."
    assert value_on_disk(measure, "priority") == "low"
    expect(others[0].locator("#save-state")).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_words_and_values_outlive_a_reload_and_arrive_once(
    team: Team, sheet_for: SheetFor, measure: Measure, live_server: servers.KlimawerkServer
) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()
    forms_arrived(own_sheet.page)
    live_server.kill()
    own_sheet.page.keyboard.type(" Before the reload.")
    open_field(own_sheet.page, f"f-{own_sheet.item}-priority").locator("select").select_option("low")
    wait_until_kept(own_sheet.page, "Before the reload.")
    wait_until_kept(own_sheet.page, "niedrig")
    live_server.restart()
    own_sheet.page.on("dialog", lambda dialog: dialog.accept())
    own_sheet.page.reload()
    expect(own_sheet.body()).to_have_text("Forty bins are set up. Before the reload.")
    expect(field_of(own_sheet.page, f"f-{own_sheet.item}-priority").locator(".value")).to_have_text("niedrig")
    wait_until_nothing_is_kept(own_sheet.page)
    assert text_on_disk(measure) == "Forty bins are set up. Before the reload."
    assert value_on_disk(measure, "priority") == "low"


def test_a_field_that_is_not_left_yet_and_a_new_row_are_kept_too(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    rows = other_sheet.page.locator(f"#rows-{other_sheet.item}-steps [data-row]")
    expect(rows).to_have_count(1)
    forms_arrived(own_sheet.page)
    own_sheet.page.context.set_offline(True)
    own_sheet.page.locator(f"#rows-{own_sheet.item}-steps .row-add button").click()
    wait_until(own_sheet.page, lambda: [one for one in kept(own_sheet.page) if "/rows/steps" in one["url"]])
    open_field(own_sheet.page, f"f-{own_sheet.item}-period_start").locator("[name=value]").press_sequentially(
        "Mai 2031"
    )
    wait_until_kept(own_sheet.page, "Mai 2031")
    own_sheet.page.close()
    wait_until_nothing_is_kept(_open_another(own_sheet, "/account"))
    assert value_on_disk(measure, "period_start") == "2031-05"
    expect(rows).to_have_count(2)


def test_a_field_changed_meanwhile_by_somebody_else_stands_with_both_values(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    page = _type_without_a_line(own_sheet)
    page.close()
    open_field(other_sheet.page, f"f-{other_sheet.item}-priority").locator("select").select_option("medium")
    wait_until(other_sheet.page, lambda: value_on_disk(measure, "priority") == "medium")
    again = _open_another(own_sheet, "/account")
    wait_until_nothing_is_kept(again)
    assert value_on_disk(measure, "priority") == "medium"
    expect(other_sheet.page.locator(f"#f-{other_sheet.item}-priority .conflict button")).to_have_count(2)


def test_words_for_a_measure_deleted_meanwhile_stay_to_be_copied(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.de["editor"])
    page = _type_without_a_line(own_sheet)
    page.close()
    recycle_bin.delete_item(measure, by=team.de["coordinator"].id)
    again = _open_another(own_sheet, "/account")
    words = {"Forty bins are set up. Without a line.", "niedrig"}
    wait_until(again, lambda: words == {w["text"] for one in kept(again) for w in one["words"] if one["stuck"]})
    expect(again.locator("#save-state")).to_have_attribute("data-state", "refused")


@pytest.mark.slow
def test_words_for_a_measure_closed_meanwhile_stay_to_be_copied(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.de["editor"])
    page = _type_without_a_line(own_sheet)
    page.close()
    items.lock_item(measure, "Voting", by="Miriam")
    again = _open_another(own_sheet, "/account")
    wait_until(again, lambda: len([one for one in kept(again) if one["stuck"]]) == 2)
    assert text_on_disk(measure) == "Forty bins are set up."


def _type_without_a_line(sheet: SheetWindow) -> Page:
    """A text and a value that only the browser has."""
    sheet.edit()
    forms_arrived(sheet.page)
    sheet.page.context.set_offline(True)
    sheet.page.keyboard.type(" Without a line.")
    open_field(sheet.page, f"f-{sheet.item}-priority").locator("select").select_option("low")
    wait_until_kept(sheet.page, "Without a line.")
    wait_until_kept(sheet.page, "niedrig")
    return sheet.page


def _open_another(sheet: SheetWindow, path: str) -> Page:
    sheet.page.context.set_offline(False)
    page = sheet.page.context.new_page()
    page.goto(path)
    return page
