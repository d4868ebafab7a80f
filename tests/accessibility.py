"""Accessibility checks of a page (axe, reflow, target size, headings); each returns a list of faults, empty if none."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

# Side (with its language) and colour scheme in which pages are checked.
Colours = Literal["dark", "light"]
LOOKS: tuple[tuple[str, Colours], ...] = (("de", "dark"), ("partner", "light"))

_SCRIPT = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# A control in a line of text may be as high as its line (WCAG 2.5.8); a control in a label is as big as the label.
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

# The innermost elements that are too wide; content of a scrollable box is left out.
_WIDE = """() => [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility() && !one.closest(".scroll, .unseen"))
  .slice(-3).map((one) => one.outerHTML.slice(0, 110))"""


_SPILLING = """() => [...document.querySelectorAll(".card, .panel, .rows")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 8)
  .map((one) => `${one.scrollWidth} in ${one.clientWidth}: ${one.outerHTML.slice(0, 110)}`)"""


def looked_at(page: Page) -> list[str]:
    """All faults of a page at desktop and telephone width, and at a zoom of 200 %; <details> are opened.

    Menus stay closed, since they would cover the page (tests/journeys/test_frame.py looks at them).
    """
    faults = []
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => (one.open = true))")
    for width, least in ((1280, 24), (320, 44)):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("scrollTo(0, 0)")  # otherwise a control may be half under the top bar
        width_faults = barriers(page) + sideways(page) + small_targets(page, least) + unordered_headings(page)
        faults += [f"at {width}: {fault}" for fault in width_faults]
    page.set_viewport_size({"width": 640, "height": 450})
    return faults + [f"at 640: {fault}" for fault in sideways(page)]


def barriers(page: Page, *tags: str) -> list[str]:
    """Violations that axe finds; its script runs outside of the page's content security policy."""
    return _axe(page, {"type": "tag", "values": [*_WCAG, *tags]})


def pale(page: Page) -> list[str]:
    """Elements with too little contrast."""
    return _axe(page, {"type": "rule", "values": ["color-contrast"]})


def _axe(page: Page, which: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    violations: list[dict[str, Any]] = page.evaluate(
        "(which) => axe.run({runOnly: which, resultTypes: ['violations']}).then((all) => all.violations)", which
    )
    return [f"{violation['id']}: {_describe(node)}" for violation in violations for node in violation["nodes"]]


def _describe(node: dict[str, Any]) -> str:
    return f"{node['html'][:120]} ({node['failureSummary'].splitlines()[-1].strip()[:150]})"


def sideways(page: Page) -> list[str]:
    """Elements that make the page scroll horizontally, or overflow their card."""
    spilling: list[str] = [f"spills: {element}" for element in page.evaluate(_SPILLING)]
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return spilling
    return [f"scrolls sideways: {element}" for element in page.evaluate(_WIDE)] or ["scrolls sideways", *spilling]


def small_targets(page: Page, least: int) -> list[str]:
    """Controls that are smaller than `least` pixels in either direction."""
    return [f"small: {element}" for element in page.evaluate(_SMALL, least)]


def unordered_headings(page: Page) -> list[str]:
    """Faults unless there is exactly one h1, and no heading level is skipped."""
    headings = [(0, ""), *((level, text) for level, text in page.evaluate(_HEADINGS))]
    h1_count = sum(level == 1 for level, _text in headings)
    faults = [f"{h1_count} first headings"] if h1_count != 1 else []
    for (above, _text), (level, text) in pairwise(headings):
        if level > above + 1:
            faults.append(f"h{level} after h{above}: {text[:60]}")
    return faults
