"""Two people write in the same text at the same moment."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.editor.conftest import Sheet
from tests.factories import Team

SheetFor = Callable[..., Sheet]


def test_two_people_write_in_one_paragraph_and_both_read_both(team: Team, sheet_for: SheetFor) -> None:
    here, there = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    here.edit().press_sequentially(" Each has a lid.")
    there.edit().press("Home")
    there.page.keyboard.type("In Abenkrom: ")
    for sheet in (here, there):
        expect(sheet.body()).to_have_text("In Abenkrom: Forty bins are set up. Each has a lid.")
    expect(here.state).to_have_attribute("data-state", "saved")


def test_what_was_typed_is_in_the_page_for_whoever_opens_it_later(team: Team, sheet_for: SheetFor) -> None:
    here = sheet_for(team.de["editor"])
    here.edit().press_sequentially(" And one more.")
    expect(here.text().locator(".field-state")).to_have_text("Gespeichert" if False else "Saved")
    later = sheet_for(team.partner["observer"])
    expect(later.body()).to_have_text("Forty bins are set up. And one more.")
