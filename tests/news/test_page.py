"""Start page in real browsers: accessibility, and marking as seen without reloading the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.accessibility import LOOKS, looked_at
from tests.comments.conftest import Table
from tests.comments.test_comments_accessibility import create_threads


@pytest.mark.slow
def test_the_first_page_has_no_barrier_when_there_is_news(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    faults = []
    for side, light in LOOKS:
        page = page_for(table.person("editor", side), path="/")
        page.emulate_media(color_scheme=light)
        expect(page.locator("#news .entry").first).to_be_visible()
        faults += [f"{side}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)


def test_marking_as_seen_takes_it_away_in_place(table: Table, page_for: Callable[..., Page]) -> None:
    create_threads(table)
    page = page_for(table.person("editor", "de"), path="/?lang=en")
    page.evaluate("document.body.dataset.same = 'yes'")
    page.get_by_role("button", name="Mark as seen: WA-01 Green bins").press("Enter")
    expect(page.get_by_text("Nothing new.")).to_be_visible()
    expect(page.locator("#news-since")).to_be_empty()
    expect(page.get_by_role("heading", name="What is new")).to_be_focused()
    assert page.evaluate("document.body.dataset.same") == "yes"
    page.reload()
    expect(page.get_by_text("Nothing new.")).to_be_visible()


def test_the_focus_goes_to_the_next_entry(table: Table, page_for: Callable[..., Page]) -> None:
    for code in ("WA-02", "WA-01"):  # the last one stands first
        measure = factories.measure(table.programme, code)
        set_value(FieldRef(measure, "planning_state"), "idea", based_on=0, by=table.person("editor", "partner").id)
    page = page_for(table.person("editor", "de"), path="/?lang=en")
    page.get_by_role("button", name="Mark as seen: WA-01").press("Enter")
    expect(page.get_by_role("button", name="Mark as seen: WA-02")).to_be_focused()
    expect(page.locator("#news-since")).to_contain_text("1 measure changed since")
