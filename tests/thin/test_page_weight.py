"""The weight of pages on the wire, in a real Chromium: byte budgets, and how they are kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import ExampleSite
from tests.thin import page_weight

MEASURE, PROGRAMME, EDITOR = 60_000, 100_000, 105_000
FORMS, THREADS = 20_000, 8_000  # each comes when the page is idle
STORE = 9_000  # what is loaded when idle: pending changes, comments, drag and drop, pasting, data volume
EDITOR_FILES = 5  # our editor modules, what they share with the store, Yjs with ProseMirror, style, messages
CODE = ("/js/editor.js", "/klimawerk-editor.yjs-13.6.33.js")
SAVED = "#save-state[data-state=saved], #save-state[data-state=conflict]"


def opened(
    house: ExampleSite, browser: Browser, page: str, role: str = "editor", **options: object
) -> page_weight.Load:
    """Opens `page` in a browser with an empty cache; returns when the editor has arrived."""
    known = house.window(role, "de").context
    context = page_weight.fresh(browser, known, base_url=house.server.url, locale="de-DE", **options)
    try:
        window, seen = page_weight.load(context, house.path[page], ready=SAVED)
        icon = window.locator("link[rel=icon]").get_attribute("href") or ""
        if page in ("measure", "programme"):
            until(window, lambda: len([size for size in seen.editor.values() if size]) == EDITOR_FILES)
        seen.sizes[icon] = weight(house.server.url + icon)  # a headless browser may not request it, or late
        return seen
    finally:
        context.close()


def weight(url: str) -> int:
    """Bytes of a response with its headers."""
    answer = requests.get(url, headers={"Accept-Encoding": "br"}, stream=True, timeout=10)
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + len("HTTP/1.1 200 OK\r\n\r\n")
    return head + len(answer.raw.read(decode_content=False))


def until(window: Page, condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        window.wait_for_timeout(50)
    raise AssertionError("it did not come in time")


@pytest.mark.parametrize(
    ("page", "role", "budget"),
    [("measure", "editor", MEASURE), ("measure", "observer", MEASURE), ("programme", "editor", PROGRAMME)],
)
def test_a_page_fits_its_budget_with_everything_it_needs(
    house: ExampleSite, browser: Browser, page: str, role: str, budget: int
) -> None:
    seen = opened(house, browser, page, role)
    total = sum(seen.first.values())
    print(f"\n{page} as {role}: {total} bytes in {len(seen.first)} requests {seen.first}, later {seen.editor}")
    assert {path.rsplit(".", 1)[-1] for path in seen.first} >= {"js", "css", "svg"}, "a part was not counted"
    assert total <= budget, seen.first
    store = sum(size for path, size in seen.editor.items() if path.endswith("/js/later.js"))
    assert store <= STORE, seen.editor
    assert sum(seen.editor.values()) - store <= EDITOR, seen.editor
    assert sum(seen.forms.values()) <= FORMS, seen.forms
    assert sum(seen.threads.values()) <= THREADS, seen.threads
    assert len(seen.first) == 6, (
        "page, style, watch, two scripts, icon: each more is a round trip of its own on a bad day"
    )


def test_a_page_is_read_after_two_answers_and_its_editor_is_there_after_three(
    house: ExampleSite, browser: Browser
) -> None:
    """The page names everything it needs at once; the editor's files are requested together, by the page's own."""
    seen = opened(house, browser, "measure")
    page = house.path["measure"]
    for path in seen.first:
        assert seen.asked_by.get(path, page) in (page, ""), f"{path} was asked for by {seen.asked_by[path]}"
    for path in seen.editor:
        assert seen.asked_by[path] == page or seen.asked_by[path].endswith("/js/main.js"), path
    assert (max(map(seen.depth, seen.first)), max(map(seen.depth, seen.editor))) == (2, 3)


def test_nothing_of_the_editor_comes_to_whom_data_is_dear(house: ExampleSite, browser: Browser) -> None:
    known = house.window("editor", "de").context
    context = page_weight.fresh(browser, known, base_url=house.server.url)
    context.add_init_script("Object.defineProperty(navigator, 'connection', {value: {saveData: true}})")
    window, seen = page_weight.load(context, house.path["measure"], ready=SAVED)
    until(window, lambda: any("/js/later.js" in path for path in seen.sizes))
    assert not [path for path in seen.asked_by if path.endswith(CODE)]
    window.locator("kw-text[data-write] .text-edit").first.click()
    until(window, lambda: sum(path.endswith(CODE) for path in seen.sizes) == 2)
    context.close()
