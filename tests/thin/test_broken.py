"""A page of which a part did not arrive helps itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from klimawerk.measures.models import Measure
from tests.factories import Team

PageFor = Callable[..., Page]
PARTS = {"the entry": r"/js/main\.js", "the libraries": r"/klimawerk-page", "the style": r"/css/page\.css"}
WATCH = re.compile(r"/js/again\.js")


def breaking(page: Page, part: str | re.Pattern[str], times: int) -> list[str]:
    """The first `times` requests for it break off; what was asked for is in the answer."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= times:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile(part), answer)
    return asked


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_breaks_off_twice_is_fetched_again(
    page_for: PageFor, team: Team, measure: Measure, part: str
) -> None:
    page = page_for(team.de["editor"], path="about:blank")
    asked = breaking(page, PARTS[part], 2)
    page.goto(f"/measures/{measure.id}")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    expect(page.locator("body")).not_to_have_css("margin", "8px")  # dressed
    assert len(asked) > 2, "nothing broke"
    page.locator(".text-edit").first.click()
    expect(page.locator("[role=textbox]:focus")).to_have_count(1)


@pytest.mark.parametrize("part", ["the entry", "the style"])
def test_without_the_watch_it_stays_away(page_for: PageFor, team: Team, measure: Measure, part: str) -> None:
    page = page_for(team.de["editor"], path="about:blank")
    page.route(WATCH, lambda route: route.abort())
    asked = breaking(page, PARTS[part], 2)
    page.goto(f"/measures/{measure.id}")
    page.wait_for_timeout(3_000)
    assert len(asked) == 1


@pytest.mark.parametrize("watched", [True, False])
def test_a_page_that_broke_off_is_loaded_again(page_for: PageFor, team: Team, measure: Measure, watched: bool) -> None:
    page = page_for(team.de["editor"], path="about:blank")
    if not watched:
        page.route(WATCH, lambda route: route.abort())
    loads: list[str] = []

    def cut(route: Route) -> None:
        answer = route.fetch()
        text = answer.text()
        loads.append(text)
        route.fulfill(response=answer, body=text.partition("<footer")[0] if len(loads) <= 2 else text)

    page.route(f"**/measures/{measure.id}", cut)
    page.goto(f"/measures/{measure.id}")
    if watched:
        expect(page.locator("#announce")).to_have_count(1)
        expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
        assert len(loads) == 3
        assert page.evaluate("sessionStorage.getItem('cuts')") is None
    else:
        page.wait_for_timeout(3_000)
        assert len(loads) == 1
        assert not page.locator("#announce").count()
