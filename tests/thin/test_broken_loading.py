"""A page retries the loading of parts that did not arrive."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.programmes.service import programme_of
from tests import browsers
from tests.factories import Team
from tests.live.engine_server import until
from tests.offline.browser_store import PAGES
from tests.servers import KlimawerkServer
from tests.thin.shaped_line import ShapedLine, thin

PageFor = Callable[..., Page]
PARTS = {"the entry": r"/js/main\.js", "the libraries": r"/klimawerk-page", "the style": r"/css/page\.css"}
WATCH = re.compile(r"/js/retry-load\.js")


def breaking(page: Page, part: str | re.Pattern[str], times: int) -> list[str]:
    """The first `times` requests for it break off; returns the list of requests."""
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
    expect(page.locator("body")).not_to_have_css("margin", "8px")  # styled
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
        until(lambda: page.evaluate("sessionStorage.getItem('cuts')") is None)
    else:
        page.wait_for_timeout(3_000)
        assert len(loads) == 1
        assert not page.locator("#announce").count()


@dataclass
class OneReset:
    """Weather with one reset, of the connection that carries the byte `left` bytes from now."""

    left: int

    def after(self, size: int) -> float | None:
        before, self.left = self.left, self.left - size
        return 0 if before > 0 >= self.left else None


def at_rest(page: Page, line: ShapedLine) -> bool:
    before = line.carried[1]
    page.wait_for_timeout(1_500)
    return line.carried[1] - before < 500


@pytest.mark.slow
@pytest.mark.parametrize(
    "worker",
    [
        pytest.param(False, id="first visit"),
        pytest.param(True, id="through the service worker"),
    ],
)
def test_a_page_whose_connection_is_reset_half_way_is_whole_in_the_end(
    browser: Browser, page_for: PageFor, live_server: KlimawerkServer, team: Team, measure: Measure, worker: bool
) -> None:
    known = page_for(team.de["editor"], path="/").context.storage_state()
    with thin(live_server.port, rate=30_000, delay=0.02) as line:
        windows = browsers.Windows(browser, line.url)
        page = windows.open(path="about:blank", storage_state=known, service_workers="allow" if worker else "block")
        if worker:
            page.goto(f"/measures/{measure.id}")
            expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
            until(lambda: "/offline" in page.evaluate(PAGES))  # the last that is passed to the service worker
            until(lambda: at_rest(page, line))  # everything that is loaded later has arrived
        line.reset()
        line.weather = cast(Any, OneReset(6_000))
        page.goto(f"/measures/{measure.id}", wait_until="commit")
        expect(page.locator("#announce")).to_have_count(1)
        windows.faults.clear()  # scripts may fail on half a page
        expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
        assert line.resets >= 1
        page.locator(".text-edit").first.click()
        expect(page.locator("[role=textbox]:focus")).to_have_count(1)
        windows.close()
    assert not windows.faults, "\n".join(windows.faults)


@pytest.mark.slow
@pytest.mark.parametrize(
    "breaks",
    [pytest.param(True, id="it breaks off"), pytest.param(False, id="it does not")],
)
def test_half_a_file_is_no_file_even_through_the_service_worker(
    browser: Browser, page_for: PageFor, live_server: KlimawerkServer, team: Team, measure: Measure, breaks: bool
) -> None:
    noise = " ".join(secrets.token_hex(8) for _ in range(3_000))  # which compresses badly
    goal = db.session.get_one(Goal, measure.goal_id)
    create_measure(goal, texts={"description.en": from_plain_text(noise)}, by=None)
    programme = programme_of(measure).id
    known = page_for(team.de["editor"], path="/").context.storage_state()
    with thin(live_server.port, rate=30_000, delay=0.02) as line:
        windows = browsers.Windows(browser, line.url)
        page = windows.open(path="about:blank", storage_state=known, service_workers="allow")
        page.goto(f"/programmes/{programme}")
        until(lambda: "/offline" in page.evaluate(PAGES))  # the last that is passed to the service worker
        until(lambda: at_rest(page, line))
        page.reload()  # from here on the service worker answers
        until(lambda: at_rest(page, line))
        line.weather, before = cast(Any, OneReset(15_000 if breaks else 10**9)), line.resets
        with page.expect_download() as coming:
            page.locator(".tabs .menu summary").click()
            page.locator("a[href$='export.json']").click()
        assert bool(coming.value.failure()) == breaks
        assert (line.resets > before) == breaks
        windows.close()
