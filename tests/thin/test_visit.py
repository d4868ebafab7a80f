"""The visit of the tests finds its text again when the page's layout changes under it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.thin import visit

ADDRESS = "http://localhost/"
# The first click changes the layout, as a style sheet that arrives late. From the second on, the text opens.
PAGE = """<!doctype html>
<style>html { overflow-anchor: none } header { position: fixed; inset: 0 0 auto; height: 60px }</style>
<header></header><div id="above" style="height: 3000px"></div>
<kw-text id="text" data-write data-kind="text"><div class="text-body" tabindex="0"><p>Words</p></div></kw-text>
<div style="height: 3000px"></div>
<script>
  let clicks = 0
  addEventListener("mousedown", () => (above.style.height = "HEIGHT"), { once: true })
  text.addEventListener("click", ({ currentTarget }) => {
    if (++clicks < OPENS) return
    currentTarget.firstChild.contentEditable = "true"
    currentTarget.firstChild.focus()
  })
</script>"""


def visit_page(page: Page, height: str, opens: int = 2) -> visit.PageVisit:
    body = PAGE.replace("HEIGHT", height).replace("OPENS", str(opens))
    page.route(f"{ADDRESS}**", lambda route: route.fulfill(content_type="text/html", body=body))
    made = visit.PageVisit(page)
    made.open(ADDRESS)
    return made


@pytest.mark.parametrize(
    "height",
    [
        pytest.param("800px", id="above the window"),
        pytest.param("9000px", id="below the window", marks=pytest.mark.slow),
        pytest.param("2650px", id="under the bar at the top", marks=pytest.mark.slow),
    ],
)
def test_a_text_that_moved_is_found_again(browser: Browser, height: str) -> None:
    with browser.new_page() as page:
        visit_page(page, height).begin_to_write()
        assert page.evaluate("clicks") > 1


@pytest.mark.slow
def test_a_text_that_never_opens_is_told_after_a_number_of_clicks(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "CLICKS", 3)
    with browser.new_page() as page, pytest.raises(AssertionError, match="does not open after 3 clicks"):
        visit_page(page, "3000px", opens=100).begin_to_write()
