"""A remote user on a slow line with stalls and resets reads, writes and follows; nothing is lost or doubled."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests import browsers
from tests.browsers import move_caret
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.lines.proxies import front
from tests.live.engine_server import until
from tests.long_runs import steps
from tests.servers import KlimawerkServer
from tests.thin.shaped_line import ShapedLine, Weather, thin
from tests.thin.visit import PageVisit

SheetFor = Callable[..., SheetWindow]
EDITOR = re.compile(r"/klimawerk-editor")


@contextmanager
def visitor(browser: Browser, line: ShapedLine, near: SheetWindow, other: SheetWindow) -> Iterator[PageVisit]:
    """The person of `other` behind `line`, in a browser with an empty cache; `near` shows the same measure."""
    windows = browsers.Windows(browser, line.url)
    page = windows.open(path="about:blank", storage_state=other.page.context.storage_state())
    visit = PageVisit(page, patience=120)  # a busy machine is no failure
    visit.open(urlsplit(near.page.url).path)
    yield visit
    windows.close()
    assert not windows.faults, "\n".join(windows.faults)


def text_of(body: Locator) -> str:
    """What a user reads. A caret of somebody else at the end of a line has a break behind it that shows no line."""
    return body.inner_text().rstrip("\n")


def letters_of(body: Locator) -> str:
    return "".join(sign for sign in body.inner_text() if sign.isalpha())


def digits(body: Locator) -> str:
    return "".join(sign for sign in body.inner_text() if sign.isdigit())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, steps(1, 8) + 1))
def test_a_line_that_breaks_while_the_editor_comes_and_again_and_again_loses_no_letter(
    team: Team, sheet_for: SheetFor, live_server: KlimawerkServer, browser: Browser, seed: int
) -> None:
    near, known = sheet_for(team.partner["editor"]), sheet_for(team.de["editor"])
    near.edit()
    dice = random.Random(seed)
    with thin(live_server.port) as line, visitor(browser, line, near, known) as far:
        known.page.close()
        with far.page.expect_request(EDITOR):
            far.seconds("script")
        far.text.locator(".text-edit").click()
        before = line.carried[1]
        until(lambda: line.carried[1] > before + 30_000)
        broken = line.reset()
        assert broken > 1
        far.seconds("editing")  # without another click
        line.weather = Weather(seed, apart=(500, 2_500))
        typed_letters = numbers = ""
        while line.stalls < 2 or line.resets < broken + 2 or len(typed_letters) < 60:
            assert len(typed_letters) < 2_000, "the weather stays fine"
            typed_letters += (word := "".join(dice.choices("abcdefgh", k=6)))
            numbers += (number := "".join(dice.choices("0123456789", k=6)))
            far.page.keyboard.type(f" {word}", delay=20)
            near.page.keyboard.type(f" {number}", delay=20)
        line.weather = None
        print(f"seed {seed}: {len(typed_letters)} letters, {line.stalls} stalls, {line.resets} resets")
        expect(far.page.locator("#save-state")).to_have_attribute("data-state", "saved")
        until(lambda: text_of(far.body) == text_of(near.body()) and digits(far.body) == numbers, 60)
        there = text_of(far.body)
        assert letters_of(far.body) == "Fortybinsaresetup" + typed_letters
    near.page.reload()
    expect(near.body()).to_have_text(there)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 10 + steps(1, 8)))
def test_a_first_visit_on_a_line_that_breaks_from_the_beginning_comes_to_writing(
    team: Team, sheet_for: SheetFor, live_server: KlimawerkServer, browser: Browser, seed: int
) -> None:
    near, known = sheet_for(team.partner["editor"]), sheet_for(team.de["editor"])
    weather = Weather(seed, apart=(15_000, 50_000), resets=0.6)
    with thin(live_server.port, weather=weather) as line, visitor(browser, line, near, known) as far:
        far.begin_to_write()
        far.write("Angekommen.")
        far.seconds("saved")
        assert line.stalls + line.resets > 2, "the weather was fine"
        print(f"seed {seed}: {line.stalls} stalls, {line.resets} resets, {far.seen}")
    expect(near.body()).to_contain_text("Angekommen.")


def test_an_editor_that_could_not_be_fetched_opens_at_the_second_click(team: Team, sheet_for: SheetFor) -> None:
    sheet = sheet_for(team.de["editor"])
    sheet.page.context.add_init_script("Object.defineProperty(navigator, 'connection', {value: {saveData: true}})")
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    sheet.page.route(EDITOR, lose)
    sheet.page.reload()
    expect(sheet.state).to_have_attribute("data-state", "saved")
    button = sheet.text().locator(".text-edit")
    button.click()
    expect(sheet.text().locator(".text-note")).to_be_visible()
    expect(sheet.text().locator("[role=textbox]")).to_have_count(0)
    assert lost
    sheet.page.locator("a.brand").focus()  # the focus is not taken back from a user who has gone elsewhere
    sheet.page.unroute(EDITOR, lose)
    button.click()
    expect(sheet.text().locator("[role=textbox]")).to_be_focused()
    sheet.page.keyboard.type("Nun doch.")
    expect(sheet.text().locator(".field-state")).to_have_attribute("data-state", "saved")


@pytest.mark.slow
def test_long_polling_becomes_a_web_socket_which_breaks_and_no_word_is_lost(
    team: Team, sheet_for: SheetFor, live_server: KlimawerkServer, browser: Browser
) -> None:
    near, known = sheet_for(team.partner["editor"]), sheet_for(team.de["editor"])
    with (
        front(live_server.port, swallows=True) as between,
        thin(int(between.url.rsplit(":", 1)[1])) as line,
        visitor(browser, line, near, known) as far,
    ):
        until(lambda: between.turned_away == 1)
        between.lets_all_through = True  # what follows the first message, which tells nothing
        with far.page.expect_websocket(timeout=60_000):  # the upgrade, once polling has begun
            far.begin_to_write()
            move_caret(far.page, "Control+End")
            far.page.keyboard.type(" Eins.")
        line.reset()  # in the middle of it
        far.page.keyboard.type(" Zwei.")
        with far.page.expect_websocket(timeout=60_000) as upgraded:
            far.page.keyboard.type(" Drei.")
        with upgraded.value.expect_event("framereceived", lambda frame: "doc:update" in str(frame), timeout=60_000):
            far.page.keyboard.type(" Vier.")
        expect(near.body()).to_have_text("Forty bins are set up. Eins. Zwei. Drei. Vier.")
        assert between.turned_away == 1
