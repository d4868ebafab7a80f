"""A double click on a slow connection, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from tests import factories


@pytest.mark.parametrize(("button", "model"), [("+ Maßnahme", Measure), ("+ Ziel", Goal)])
def test_two_presses_on_a_slow_line_make_one(page_for: Callable[..., Page], button: str, model: type) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    page = page_for(team.de["editor"], path=f"/programmes/{programme.id}")
    before = _count(model)
    button_locator = page.locator("#goals-and-measures button", has_text=button).first
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 1500, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )
    button_locator.scroll_into_view_if_needed()
    box = button_locator.bounding_box()
    assert box is not None
    position = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*position)
    page.wait_for_timeout(350)
    page.mouse.click(*position)
    # The second click aborts the first navigation, which waiting for a navigation would report as a failure.
    expect(page).to_have_url(re.compile(r"/measures/\d+$" if model is Measure else r"/goals/\d+$"))
    assert _count(model) == before + 1


def _count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_page_that_the_browser_kept_means_something_new(page_for: Callable[..., Page]) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    page = page_for(team.de["editor"], path=f"/programmes/{programme.id}")
    page.locator("html.draggable").wait_for()
    key = page.locator("input[name=request_key]").first
    before = key.input_value()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))")
    assert key.input_value() == before
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert key.input_value() not in ("", before)
