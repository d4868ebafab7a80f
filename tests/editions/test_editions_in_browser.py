"""Editions in browsers: a coordinator makes one; later it is read, and compared with the present state."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import LOOKS, looked_at
from tests.browsers import begin_to_write, move_caret
from tests.editions.conftest import EditionsScene
from tests.editions.test_pages import mission


def test_a_programme_is_fixed_changed_compared_and_read_as_it_was(
    any_database: str, house: EditionsScene, page_for: Callable[..., Page]
) -> None:
    page = page_for(house.team.partner["coordinator"], path=f"/programmes/{house.programme.id}")
    page.get_by_role("link", name="All fixed copies").click()
    page.get_by_label("Name", exact=True).fill("Council draft")
    page.get_by_label("What is it for?").select_option("council")
    page.get_by_role("button", name="Make fixed copy").click()
    expect(page.locator("#flashes")).to_contain_text("is kept as “Council draft”")
    expect(page.locator("#edition-1")).to_contain_text("1 goal, 2 measures.")

    sheet = page_for(house.editor("partner"), path=f"/measures/{house.measure.id}")
    sheet.locator("#save-state[data-state=saved]").wait_for()
    text = sheet.locator(f"#t-{house.measure.id}-description-en")
    begin_to_write(text)
    move_caret(sheet, "Control+End")
    sheet.keyboard.type(" Ten more follow.")
    expect(text).to_contain_text("Ten more follow.")
    sheet.locator("#save-state[data-state=saved]").wait_for()

    page.goto(f"/programmes/{house.programme.id}")
    page.get_by_role("link", name="What changed since “Council draft”").click()
    expect(page.locator("h1")).to_have_text(re.compile("Since today, .*: 1 measure changed"))
    changed = page.locator(f"#item-{house.measure.id}")
    expect(changed.locator("ins")).to_contain_text("Ten more follow.")
    page.locator(".picker > summary").click()
    page.get_by_role("link", name="Side by side").click()
    expect(changed.locator(".before-now dd").first).to_have_text("Forty bins are set up.")
    page.keyboard.press("n")
    expect(changed).to_be_focused()
    expect(page.get_by_text("2 goals and measures unchanged")).to_be_visible()

    page.goto(f"{house.address}/1")
    expect(page.locator("main")).to_contain_text("Nothing in it changes any more.")
    expect(page.locator(f"#item-{house.measure.id}")).to_contain_text("Forty bins are set up.")
    expect(page.locator("main")).not_to_contain_text("Ten more")


@pytest.mark.slow
def test_no_page_of_editions_has_a_barrier(house: EditionsScene, page_for: Callable[..., Page]) -> None:
    mission(house)
    house.set("amount", {"amount": "64000.00", "currency": "EUR"}, row="costs")
    house.fix("After the mission")
    faults = []
    for side, light in LOOKS:
        page = page_for(getattr(house.team, side)["coordinator"])
        page.emulate_media(color_scheme=light)
        views = [f"/compare?from=1&to=now&view={view}" for view in ("redline", "fields", "sides")]
        for path in ("", "/1", "/1?sheets=all", *views):
            page.goto(house.address + path)
            faults += [f"{path}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)
