"""Start page in real browsers: accessibility, and marking as seen without reloading the page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.accessibility import LOOKS, looked_at
from tests.comments.conftest import Table
from tests.comments.test_comments_accessibility import create_threads


def test_the_first_page_has_no_barrier_when_there_is_news(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    faults = []
    for side, light in LOOKS:
        page = page_for(table.person("editor", side), path="/")
        page.emulate_media(color_scheme=light)
        expect(page.locator("#news .card").first).to_be_visible()
        faults += [f"{side}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)


def test_marking_as_seen_takes_it_away_in_place(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    page = page_for(table.person("editor", "de"), path="/?lang=en")
    page.evaluate("document.body.dataset.same = 'yes'")
    page.get_by_role("button", name="Mark as seen: WA-01 Green bins").press("Enter")
    expect(page.get_by_text("Nothing new.")).to_be_visible()
    assert page.evaluate("document.body.dataset.same") == "yes"
    page.reload()
    expect(page.get_by_text("Nothing new.")).to_be_visible()
