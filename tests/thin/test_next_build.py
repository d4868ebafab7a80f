"""A page that is open while the server gets a new build: it goes on, says so when it must, and loses no words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.servers import KlimawerkServer
from tests.sheet_page import field_of, open_field, open_row
from tests.thin import next_build

SheetFor = Callable[..., SheetWindow]
NEWER = "There is a newer version of this page."
TOO_OLD = "This page is too old for writing. Please load it again."
SAVING_DATA = {"extra_http_headers": {"Save-Data": "on"}}
"""The editor comes only when a text is touched."""


@pytest.fixture
def old_page(sheet_for: SheetFor, team: Team) -> SheetWindow:
    """A page at rest, without its editor."""
    sheet = sheet_for(team.partner["editor"], **SAVING_DATA)
    expect(sheet.page.locator("html")).to_have_class(re.compile("draggable"))
    return sheet


def step(sheet: SheetWindow) -> Locator:
    """The row of the first step."""
    return sheet.page.locator(f"#rows-{sheet.item}-steps tr[data-row]").first


def words_of_step(sheet: SheetWindow) -> Locator:
    """The text of the first step in English, in its open row."""
    form = open_row(sheet.page, step(sheet).get_attribute("data-row") or "")
    return form.locator("kw-field[id$='-text-en']").locator("input:not([type=hidden]), textarea").first


def reload_line(sheet: SheetWindow) -> Locator:
    return sheet.page.locator("#reload")


def connected(sheet: SheetWindow) -> None:
    expect(sheet.state).to_have_attribute("data-state", "saved", timeout=20_000)


def test_the_editor_of_the_build_before_is_gone_and_what_was_typed_is_not(
    old_page: SheetWindow, live_server: KlimawerkServer
) -> None:
    live_server.restart(serves="tests.thin.next_build:make()")
    connected(old_page)
    words = words_of_step(old_page)
    words.fill("Typed before the page was loaded anew")
    old_page.text().locator(".text-edit").dispatch_event("click")  # the words are still in their field, not sent
    expect(reload_line(old_page)).to_contain_text(NEWER)
    expect(old_page.text().locator(".text-note")).to_have_text(TOO_OLD)
    expect(words).to_have_value("Typed before the page was loaded anew")
    reload_line(old_page).get_by_role("button").click()
    expect(reload_line(old_page)).to_have_count(0)
    connected(old_page)
    assert next_build.VERSION in old_page.page.content()
    expect(step(old_page)).to_contain_text("Typed before the page was loaded anew")
    old_page.edit()
    old_page.page.keyboard.type(" And on.")
    expect(old_page.body()).to_have_text("Forty bins are set up. And on.")


def test_words_that_waited_in_a_page_of_the_build_before_are_sent_by_the_next(
    old_page: SheetWindow, live_server: KlimawerkServer
) -> None:
    field = field_of(old_page.page, f"f-{old_page.item}-priority")
    choice = open_field(old_page.page, f"f-{old_page.item}-priority").locator("select")
    live_server.kill()
    choice.select_option("low")
    expect(field.locator(".field-state")).to_have_text("Waiting for the connection")
    live_server.restart(serves="tests.thin.next_build:make()")
    old_page.page.reload()
    connected(old_page)
    assert next_build.VERSION in old_page.page.content()
    expect(field.locator(".value")).to_have_text("low")


def test_a_server_that_starts_again_with_the_same_build_is_no_newer_version(
    old_page: SheetWindow, live_server: KlimawerkServer
) -> None:
    live_server.restart()
    connected(old_page)
    old_page.edit()
    expect(reload_line(old_page)).to_have_count(0)


@pytest.mark.slow
def test_without_a_build_the_source_modules_do_the_same(
    sheet_for: SheetFor, team: Team, live_server: KlimawerkServer
) -> None:
    live_server.restart(serves="tests.thin.next_build:sources()")
    here = sheet_for(team.partner["editor"])
    asked = here.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert sum("/static/v-source/js/" in name for name in asked) > 40
    here.edit()
    here.page.keyboard.type(" From sources.")
    expect(here.body()).to_have_text("Forty bins are set up. From sources.")
    expect(here.state).to_have_attribute("data-state", "saved")
