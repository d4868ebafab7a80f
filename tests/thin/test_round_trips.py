"""The number of round trips until a page's text is live: counted, not timed (test_page_weight.py)."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.journeys.conftest import ExampleSite
from tests.thin import page_weight
from tests.thin.shaped_line import thin
from tests.thin.test_page_weight import SAVED


def test_a_page_joins_its_text_with_the_first_words_it_may_say(house: ExampleSite, browser: Browser) -> None:
    """A round trip of a second: what needs no response has happened by then, so a join in a later turn has waited."""
    with thin(house.server.port, rate=1e9, delay=0) as far:
        context = page_weight.fresh(browser, house.window("editor", "de").context, base_url=far.url)
        page_weight.load(context, house.path["measure"], ready="[contenteditable]")[0].close()
        far.delay = 0.5
        page, seen = page_weight.load(context, house.path["measure"], ready=SAVED)
        expect(page.locator("#people")).not_to_be_empty()
        assert (seen.turns('40{"v"'), seen.turns("watch"), seen.turns("doc:join")) == (1, 2, 2)
        context.close()
