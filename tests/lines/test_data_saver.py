"""Data saver: the page receives little and shows how much; a hidden page receives nothing and catches up when shown."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browsers import account_menu
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.live.engine_server import EngineServer, until

SheetFor = Callable[..., SheetWindow]

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden })
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") })
  document.dispatchEvent(new Event("visibilitychange"))
}"""


def switch(page: Page) -> Any:
    return account_menu(page).get_by_role("checkbox", name=re.compile("Data saver|Daten sparen"))


def refreshes(page: Page) -> list[float]:
    """When the page asked for changes, in seconds of the browser's own clock (grows)."""
    asked: list[float] = []

    def note(request: Request) -> None:
        if "/changes?" in request.url:
            asked.append(request.timing["startTime"] / 1000)

    page.on("requestfinished", note)
    return asked


def choose(sheet: SheetWindow, value: str) -> None:
    sheet.open_field("priority").select_option(value)
    expect(sheet.state).to_have_attribute("data-state", "saved")


def test_the_data_saver_is_kept_on_the_device_and_takes_the_carets_away(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    for sheet in (own_sheet, other_sheet):
        sheet.edit()
        expect(switch(sheet.page)).not_to_be_checked()
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body().locator(".caret")).to_have_count(1)
    switch(own_sheet.page).check()
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body().locator(".caret")).to_have_count(0)
    own_sheet.page.keyboard.press("Escape")  # closes the menu, which covers the text's pen
    own_sheet.edit()
    own_sheet.page.keyboard.type(" Sparsam.")
    expect(other_sheet.body()).to_have_text("Forty bins are set up. Sparsam.")
    expect(other_sheet.body().locator(".caret")).to_have_count(0)
    own_sheet.page.reload()
    expect(switch(own_sheet.page)).to_be_checked()
    expect(switch(other_sheet.page)).not_to_be_checked()
    switch(own_sheet.page).uncheck()
    own_sheet.page.keyboard.press("Escape")
    own_sheet.edit()
    expect(other_sheet.body().locator(".caret")).to_have_count(1)


@pytest.mark.slow
def test_with_the_data_saver_changes_of_others_come_every_ten_seconds(team: Team, sheet_for: SheetFor) -> None:
    thrifty, other, writer = (
        sheet_for(person) for person in (team.de["observer"], team.partner["observer"], team.de["editor"])
    )
    switch(thrifty.page).check()
    asked = refreshes(thrifty.page)
    for value in ("medium", "high", "medium", "low"):
        choose(writer, value)
        expect(other.page.locator(f"#f-{other.item}-priority")).to_contain_text(value)
    assert len(asked) == 1
    expect(thrifty.page.locator(f"#f-{thrifty.item}-priority")).to_contain_text("niedrig", timeout=14_000)
    assert 10 <= asked[1] - asked[0] < 13


def test_a_browser_that_saves_data_need_not_be_told(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"], extra_http_headers={"Save-Data": "on"})
    expect(switch(own_sheet.page)).to_be_checked()
    switch(own_sheet.page).uncheck()
    own_sheet.page.reload()
    expect(switch(own_sheet.page)).not_to_be_checked()


@pytest.mark.slow
@pytest.mark.lines("refused")
def test_about_how_much_was_used_is_about_what_went_over_the_line(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"])
    own_sheet.edit()  # a late response still belongs to this page
    meter = _Meter(own_sheet.page)
    meter.rest()
    meter.bytes = 0.0
    own_sheet.page.goto(own_sheet.page.url)
    own_sheet.edit().press_sequentially(" " + "Vierzig Behälter. " * 10)
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    expect(own_sheet.page.locator("[data-volume]")).to_contain_text(re.compile(r"Etwa \d+,\d MB seit \d\d:\d\d"))
    meter.rest()
    said = own_sheet.page.evaluate("JSON.parse(sessionStorage.getItem('klimawerk.volume')).bytes")
    counted = meter.bytes
    own_sheet.page.goto(own_sheet.page.url)  # the count survives leaving the page
    now = own_sheet.page.evaluate("JSON.parse(sessionStorage.getItem('klimawerk.volume')).bytes")
    assert now - said == pytest.approx(counted, rel=0.25)


class _Meter:
    """Bytes as Chromium itself counts them from now on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.bytes = 0.0
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        for frame in ("webSocketFrameReceived", "webSocketFrameSent"):
            network.on(f"Network.{frame}", lambda event: self._add(len(event["response"]["payloadData"]) + 6))

    def rest(self) -> None:
        """Waits until nothing was counted for a second: a request under way would be counted by only one of the two."""
        before = -1.0
        while before != self.bytes:
            before = self.bytes
            self._page.wait_for_timeout(1_000)

    def _add(self, count: float) -> None:
        self.bytes += count


@pytest.mark.slow
def test_a_hidden_page_fetches_nothing_and_catches_up_when_it_is_shown(team: Team, sheet_for: SheetFor) -> None:
    own_sheet, watching, writer = (
        sheet_for(person) for person in (team.partner["observer"], team.de["observer"], team.de["editor"])
    )
    asked = refreshes(own_sheet.page)
    own_sheet.page.evaluate(HIDE, True)
    choose(writer, "low")
    writer.edit().press_sequentially(" While you were away.")
    expect(watching.page.locator(f"#f-{own_sheet.item}-priority")).to_contain_text("niedrig")
    expect(watching.body()).to_contain_text("While you were away.")
    own_sheet.page.wait_for_timeout(1_500)
    assert not asked
    own_sheet.page.evaluate(HIDE, False)
    expect(own_sheet.page.locator(f"#f-{own_sheet.item}-priority")).to_contain_text("low")
    expect(own_sheet.body()).to_have_text("Forty bins are set up. While you were away.")
    assert asked


def test_the_server_knows_which_pages_can_do_without(engine: EngineServer) -> None:
    client = engine.client(1)
    page = engine.app.extensions["live"].pages.of_person(1)[0]
    assert (page.saver, page.hidden, page.quiet) == (False, False, False)
    client.ask("quiet", saver=True)
    assert (page.saver, page.hidden, page.quiet) == (True, False, True)
    client.ask("quiet", saver="no", hidden=True)
    assert (page.saver, page.hidden) == (True, True)
    client.ask("quiet", saver=False, hidden=False)
    assert not page.quiet


@pytest.mark.slow
def test_who_is_here_is_told_less_often_the_more_there_are(engine: EngineServer) -> None:
    watcher = engine.client(99)
    watcher.ask("watch", topics=["programme:5"])
    crowd = [engine.client(number) for number in range(1, 21)]
    for client in crowd:
        client.ask("here", programme=5)
    until(lambda: len(watcher.wait_for("people")["people"]) == 20, 8)
    before, began = len(watcher.get("people")), time.monotonic()
    while time.monotonic() - began < 5:
        crowd[before % 20].ask("here", programme=5, item=f"measure:{int(time.monotonic() * 100)}")
    assert len(watcher.get("people")) - before <= 3


def test_a_hidden_page_is_not_told_who_is_here(engine: EngineServer) -> None:
    hidden, shown, moving = (engine.client(number) for number in (1, 2, 3))
    for client in (hidden, shown):
        client.ask("watch", topics=["programme:5"])
    hidden.ask("quiet", hidden=True)
    moving.ask("here", programme=5)
    shown.wait_for("people")
    assert hidden.get("people") == []
    hidden.ask("quiet", hidden=False)
    assert [one["name"] for one in hidden.ask("here", programme=5)["people"]] == ["Person 3", "Person 1"]
