"""Comments: accessibility in both languages, use by keyboard, and page size with 200 comments."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import servers
from tests.accessibility import LOOKS, barriers, looked_at, sideways, small_targets
from tests.comments.conftest import Table
from tests.comments.test_live_threads import ready
from tests.thin import page_weight

BUDGET = 60_000


def create_threads(table: Table) -> None:
    """Create threads of every kind and state."""
    voice, other = table.voice("editor", "partner"), table.voice()
    voice.begin("Really?\n\nSee https://example.org/a-very-long-address/" + "x" * 90, about="description.en")
    voice.begin("> Then\nAsk the council", kind="task")
    voice.do("/threads/2/assign", assignee=table.person().id, due="2027-01-15")
    other.begin("Unter uns", kind="concern", side="de", language="de")
    voice.begin("Fifty bins?", kind="proposal", about="priority")
    voice.do("/comments/4", words="Sixty bins?")
    other.reply(4, "Ja.", language="de")
    other.do("/threads/4/resolve", outcome="Sixty.")


@pytest.mark.slow
def test_no_page_of_comments_has_a_barrier(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    faults = []
    for side, light in LOOKS:
        page = page_for(table.person("coordinator", side))
        page.emulate_media(color_scheme=light)
        for path in (f"/items/{table.measure.id}/comments?state=all", "/threads/4"):
            page.goto(path)
            faults += [f"{side} {path}: {fault}" for fault in looked_at(page)]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"/measures/{table.measure.id}")
        ready(page)
        faults += [f"{side} panel: {fault}" for fault in states_of_the_panel(page)]
    assert not faults, "\n".join(faults)


def states_of_the_panel(page: Page) -> list[str]:
    """Barriers in each tab of the panel, with the form for a comment opened, and over a narrow sheet."""
    faults = []
    for tab, content in (
        ("history", ".recent, [data-content=history]"),
        ("missing", "#missing"),
        ("comments", ".said"),
    ):
        page.locator(f"[data-tab={tab}]").click()
        expect(page.locator(f"aside.panel {content}").first).to_be_visible()
        faults += barriers(page)
    page.keyboard.press("c")
    page.locator(".compose .comment-options > summary").click()
    page.locator("[name=kind][value=task]").check()
    faults += barriers(page)
    page.set_viewport_size({"width": 320, "height": 568})
    expect(page.locator("aside.panel")).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator("main.sheet kw-text").first.click(position={"x": 5, "y": 5})
    page.locator(".comment-key").click()
    expect(page.locator("form[id^=begin] textarea")).to_be_focused()
    return faults + barriers(page) + sideways(page) + small_targets(page, 44)


def test_the_keyboard_alone_asks_replies_and_resolves(table: Table, page_for: Callable[..., Page]) -> None:
    page = page_for(table.person("editor", "partner"), path=f"/items/{table.measure.id}/comments")
    ready(page)

    def to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab does not lead to {selector}")

    to("textarea")
    page.keyboard.type("Too expensive")
    to("form[id^=begin] .comment-options > summary")
    page.keyboard.press("Enter")
    to("[name=kind]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    to("form[id^=begin] .actions button")
    page.keyboard.press("Enter")
    expect(page.locator("#thread-1 h3")).to_have_text("WA-01 as a whole Concern")
    to("#answer-1 > summary")
    page.keyboard.press("Enter")
    to("#reply-1 textarea")
    page.keyboard.type("Or not")
    to("#reply-1 .actions button")
    page.keyboard.press("Enter")
    expect(page.locator("#comment-2 .words")).to_have_text("Or not")
    to("#settle-1 > summary")
    page.keyboard.press("Enter")
    to("#resolve-1 input")
    page.keyboard.type("It is fine")
    page.keyboard.press("Enter")
    expect(page.locator("#thread-1 .outcome")).to_contain_text("It is fine")


@pytest.mark.slow
def test_with_200_comments_the_pages_stay_light(
    table: Table, live_server: servers.KlimawerkServer, browser: Browser, page_for: Callable[..., Page]
) -> None:
    voices = [table.voice("reviewer", "partner"), table.voice()]
    for number in range(40):
        voices[number % 2].begin(f"What about number {number} of the things that were said on Monday, and by whom?")
        for turn in range(4):
            voices[turn % 2].reply(number + 1, f"Reply {number}-{turn}: " + "we should look at this once more. " * 4)
    known = page_for(table.person()).context
    for path in (f"/measures/{table.measure.id}", f"/items/{table.measure.id}/comments"):
        context = page_weight.fresh(browser, known, base_url=live_server.url)
        _window, seen = page_weight.load(context, path, ready="#save-state[data-state=saved]")
        print(f"\n{path}: {sum(seen.first.values())} bytes {seen.first}")
        assert sum(seen.first.values()) <= BUDGET, seen.first
        context.close()
    assert len(table.comments) == 200
