"""Search page in a real browser: from the outline to the hit, with the keyboard, accessible."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from klimawerk.search import index
from tests.accessibility import LOOKS, looked_at
from tests.comments.conftest import Table
from tests.comments.test_comments_accessibility import create_threads


def test_from_the_outline_to_the_place(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    index.reindex(index.stale_items())  # as the process that wrote it does
    page = page_for(table.person("editor", "partner"), path=f"/measures/{table.measure.id}")
    page.get_by_role("banner").get_by_role("link", name="Search").click()
    page.get_by_label("Words").fill("sixty BINS")
    page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("Sixty")
    expect(page.get_by_label("Only in this programme")).to_be_checked()
    page.get_by_role("link", name="Show: WA-01 Comment").first.click()
    expect(page.locator(".comment:target")).to_contain_text("Sixty bins?")


def test_the_page_has_no_barrier(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    index.reindex(index.stale_items())  # as the process that wrote it does
    faults = []
    for (side, light), words in zip(LOOKS, ("bins", "nowhere"), strict=True):
        page = page_for(table.person("editor", side), path=f"/search?q={words}&programme={table.programme.id}")
        page.emulate_media(color_scheme=light)
        faults += [f"{side}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)
