"""A letter in a text costs the browser a few elements, whatever the page holds."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import SheetWindow
from tests.factories import Team

pytestmark = pytest.mark.slow
LETTERS = "eight of"


@pytest.mark.parametrize("size", [(360, 500), (1280, 900)])
def test_a_letter_restyles_the_text_and_not_the_page(
    team: Team, sheet_for: Callable[..., SheetWindow], size: tuple[int, int]
) -> None:
    sheet = sheet_for(team.partner["editor"], viewport={"width": size[0], "height": size[1]})
    page, browser = sheet.page, sheet.page.context.browser
    assert browser is not None
    expect(sheet.edit()).to_be_focused()
    page.wait_for_timeout(500)  # the toolbar, and what else comes with it
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    for letter in LETTERS:
        page.keyboard.press(letter if letter != " " else "Space")
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    counts = [event["args"]["elementCount"] for event in events if event["name"] == "UpdateLayoutTree"]
    assert counts, "the letters were not seen"
    assert max(counts) < 100, counts
