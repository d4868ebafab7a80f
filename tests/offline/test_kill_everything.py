"""`kill -9` of the server and of every browser at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from klimawerk.accounts.models import Person
from klimawerk.measures.models import Measure
from tests import browsers, servers
from tests.browsers import begin_to_write, sign_in
from tests.factories import Team
from tests.offline.browser_store import (
    PAGES,
    kept,
    text_on_disk,
    value_on_disk,
    wait_until,
    wait_until_kept,
    wait_until_nothing_is_kept,
)
from tests.sheet_page import forms_arrived, open_field


def _is_on_disk(words: str, measure: Measure) -> bool:
    return words in text_on_disk(measure)


@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_acknowledged_words_are_there_and_the_others_come_when_any_page_is_opened(
    browser: Browser, team: Team, measure: Measure, live_server: servers.KlimawerkServer, tmp_path: Path
) -> None:
    people = {"de": team.de["editor"], "partner": team.partner["editor"]}
    said = {"de": " Gesichert.", "partner": " On disk."}
    pages: dict[str, Page] = {}
    for side, person in people.items():
        page = _start(browser, tmp_path / side, live_server)
        pages[side] = page
        sign_in(page, person)
        page.goto(f"/measures/{measure.id}")
        page.locator("#save-state[data-state=saved]").wait_for()
        _write(page, measure, said[side])
        expect(page.locator(_TEXT).locator(".field-state")).to_have_attribute("data-state", "saved")
        wait_until(page, partial(_is_on_disk, said[side], measure))  # "saved" may refer to its first half
    acknowledged = text_on_disk(measure)

    forms_arrived(pages["partner"])
    live_server.kill()
    for side, page in pages.items():
        page.locator(_TEXT).locator("[role=textbox]").press_sequentially(f" Never sent from {side}.")
        wait_until_kept(page, f"Never sent from {side}.")
    open_field(pages["partner"], f"f-{measure.id}-priority").locator("select").select_option("low")
    wait_until_kept(pages["partner"], "low")
    for side in people:
        _kill(tmp_path / side)
    live_server.restart()
    assert text_on_disk(measure) == acknowledged

    for side, person in people.items():
        page = _start(browser, tmp_path / side, live_server)
        _return(page, person)
        wait_until_nothing_is_kept(page)
        page.context.close()
    for side in people:
        assert text_on_disk(measure).count(f"Never sent from {side}.") == 1
    assert all(words in text_on_disk(measure) for words in said.values())
    assert value_on_disk(measure, "priority") == "low"


@pytest.mark.slow
def test_it_is_said_to_be_waiting_until_the_server_is_back(
    browser: Browser, team: Team, measure: Measure, live_server: servers.KlimawerkServer, tmp_path: Path, app: Flask
) -> None:
    page = _start(browser, tmp_path / "one", live_server)
    sign_in(page, team.partner["editor"])
    page.goto(f"/measures/{measure.id}")
    page.locator("#save-state[data-state=saved]").wait_for()
    wait_until(page, lambda: page.evaluate(PAGES))
    page.goto("/account")
    wait_until(page, lambda: "/account" in page.evaluate(PAGES))
    page.goto(f"/measures/{measure.id}")
    page.locator("#save-state[data-state=saved]").wait_for()
    _write(page, measure, "")
    live_server.kill()
    page.keyboard.type(" Never sent.")
    wait_until_kept(page, "Never sent.")
    _kill(tmp_path / "one")

    again = _start(browser, tmp_path / "one", live_server)
    again.goto("/account")
    expect(again.locator("#save-line")).to_contain_text("1 change not sent yet")
    assert [record["kind"] for record in kept(again)] == ["text"]
    live_server.restart()
    with _signed_in_again(again, team.partner["editor"]):
        wait_until_nothing_is_kept(again)
    assert text_on_disk(measure) == "Forty bins are set up. Never sent."
    again.context.close()


_TEXT = "kw-text[data-fragment='description.en']"


def _start(browser: Browser, profile: Path, server: servers.KlimawerkServer) -> Page:
    """A browser with a persistent profile, as users have."""
    context: BrowserContext = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=browsers.program(),
        base_url=server.url,
        locale="en-GB",
        args=["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    )
    context.set_default_timeout(15_000)
    return context.pages[0] if context.pages else context.new_page()


def _write(page: Page, measure: Measure, words: str) -> None:
    begin_to_write(page.locator(_TEXT))
    page.keyboard.type(words)


def _kill(profile: Path) -> None:
    """Every process of the browser with this profile, at once."""
    own = [process for process in psutil.process_iter(["cmdline"]) if f"--user-data-dir={profile}" in _words(process)]
    assert own
    for process in [*own, *(child for one in own for child in one.children(recursive=True))]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _words(process: psutil.Process) -> list[str]:
    return process.info["cmdline"] or []


def _return(page: Page, person: Person) -> None:
    """Any page will do. If the browser had not written its cookies to disk, the user signs in again."""
    page.goto("/account")
    if "/login" in page.url:
        sign_in(page, person)


@contextmanager
def _signed_in_again(page: Page, person: Person) -> Iterator[None]:
    """Signs in within the page, if it asks."""
    dialog = page.locator("dialog#relogin")
    online = page.locator("#save-state[data-state=saved]")
    expect(dialog.or_(online).first).to_be_visible(timeout=30_000)
    if dialog.count():
        dialog.locator("input[name=email]").fill(person.email)
        dialog.locator("input[name=password]").fill("a long enough passphrase")
        dialog.locator("button").click()
    yield
