"""What stands in people's way on a page, as lines to read: an empty list is a page without barriers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

# Who looks at a page in which colours: a window of each side, which speaks its language.
Colours = Literal["dark", "light"]
LOOKS: tuple[tuple[str, Colours], ...] = (("de", "dark"), ("partner", "light"))

_SCRIPT = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# A control in a line of text may be as high as its line (WCAG 2.5.8); what a label encloses is as big as the label.
_CONTROLS = "a[href], button, input, select, textarea, summary"
_SMALL = (
    f"""(least) => [...document.querySelectorAll("{_CONTROLS}")]"""
    """.flatMap((one) => {
  const box = (one.closest("label") ?? one).getBoundingClientRect()
  const drawn = one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 1
  const inline = one.matches("a") && getComputedStyle(one).display === "inline"
  const small = Math.round(box.width) < least || Math.round(box.height) < least
  if (!drawn || inline || one.type === "hidden" || !small || one.closest(".skip, .unseen")) return []
  return [`${Math.round(box.width)} x ${Math.round(box.height)}: ${one.outerHTML.slice(0, 110)}`]
})"""
)

_HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((one) => one.checkVisibility()).map((one) => [Number(one.tagName[1]), one.textContent.trim()])"""

# Innermost culprits; what lies in a box of its own that scrolls is meant to.
_WIDE = """() => [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility() && !one.closest(".scroll, .unseen"))
  .slice(-3).map((one) => one.outerHTML.slice(0, 110))"""


_SPILLING = """() => [...document.querySelectorAll(".card, .panel, .rows")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 8)
  .map((one) => `${one.scrollWidth} in ${one.clientWidth}: ${one.outerHTML.slice(0, 110)}`)"""


def looked_at(page: Page) -> list[str]:
    """Everything that is wrong with a page on a desk, on a telephone, and at a zoom of 200 %; folds are opened."""
    faults = []
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for width, least in ((1280, 24), (320, 44)):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("scrollTo(0, 0)")  # else a control may lie half under the bar
        found = barriers(page) + sideways(page) + small_targets(page, least) + unordered_headings(page)
        faults += [f"at {width}: {one}" for one in found]
    page.set_viewport_size({"width": 640, "height": 450})
    return faults + [f"at 640: {one}" for one in sideways(page)]


def barriers(page: Page, *tags: str) -> list[str]:
    """What axe finds. Its script runs beside the page's own, outside of the page's policy."""
    return _axe(page, {"type": "tag", "values": [*_WCAG, *tags]})


def pale(page: Page) -> list[str]:
    """What has too little contrast."""
    return _axe(page, {"type": "rule", "values": ["color-contrast"]})


def _axe(page: Page, which: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        "(which) => axe.run({runOnly: which, resultTypes: ['violations']}).then((all) => all.violations)", which
    )
    return [f"{one['id']}: {_told(node)}" for one in found for node in one["nodes"]]


def _told(node: dict[str, Any]) -> str:
    return f"{node['html'][:120]} ({node['failureSummary'].splitlines()[-1].strip()[:150]})"


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, and what spills out of its card."""
    spilling: list[str] = [f"spills: {one}" for one in page.evaluate(_SPILLING)]
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return spilling
    return [f"scrolls sideways: {one}" for one in page.evaluate(_WIDE)] or ["scrolls sideways", *spilling]


def small_targets(page: Page, least: int) -> list[str]:
    """Controls that are smaller than `least` pixels in either direction."""
    return [f"small: {one}" for one in page.evaluate(_SMALL, least)]


def unordered_headings(page: Page) -> list[str]:
    """Exactly one first heading, and no level left out on the way down."""
    headings = [(0, ""), *((level, words) for level, words in page.evaluate(_HEADINGS))]
    firsts = sum(level == 1 for level, _words in headings)
    faults = [f"{firsts} first headings"] if firsts != 1 else []
    for (above, _words), (level, words) in pairwise(headings):
        if level > above + 1:
            faults.append(f"h{level} after h{above}: {words[:60]}")
    return faults
