"""Closing and opening for editing, as open pages show it: buttons, forms, and unsent input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.sheets import lock_service
from klimawerk.sheets.items import unlock_item
from klimawerk.sheets.lock_service import person_holder
from klimawerk.sheets.models import Item
from klimawerk.sheets.programme_topic import programme_head
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import kept, wait_until

SheetFor = Callable[..., SheetWindow]


def close(item: Item, team: Team, reason: str = "We vote now") -> None:
    lock_service.lock(item, reason, person_holder(team.partner["coordinator"].id))


def kept_value(measure: Measure, key: str) -> object:
    db.session.rollback()
    db.session.refresh(measure)
    return measure.values.get(key)


def test_an_open_page_loses_and_gains_what_edits_and_keeps_what_is_typed(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.de["editor"])
    page = own_sheet.page
    box = own_sheet.open_field("period_start")
    box.fill("2027-05")
    close(measure, team)
    expect(page.locator(".lock")).to_contain_text("We vote now")
    expect(page.locator(".lock")).to_contain_text("Coordinator partner")
    expect(page.locator("main .pen:visible")).to_have_count(0)
    expect(page.locator("main kw-field form:visible")).to_have_count(1)  # the one the user is in
    expect(page.locator(".row-add:visible, .row-tools:visible, details.more:visible")).to_have_count(0)
    expect(box).to_have_value("2027-05")
    words = page.locator(".closed-words")
    expect(words).to_contain_text("Coordinator partner: We vote now. Ihr Eintrag ist nicht gespeichert.")
    expect(box).to_be_focused()  # the message is shown where they type, before they leave
    page.keyboard.press("Tab")
    expect(words.get_by_role("button").first).to_be_disabled()
    expect(own_sheet.state).to_have_attribute("data-state", "refused")
    assert kept_value(measure, "period_start") is None
    unlock_item(measure)
    expect(words.get_by_role("button").first).to_be_enabled()
    expect(words).to_contain_text("wieder für die Bearbeitung geöffnet")
    expect(page.locator(".text-edit:visible")).not_to_have_count(0)
    expect(page.locator(".row-add:visible")).not_to_have_count(0)
    expect(page.locator("details.more:visible")).to_have_count(1)
    words.get_by_role("button").first.click()
    expect(words).to_have_count(0)
    wait_until(page, lambda: kept_value(measure, "period_start") == "2027-05")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_a_cell_that_the_server_refuses_before_the_page_knows_stands_with_the_reason_until_it_is_discarded(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    page = own_sheet.page
    page.route("**/items/*/changes*", lambda route: route.abort())
    box = own_sheet.open_cell("steps", "due")
    close(measure, team)
    box.fill("2029-01")
    page.keyboard.press("Tab")
    words = page.locator(".closed-words")
    expect(words).to_contain_text("WA-01 is closed for editing. Coordinator partner: We vote now.")
    expect(box).to_have_value("2029-01")
    expect(own_sheet.state).to_have_attribute("data-state", "refused")
    words.get_by_role("button", name="Discard").click()
    expect(words).to_have_count(0)
    expect(box).not_to_have_value("2029-01")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_words_of_a_page_that_is_gone_stand_at_their_field_again_and_are_sent_once_it_is_open(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.partner["editor"])
    field = f"#f-{measure.id}-period_start"
    own_sheet.open_field("period_start").fill("2027-05")
    close(programme_head(measure), team, "The whole programme rests")
    own_sheet.page.keyboard.press("Tab")
    expect(own_sheet.page.locator(f"{field} .closed-words")).to_contain_text("The whole programme rests")
    wait_until(own_sheet.page, lambda: [one for one in kept(own_sheet.page) if one["stuck"]])
    own_sheet.page.on("dialog", lambda dialog: dialog.accept())
    own_sheet.page.reload()
    words = own_sheet.page.locator(f"{field} .closed-words")
    expect(words).to_contain_text("The whole programme rests")
    expect(words.locator("textarea")).to_have_value("2027-05")
    expect(own_sheet.state).to_have_attribute("data-state", "refused")
    words.locator("textarea").focus()  # to read or copy them, or from the link in the page's head
    unlock_item(programme_head(measure))
    expect(own_sheet.page.locator(f"{field} input[name=value]")).to_have_value("2027-05")
    words.get_by_role("button", name="Send now").click()
    expect(words).to_have_count(0)
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    wait_until(own_sheet.page, lambda: not kept(own_sheet.page))
    wait_until(own_sheet.page, lambda: kept_value(measure, "period_start") == "2027-05")


@pytest.mark.slow
@pytest.mark.lines("two")
def test_who_reads_and_what_is_not_covered_goes_on_undisturbed(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    """Negative control: all but this measure is closed, so its page does not change; a reader sees the notice."""
    own_sheet, reader = sheet_for(team.de["editor"]), sheet_for(team.partner["observer"])
    buttons = own_sheet.page.locator(".text-edit:visible").count()
    lock_service.lock(
        programme_head(measure), "The others", person_holder(team.partner["coordinator"].id), except_id=measure.id
    )
    other = own_sheet.page.context.new_page()
    other.goto(f"/goals/{measure.goal_id}")
    expect(other.locator(".lock")).to_contain_text("The others")
    expect(other.locator(".text-edit")).to_have_count(0)
    assert own_sheet.page.locator(".text-edit:visible").count() == buttons > 0
    own_sheet.edit().press_sequentially(" Goes on.")
    expect(reader.body()).to_have_text("Forty bins are set up. Goes on.")
    close(measure, team)
    expect(reader.page.locator(".lock")).to_contain_text("We vote now")
    expect(own_sheet.page.locator(".text-edit:visible")).to_have_count(0)
    unlock_item(programme_head(measure))
    expect(other.locator(".text-edit:visible")).not_to_have_count(0)
    expect(own_sheet.page.locator(".lock")).to_contain_text("We vote now")
