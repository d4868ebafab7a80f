"""Writing with a touch keyboard: composition, autocorrection, and edits of others meanwhile.

Android keyboards are simulated through Chromium's interface for input methods.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import caret_may_move, move_caret
from tests.editor.conftest import SheetWindow
from tests.factories import Team

SheetFor = Callable[..., SheetWindow]
PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 740}}


class Keyboard:
    """A touch keyboard: the composed word is shown in the text, and replaced as it grows, until it is committed."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._input = page.context.new_cdp_session(page)

    def compose(self, *states: str, over: tuple[int, int] | None = None) -> None:
        """Each of `states` replaces the one before; the first replaces these characters (from, to) of the text."""
        for state in states:
            span = {"replacementStart": over[0], "replacementEnd": over[1]} if over else {}
            over = None
            caret = {"selectionStart": len(state), "selectionEnd": len(state)}
            self._input.send("Input.imeSetComposition", {"text": state, **caret, **span})
            self._page.wait_for_timeout(60)

    def commit(self, word: str) -> None:
        self._input.send("Input.insertText", {"text": word})


@pytest.fixture
def phone(team: Team, sheet_for: SheetFor) -> SheetWindow:
    """A small phone on which the German editor has tapped the English description and may write."""
    sheet = sheet_for(team.de["editor"], **PHONE)
    sheet.page.locator("a[data-show-language=en]").tap()
    sheet.text().locator(".text-edit").tap()
    caret_may_move(sheet.text())
    return sheet


def agree(own_sheet: SheetWindow, other_sheet: SheetWindow, words: str) -> None:
    for sheet in (own_sheet, other_sheet):
        expect(sheet.body()).to_have_text(words)
        expect(sheet.state).to_have_attribute("data-state", "saved")
    assert own_sheet.body().inner_text().strip() == other_sheet.body().inner_text().strip()


def test_a_finger_puts_the_caret_where_it_taps(team: Team, sheet_for: SheetFor) -> None:
    own_sheet = sheet_for(team.de["editor"], **PHONE)
    own_sheet.page.locator("a[data-show-language=en]").tap()
    own_sheet.body().locator("p").tap(position={"x": 2, "y": 8})
    caret_may_move(own_sheet.text())
    keyboard = Keyboard(own_sheet.page)
    keyboard.compose("T", "Th", "The ")
    keyboard.commit("The ")
    expect(own_sheet.body()).to_have_text("The Forty bins are set up.")
    overflow = own_sheet.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


def test_autocorrection_replaces_the_word_and_doubles_nothing(
    team: Team, phone: SheetWindow, sheet_for: SheetFor
) -> None:
    other_sheet = sheet_for(team.partner["editor"])
    keyboard = Keyboard(phone.page)
    keyboard.compose(" b", " bi", " bni", " bnis")
    keyboard.commit(" bnis")
    expect(other_sheet.body()).to_have_text("Forty bins are set up. bnis")
    words = len("Forty bins are set up. ")
    keyboard.compose("bins", over=(words, words + len("bnis")))
    keyboard.commit("bins")
    keyboard.commit(" ")
    keyboard.compose("t", "to", "too")
    keyboard.commit("too")
    agree(phone, other_sheet, "Forty bins are set up. bins too")


@pytest.mark.parametrize(
    ("key", "remote", "result"),
    [
        ("Control+Home", "Remote. ", "Remote. Forty bins are set up. Köln und Accra"),
        (
            "Control+End",
            " At the end.",
            re.compile(r"^Forty bins are set up\.( Köln und Accra At the end\.| At the end\. Köln und Accra)$"),
        ),
    ],
)
def test_a_word_under_way_survives_what_others_write_in_the_same_paragraph(
    team: Team, phone: SheetWindow, sheet_for: SheetFor, key: str, remote: str, result: str | re.Pattern[str]
) -> None:
    other_sheet = sheet_for(team.partner["editor"])
    other_sheet.edit()
    move_caret(other_sheet.page, key)
    keyboard = Keyboard(phone.page)
    keyboard.compose(" K", " Kö")
    other_sheet.page.keyboard.type(remote)
    expect(other_sheet.body()).to_contain_text("Kö")
    expect(other_sheet.state).to_have_attribute("data-state", "saved")
    phone.page.wait_for_timeout(500)
    keyboard.compose(" Köl", " Köln")
    keyboard.commit(" Köln")
    keyboard.compose(" u", " un", " und")
    keyboard.commit(" und Accra")
    expect(phone.body()).to_have_text(result)
    agree(phone, other_sheet, phone.body().inner_text().strip())


def test_a_word_under_way_survives_a_new_paragraph_of_others_above_it(
    team: Team, phone: SheetWindow, sheet_for: SheetFor
) -> None:
    other_sheet = sheet_for(team.partner["editor"])
    other_sheet.edit()
    move_caret(other_sheet.page, "Control+Home")
    keyboard = Keyboard(phone.page)
    keyboard.compose(" A", " Ac", " Acc")
    other_sheet.page.keyboard.type("Above")
    other_sheet.page.keyboard.press("Enter")
    expect(other_sheet.state).to_have_attribute("data-state", "saved")
    phone.page.wait_for_timeout(500)
    keyboard.compose(" Accr", " Accra")
    keyboard.commit(" Accra")
    for sheet in (phone, other_sheet):
        expect(sheet.body().locator("p")).to_have_text(["Above", "Forty bins are set up. Accra"])
        expect(sheet.state).to_have_attribute("data-state", "saved")


def test_who_rests_in_a_word_reads_what_others_write_after_a_while_and_goes_on_in_the_same_place(
    team: Team, phone: SheetWindow, sheet_for: SheetFor
) -> None:
    other_sheet = sheet_for(team.partner["editor"])
    other_sheet.edit()
    move_caret(other_sheet.page, "Control+Home")
    keyboard = Keyboard(phone.page)
    phone.page.clock.install()
    keyboard.compose(" A", " Ac", " Acc")
    other_sheet.page.keyboard.type("Above")
    other_sheet.page.keyboard.press("Enter")
    expect(other_sheet.state).to_have_attribute("data-state", "saved")
    phone.page.wait_for_timeout(500)
    expect(phone.body().locator("p")).to_have_count(1)
    phone.page.clock.fast_forward(16_000)
    expect(phone.body().locator("p")).to_have_count(2)
    expect(phone.body()).to_be_focused()
    keyboard.compose("r", "ra")
    keyboard.commit("ra")
    for sheet in (phone, other_sheet):
        expect(sheet.body().locator("p")).to_have_text(["Above", "Forty bins are set up. Accra"])


def test_a_word_that_is_given_up_leaves_nothing_behind(team: Team, phone: SheetWindow, sheet_for: SheetFor) -> None:
    other_sheet = sheet_for(team.partner["editor"])
    keyboard = Keyboard(phone.page)
    keyboard.compose(" X", " Xy", " X", "")
    agree(phone, other_sheet, "Forty bins are set up.")
