"""Lost connections, killed servers, closed documents: typed text arrives, or is offered for copying."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from klimawerk.measures.models import Measure
from klimawerk.overview import recycle_bin
from klimawerk.partnerships import members
from klimawerk.partnerships.access import member_of
from klimawerk.sheets import items
from tests import servers
from tests.editor.conftest import SheetWindow, paste
from tests.factories import Team
from tests.sheet_page import forms_arrived

SheetFor = Callable[..., SheetWindow]


def test_words_typed_offline_arrive_when_the_line_is_back(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    expect(own_sheet.state).to_have_attribute("data-state", "offline")
    own_sheet.page.keyboard.type(" Written without a line.")
    other_sheet.edit().press_sequentially(" With one.")
    expect(own_sheet.state_line).to_contain_text("1 ")
    expect(own_sheet.text().locator(".field-state")).to_have_attribute("data-state", "waiting")
    expect(other_sheet.body()).to_have_text("Forty bins are set up. With one.")
    own_sheet.page.context.set_offline(False)
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body()).to_contain_text("Written without a line.")
        expect(sheet.body()).to_contain_text("With one.")
        expect(sheet.state).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_words_typed_while_the_server_is_dead_arrive_after_its_restart(
    team: Team, sheet_for: SheetFor, live_server: servers.KlimawerkServer
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit().press_sequentially(" Before.")
    expect(other_sheet.body()).to_contain_text("Before.")
    forms_arrived(own_sheet.page)
    live_server.kill()
    own_sheet.page.keyboard.type(" Meanwhile.")
    own_sheet.open_field("priority").select_option("low")
    own_sheet.page.keyboard.press("Tab")
    expect(own_sheet.state_line).to_contain_text("2 ")
    live_server.restart()
    expect(other_sheet.body()).to_have_text("Forty bins are set up. Before. Meanwhile.")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    expect(other_sheet.value("priority")).to_have_text("low")


def test_leaving_the_page_while_something_waits_asks(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Not sent.")
    with own_sheet.page.expect_event("dialog") as asked:
        own_sheet.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()


@pytest.mark.lines("two")
def test_a_closed_measure_says_so_at_once_and_takes_no_words(
    team: Team, sheet_for: SheetFor, app: Flask, measure: Measure
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit().press_sequentially(" Kept.")
    expect(other_sheet.body()).to_have_text(
        "Forty bins are set up. Kept."
    )  # "saved" may have been shown before the last keystroke
    items.lock_item(measure, "The minutes are being read", by="Miriam")
    note = own_sheet.text().locator(".text-note")
    expect(note).to_contain_text("Miriam")
    expect(own_sheet.text().locator("[role=textbox]")).to_have_count(0)
    expect(own_sheet.body()).to_have_text("Forty bins are set up. Kept.")
    items.unlock_item(measure)
    expect(note).to_have_count(0)
    own_sheet.edit().press_sequentially(" Goes on.")
    expect(own_sheet.text().locator(".field-state")).to_have_attribute("data-state", "saved")


def test_words_written_offline_into_a_measure_closed_meanwhile_are_offered_for_copying(
    team: Team, sheet_for: SheetFor, measure: Measure, app: Flask
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" My last sentence.")
    items.lock_item(measure, "Voting", by="Miriam")
    own_sheet.page.context.set_offline(False)
    offer = own_sheet.text().locator(".offer")
    expect(offer.locator("textarea")).to_have_value("Forty bins are set up. My last sentence.")
    expect(own_sheet.body()).to_have_text("Forty bins are set up.")
    expect(other_sheet.body()).to_have_text("Forty bins are set up.")
    expect(own_sheet.state).to_have_attribute("data-state", "refused")
    offer.locator(".offer-done").click()
    expect(own_sheet.state).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_everything_works_where_web_sockets_are_blocked(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.page.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    polls: list[str] = []
    own_sheet.page.on(
        "request", lambda request: polls.append(request.url) if "transport=polling" in request.url else None
    )
    own_sheet.page.reload()
    own_sheet.edit().press_sequentially(" By post.")
    expect(other_sheet.body()).to_have_text("Forty bins are set up. By post.")
    other_sheet.edit().press_sequentially(" And back.")
    expect(own_sheet.body()).to_have_text("Forty bins are set up. By post. And back.")
    assert polls


def test_a_text_larger_than_one_message_arrives_whole(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    paste(own_sheet.page, "".join(f"<p>Paragraph {n} {'word ' * 40}</p>" for n in range(600)))
    expect(own_sheet.text().locator(".field-state")).to_have_attribute("data-state", "saved", timeout=20_000)
    expect(other_sheet.body().locator("p")).to_have_count(600, timeout=20_000)
    expect(other_sheet.body()).to_contain_text("Paragraph 599")


def test_words_composed_on_a_touch_keyboard_arrive_as_they_were_meant(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"], has_touch=True, is_mobile=True, viewport={"width": 412, "height": 800})
    other_sheet = sheet_for(team.partner["editor"])
    own_sheet.page.locator("a[data-show-language=en]").tap()
    own_sheet.edit()
    keyboard = own_sheet.page.context.new_cdp_session(own_sheet.page)
    for so_far in (" K", " Kö", " Köl", " Köln"):
        keyboard.send(
            "Input.imeSetComposition", {"text": so_far, "selectionStart": len(so_far), "selectionEnd": len(so_far)}
        )
        own_sheet.page.wait_for_timeout(60)
    keyboard.send("Input.insertText", {"text": " Köln"})
    expect(other_sheet.body()).to_have_text("Forty bins are set up. Köln")


def test_a_deleted_measure_says_so_at_once_and_gives_unsent_words_back(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet, cut_off = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    own_sheet.edit()
    cut_off.edit()
    cut_off.page.context.set_offline(True)
    cut_off.page.keyboard.type(" Too late.")
    recycle_bin.delete_item(measure, by=team.de["coordinator"].id)
    expect(own_sheet.text().locator(".text-note")).to_be_visible(timeout=10_000)
    expect(own_sheet.text().locator("[role=textbox]")).to_have_count(0)
    cut_off.page.context.set_offline(False)
    expect(cut_off.text().locator(".offer textarea")).to_have_value("Forty bins are set up. Too late.")


@pytest.mark.lines("two")
def test_who_may_no_longer_write_is_told_at_once(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()
    membership = next(m for m in team.partnership.memberships if m.person_id == team.de["editor"].id)
    coordinator = member_of(team.de["coordinator"], team.partnership.id)
    assert coordinator is not None
    members.end_membership(coordinator, membership.id)
    expect(own_sheet.text().locator(".text-note")).to_be_visible(timeout=10_000)
    expect(own_sheet.text().locator("[role=textbox]")).to_have_count(0)
