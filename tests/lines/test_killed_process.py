"""Two users on two processes behind nginx; one process is killed while both write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browsers import move_caret
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.lines import network_paths
from tests.servers import KlimawerkServer

SheetFor = Callable[..., SheetWindow]
LATE = 30_000  # milliseconds until a browser has found another process


@pytest.fixture
def line() -> str:
    return network_paths.TWO


@pytest.mark.slow
def test_what_both_type_is_there_once_when_the_process_of_one_is_killed(
    team: Team, sheet_for: SheetFor, live_server: KlimawerkServer
) -> None:
    own_sheet, other_sheet = sheet_for(team.de["editor"]), sheet_for(team.partner["editor"])
    dying = network_paths.process_of(other_sheet.page)
    assert network_paths.process_of(own_sheet.page) != dying
    own_sheet.edit()
    move_caret(own_sheet.page, "Control+Home")
    own_sheet.page.keyboard.type("One. ")
    other_sheet.edit().press_sequentially(" Two.")
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body()).to_contain_text("One.")
        expect(sheet.body()).to_contain_text("Two.")
    other_sheet.page.keyboard.type(" Half")
    live_server.kill_process(dying)
    other_sheet.page.keyboard.type(" a sentence.")
    own_sheet.page.keyboard.type("Three. ")
    expect(own_sheet.state).to_have_attribute("data-state", "saved")
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body()).to_contain_text("Half a sentence.", timeout=LATE)
        expect(sheet.body()).to_contain_text("Three.", timeout=LATE)
        expect(sheet.state).to_have_attribute("data-state", "saved", timeout=LATE)
    assert own_sheet.body().inner_text().strip() == other_sheet.body().inner_text().strip()
    for words in ("One.", "Two.", "Three.", "Half a sentence."):
        assert own_sheet.body().inner_text().count(words) == 1
    expect(own_sheet.page.locator("#people")).to_contain_text("Editor partner", timeout=LATE)
    other_sheet.open_field("priority").select_option("low")
    expect(own_sheet.value("priority")).to_have_text("niedrig")
