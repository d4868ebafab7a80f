"""How soon a measure's page takes a tap on a phone whose processor is slow (CDP throttling), on a good connection."""

from __future__ import annotations

from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from klimawerk.accounts.models import Person
from tests import browsers

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "locale": "de-DE",
}
GOAL = 1.0  # seconds after the last byte of the HTML

# Taps the pen of the first field once the page's script has run, and again each 50 ms until its form is there.
_TAPPER = """(() => {
  const seen = (window.tapped = {})
  const look = () => {
    if (!document.documentElement.classList.contains("js")) return setTimeout(look, 10)
    seen.script ??= performance.now()
    const field = document.querySelector(".parts kw-field:has(> .pen), .parts kw-field:has(> form)")
    if (field?.querySelector("form")) seen.open = performance.now()
    else {
      field?.querySelector(".pen").click()
      setTimeout(look, 50)
    }
  }
  document.addEventListener("DOMContentLoaded", look)
})()"""


def measure_taps(browser: Browser, url: str, path: str, person: Person, *, slower: int, runs: int) -> dict[str, float]:
    """Medians in seconds from the last byte of the HTML: until the script has run, until a tap has opened a field."""
    context = browser.new_context(base_url=url, **PHONE)
    context.set_default_timeout(60_000)
    page = context.new_page()
    browsers.sign_in(page, person)
    page.close()
    seen = [_tap(context, path, slower) for _ in range(runs)]
    context.close()
    return {name: median(one[name] for one in seen) for name in ("script", "open")}


def _tap(context: BrowserContext, path: str, slower: int) -> dict[str, float]:
    page = context.new_page()
    page.add_init_script(_TAPPER)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(path, wait_until="commit")
    page.locator(".parts kw-field > form").wait_for()
    html = page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
    tapped = page.evaluate("tapped")
    page.close()
    return {name: (at - html) / 1000 for name, at in tapped.items()}
