"""Accessibility of all pages (WCAG), in both languages, light and dark colours, on desktop and phone."""

from __future__ import annotations

import pytest

from tests.accessibility import Colours, looked_at
from tests.journeys.conftest import EXAMPLE, ExampleSite

READ = ["programme", "measure", "goal"]
EDITED = ["programme", "overview", "measure", "goal", "arrange", "bin", "import", "paste"]
RUN = ["start", "members", "settings", "joint", "account", "nothing"]
OPEN = ["sign in", "forgotten", "dead link", "nothing"]

# (role, language, colour scheme, pages): each role with both languages and both colour schemes.
LOOKS = [
    ("coordinator", "de", "dark", RUN),
    ("coordinator", "en", "light", RUN),
    ("editor", "de", "light", EDITED),
    ("editor", "en", "dark", EDITED),
    ("observer", "de", "dark", READ),
    ("observer", "en", "light", READ),
    ("nobody", "de", "light", OPEN),
    ("nobody", "en", "dark", OPEN),
]


@pytest.mark.parametrize(("role", "language", "light", "pages"), LOOKS)
def test_no_page_has_a_barrier(house: ExampleSite, role: str, language: str, light: Colours, pages: list[str]) -> None:
    page = house.window(role, language)
    page.emulate_media(color_scheme=light)
    faults = []
    for name in pages:
        house.go(page, name)
        faults += [f"{name}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "light"), [("de", "light"), ("en", "dark")])
def test_no_page_that_is_seldom_opened_has_a_barrier(house: ExampleSite, language: str, light: Colours) -> None:
    page = house.window("coordinator", language)
    page.emulate_media(color_scheme=light)
    faults = []
    for name in ["new partnership", "erase", "history", "editions", "search", "offline"] + ["municipality"] * (
        language == "de"  # the municipality of one's own side
    ):
        house.go(page, name)
        faults += [f"{name}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_would_come_in_is_shown_without_a_barrier(house: ExampleSite, language: str) -> None:
    page = house.go(house.window("editor", language), "import")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.locator("main form button").click()
    page.wait_for_url("**/import/*")
    page.locator("#import-state form").wait_for()
    faults = [f"import: {fault}" for fault in looked_at(page)]
    page.locator("form[action$='/cancel'] button").click()  # one import per user at a time
    page.locator("form[action$='/cancel']").wait_for(state="detached")
    house.go(page, "paste")
    page.locator("#table").fill("Title\tCosts\tStart\nSolar lamps\t1.500\tMay 2028\nShade trees\tmany\tMay 2028")
    page.locator("main form button[value=look]").click()
    page.locator("#becomes-h").wait_for()
    faults += [f"paste: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)


def test_the_inspection_sees_barriers(house: ExampleSite) -> None:
    page = house.go(house.window("nobody", "en"), "sign in")
    page.evaluate(
        """() => document.querySelector("main").innerHTML = `<h1>A</h1><h3>B</h3><img src="/static/v-0/img/icon.svg">
          <p><button id="tiny">x</button></p><pre>${"wide ".repeat(400)}</pre>`"""
    )
    page.add_style_tag(url="/static/v-0/css/main.css")
    page.evaluate(
        "document.getElementById('tiny').style.cssText = 'min-width:0;min-height:0;padding:0;width:9px;height:9px'"
    )
    report = "\n".join(looked_at(page))
    for fault in ("image-alt", "small: 9 x 9", "h3 after h1", "scrolls sideways"):
        assert fault in report, fault
