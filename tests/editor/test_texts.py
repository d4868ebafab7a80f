"""Two users write in the same text at the same time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from tests.browsers import move_caret
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import wait_until

SheetFor = Callable[..., SheetWindow]


@pytest.mark.lines("swallowed")
def test_two_people_write_in_one_paragraph_and_both_read_both(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit().press_sequentially(" Each has a lid.")
    other_sheet.edit()
    move_caret(other_sheet.page, "Control+Home")
    other_sheet.page.keyboard.type("In Abenkrom: ")
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body()).to_have_text("In Abenkrom: Forty bins are set up. Each has a lid.")
        expect(sheet.state).to_have_attribute("data-state", "saved")


def test_a_reader_follows_the_typing_without_touching_anything(team: Team, sheet_for: SheetFor) -> None:
    writer, reader = sheet_for(team.de["editor"]), sheet_for(team.partner["observer"])
    writer.edit().press_sequentially(" Look.")
    expect(reader.body()).to_have_text("Forty bins are set up. Look.")
    expect(reader.body()).not_to_have_attribute("contenteditable", "true")


def in_columns(measure: Measure) -> str:
    """The description as stored for rendering pages."""
    db.session.rollback()
    return document_store.texts([measure.name])[measure.name]["description.en"].plain


def test_what_was_typed_is_in_the_page_before_any_script_runs(
    team: Team, measure: Measure, sheet_for: SheetFor
) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit().press_sequentially(" And one more.")
    expect(own_sheet.text().locator(".field-state")).to_have_attribute("data-state", "saved")
    wait_until(own_sheet.page, lambda: "And one more." in in_columns(measure))  # written once the document is quiet
    address = own_sheet.page.url
    plain = own_sheet.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain.add_cookies(own_sheet.page.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(address)
    expect(page.locator(f"#t-{own_sheet.item}-description-en .text-body")).to_have_text(
        "Forty bins are set up. And one more."
    )
    plain.close()


def test_undo_takes_back_only_ones_own_words(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    own_sheet.page.keyboard.insert_text(" mine")  # at once: edits more than half a second apart are undone in two steps
    expect(other_sheet.body()).to_have_text("Forty bins are set up. mine")
    other_sheet.edit().press_sequentially(" theirs")
    expect(own_sheet.body()).to_have_text("Forty bins are set up. mine theirs")
    own_sheet.page.keyboard.press("Control+z")
    expect(other_sheet.body()).to_have_text("Forty bins are set up. theirs")
    own_sheet.page.keyboard.press("Control+z")
    own_sheet.page.wait_for_timeout(300)
    expect(other_sheet.body()).to_have_text("Forty bins are set up. theirs")
    own_sheet.page.keyboard.press("Control+y")
    expect(other_sheet.body()).to_have_text("Forty bins are set up. mine theirs")


@pytest.mark.lines("two")
def test_a_caret_is_named_by_person_and_place_without_being_part_of_the_text(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    other_sheet.edit()
    caret = own_sheet.body().locator(".caret")
    expect(caret).to_have_attribute("data-name", "Editor partner (Abenkrom)")
    expect(caret).to_have_class("caret caret-side-partner ProseMirror-widget")
    expect(own_sheet.body()).to_have_text("Forty bins are set up.")
    other_sheet.page.keyboard.press("Escape")
    expect(caret).to_have_count(0)


def test_escape_gives_the_role_back_and_returns_to_the_button(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    body = own_sheet.edit()
    expect(body).to_be_focused()
    own_sheet.page.keyboard.press("Escape")
    expect(own_sheet.text().locator(".text-edit")).to_be_focused()
    expect(body).not_to_have_attribute("role", "textbox")
    other_sheet.edit().press_sequentially(" Still live.")
    expect(body).to_have_text("Forty bins are set up. Still live.")


def test_a_caret_goes_with_escape(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit().press_sequentially("Abc")
    expect(other_sheet.body().locator(".caret")).to_have_count(1)
    own_sheet.page.keyboard.press("Escape")
    expect(other_sheet.body().locator(".caret")).to_have_count(0)


def test_a_click_puts_the_caret_where_it_landed(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.body().locator("p").click(position={"x": 2, "y": 8})
    expect(own_sheet.body()).to_be_focused()
    own_sheet.page.keyboard.type("The ")
    expect(own_sheet.body()).to_have_text("The Forty bins are set up.")


def test_a_title_stays_one_plain_line(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit("title").press_sequentially(" now\nand then")
    move_caret(own_sheet.page, "Control+a")
    own_sheet.page.keyboard.press("Control+b")
    expect(own_sheet.body("title").locator("p")).to_have_count(1)
    expect(own_sheet.body("title")).to_have_text("Green bins nowand then")
    expect(own_sheet.body("title").locator("strong")).to_have_count(0)
    expect(own_sheet.text("title").locator("[role=toolbar]")).to_have_count(0)


def test_tab_leads_out_of_a_text(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()
    own_sheet.page.keyboard.press("Tab")
    expect(own_sheet.text().locator("[role=textbox]")).to_have_count(0)
    assert own_sheet.page.evaluate("document.activeElement !== document.body")


def test_an_observer_is_offered_no_editing(team: Team, sheet_for: SheetFor) -> None:
    reader = sheet_for(team.partner["observer"])
    expect(reader.text().locator(".text-edit")).to_have_count(0)
    reader.body().click()
    reader.page.wait_for_timeout(500)
    expect(reader.text().locator("[role=textbox]")).to_have_count(0)
