"""Closing and opening for editing, as open pages show it: buttons, forms, and what is being typed."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.sheets import closing
from klimawerk.sheets.closing import person
from klimawerk.sheets.items import unlock_item
from tests.editor.conftest import Sheet
from tests.factories import Team

SheetFor = Callable[..., Sheet]


def close(measure: Measure, team: Team, reason: str = "We vote now", who: str = "coordinator") -> None:
    closing.close(measure, reason, person(team.partner[who].id))


def kept_value(measure: Measure, key: str) -> object:
    db.session.rollback()
    db.session.refresh(measure)
    return measure.values.get(key)


def test_an_open_page_loses_and_gains_what_edits_and_keeps_what_is_typed(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    here = sheet_for(team.de["editor"])
    page = here.page
    box = page.locator(f"#f-{measure.id}-period_start input[name=value]")
    box.fill("2027-05")
    close(measure, team)
    expect(page.locator(".lock")).to_contain_text("We vote now")
    expect(page.locator(".lock")).to_contain_text("Coordinator partner")
    expect(page.locator(".text-edit:visible")).to_have_count(0)
    expect(page.locator("main kw-field form:visible")).to_have_count(1)  # the one that somebody is in
    expect(page.locator(".row-add:visible, .row-tools:visible")).to_have_count(0)
    expect(box).to_have_value("2027-05")
    page.keyboard.press("Tab")
    words = page.locator(".closed-words")
    expect(words).to_contain_text("We vote now")
    expect(words.get_by_role("button").first).to_be_disabled()
    expect(here.state).to_have_attribute("data-state", "refused")
    assert kept_value(measure, "period_start") is None
    unlock_item(measure)
    expect(words.get_by_role("button").first).to_be_enabled()
    expect(words).to_contain_text("wieder für die Bearbeitung geöffnet")
    expect(page.locator(".text-edit:visible")).not_to_have_count(0)
    expect(page.locator(".row-add:visible")).not_to_have_count(0)
    words.get_by_role("button").first.click()
    expect(words).to_have_count(0)
    expect(here.state).to_have_attribute("data-state", "saved")
    assert kept_value(measure, "period_start") == "2027-05"
