"""Fields and rows in the browser: saved on focusout, updated live, never replaced under the caret."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import wait_until
from tests.sheet_page import field_of, forms_arrived

SheetFor = Callable[..., SheetWindow]
CONTROLS = "input:not([type=hidden]), select, textarea"


@pytest.mark.lines("refused", "two")
def test_a_choice_is_saved_and_followed(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.open_field("priority").select_option("low")
    expect(other_sheet.value("priority")).to_have_text("low")
    expect(own_sheet.value("priority")).to_have_text("niedrig")
    expect(own_sheet.page.locator(f"#f-{own_sheet.item}-priority")).not_to_have_attribute("data-dirty", "")


def test_a_half_typed_value_and_its_caret_stay_while_others_save(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    mine = own_sheet.open_cell("steps", "text-en")
    mine.click()
    mine.press("Control+Home")
    own_sheet.page.keyboard.type("First ")
    theirs = other_sheet.open_cell("steps", "due")
    theirs.fill("2028-03")
    theirs.press("Tab")
    other_sheet.open_field("priority").select_option("low")
    expect(own_sheet.value("priority")).to_have_text("niedrig")
    own_sheet.page.keyboard.type("of all: ")
    expect(mine).to_have_value("First of all: Analyse the waste")
    mine.press("Tab")
    expect(other_sheet.row("steps").locator("th")).to_contain_text("First of all: Analyse the waste")


def test_two_values_for_one_cell_stand_side_by_side_for_both(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    mine, theirs = own_sheet.open_cell("costs", "amount"), other_sheet.open_cell("costs", "amount")
    mine.fill("55000")
    theirs.fill("60000")
    theirs.press("Enter")
    expect(other_sheet.page.locator("[data-dirty]")).to_have_count(0)
    mine.press("Enter")
    for sheet in (own_sheet, other_sheet):
        conflict = sheet.page.locator(".note-row .conflict")
        expect(conflict).to_contain_text("60")
        expect(conflict).to_contain_text("55")
    expect(own_sheet.state).to_have_attribute("data-state", "conflict")
    own_sheet.page.locator(".note-row .conflict button[value='1']").click()
    for sheet in (own_sheet, other_sheet):
        expect(sheet.page.locator(".note-row .conflict")).to_have_count(0)
        expect(sheet.state).to_have_attribute("data-state", "saved")
    other_sheet.page.locator(".row-done").click()
    expect(other_sheet.row("costs").locator("td.number").first).to_contain_text("55")


def test_a_bad_value_keeps_what_was_typed_with_the_reason(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    mine = own_sheet.open_cell("costs", "amount")
    mine.fill("a lot")
    mine.press("Enter")
    expect(mine).to_have_attribute("aria-invalid", "true")
    expect(mine).to_have_value("a lot")
    mine.fill("61000")
    mine.press("Enter")
    expect(mine).not_to_have_attribute("aria-invalid", "true")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


def test_escape_brings_the_saved_value_back(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    mine = own_sheet.open_cell("costs", "amount")
    before = mine.input_value()
    mine.fill("1")
    mine.press("Escape")
    expect(mine).to_have_value(before)


def test_a_row_is_added_moved_and_deleted_by_keyboard_in_both_windows(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    rows, others = (sheet.page.locator(f"#rows-{sheet.item}-steps [data-row]") for sheet in (own_sheet, other_sheet))
    own_sheet.page.locator(f"#rows-{own_sheet.item}-steps .row-add button").click()
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator(CONTROLS).first).to_be_focused()
    own_sheet.page.keyboard.type("Zweiter Schritt")
    own_sheet.page.keyboard.press("Tab")
    expect(others.nth(1).locator("th > [lang=de]").first).to_have_text("Zweiter Schritt")
    name = rows.nth(1).get_attribute("id")
    rows.nth(1).locator(".row-up").focus()
    own_sheet.page.keyboard.press("Enter")
    expect(rows.first).to_have_attribute("id", str(name))
    expect(others.first).to_have_attribute("id", str(name))
    rows.first.locator(".row-delete").click()
    expect(others).to_have_count(1)
    own_sheet.page.locator(f"#rows-{own_sheet.item}-steps .row-undo").click()
    expect(others).to_have_count(2)


def test_a_row_is_moved_by_pointer(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.page.set_viewport_size({"width": 1280, "height": 1400})  # both rows and the open form of one
    rows = own_sheet.page.locator(f"#rows-{own_sheet.item}-steps [data-row]")
    own_sheet.page.locator(f"#rows-{own_sheet.item}-steps .row-add button").click()
    expect(rows).to_have_count(2)
    name = rows.nth(1).get_attribute("id")
    rows.nth(1).locator(".row-handle").scroll_into_view_if_needed()
    handle, target = rows.nth(1).locator(".row-handle").bounding_box(), rows.first.bounding_box()
    assert handle is not None
    assert target is not None
    own_sheet.page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    own_sheet.page.mouse.down()
    own_sheet.page.mouse.move(handle["x"] + 5, target["y"] + 3, steps=4)
    own_sheet.page.mouse.up()
    expect(rows.first).to_have_attribute("id", str(name))


def test_a_form_that_arrives_late_takes_no_letters_from_another_field(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    page, late = own_sheet.page, list[Route]()
    page.route("**/items/*/forms?*", lambda route: route.abort())
    page.route("**/fields/period_start*", lambda route: late.append(route))
    page.reload()
    slow = field_of(page, f"f-{own_sheet.item}-period_start")
    slow.locator("> .pen").click()
    wait_until(page, lambda: bool(late))
    mine = own_sheet.open_cell("steps", "text-en")
    mine.fill("")
    page.keyboard.type("Sort ")
    with page.expect_response("**/fields/period_start*") as arrived:
        late[0].continue_()
    arrived.value.finished()
    page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    page.keyboard.type("the waste")
    expect(mine).to_have_value("Sort the waste")
    expect(mine).to_be_focused()
    expect(slow.locator("form")).to_have_count(0)


def test_what_is_typed_in_a_row_stays_when_its_move_is_answered(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    page, held = own_sheet.page, list[Route]()
    page.route("**/rows/*/move", lambda route: held.append(route))
    rows = page.locator(f"#rows-{own_sheet.item}-steps [data-row]")
    page.locator(f"#rows-{own_sheet.item}-steps .row-add button").click()
    expect(rows).to_have_count(2)
    row = rows.nth(1)
    name = str(row.get_attribute("id"))
    mine = row.locator(CONTROLS).first
    expect(mine).to_be_focused()
    row.locator(".row-up").click()
    wait_until(page, lambda: bool(held))
    mine.click()
    page.keyboard.type("Zweiter ")
    held[0].continue_()
    expect(rows.first).to_have_attribute("id", name)
    mine = rows.first.locator(CONTROLS).first
    expect(mine).to_be_focused()
    page.keyboard.type("Schritt")
    expect(mine).to_have_value("Zweiter Schritt")
    expect(rows.first.locator(".row-up")).to_be_disabled()
    page.keyboard.press("Tab")
    rows.first.locator(".row-done").click()
    expect(rows.first.locator("th")).to_contain_text("Zweiter Schritt")


def test_an_editor_that_arrives_late_takes_no_letters_from_a_field(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    page, late, held = own_sheet.page, list[Route](), True
    page.route("**/js/editor.js*", lambda route: late.append(route) if held else route.continue_())
    page.reload()
    forms_arrived(page)
    own_sheet.text().locator(".text-edit").click()
    wait_until(page, lambda: bool(late))
    mine = own_sheet.open_cell("steps", "text-en")
    mine.fill("")
    page.keyboard.type("Sort ")
    held = False
    for route in late:
        route.continue_()
    expect(own_sheet.text().locator(".text-body[contenteditable]")).to_have_count(1)
    page.keyboard.type("the waste")
    expect(mine).to_have_value("Sort the waste")
    expect(mine).to_be_focused()
    own_sheet.text().locator(".text-edit").click()
    expect(own_sheet.body()).to_be_focused()
