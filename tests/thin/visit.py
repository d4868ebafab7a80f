"""One user's visit to a measure's page with the times at which things were visible: seconds since the request."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from playwright.sync_api import Error, Locator, Page

TEXT = "kw-text[data-write][data-kind=text]:has(.text-body > *)"
"""A long text with content. The first of the page is remembered, since an editor has content in any text."""

# Runs once per frame, so what it sees has been painted. Playwright injects this script; the page's policy need not
# allow it.
_EYE = """(() => {
  let kept = null
  const text = () => (kept ??= document.querySelector("TEXT"))
  const body = () => text()?.querySelector(".text-body")
  const painted = () => performance.getEntriesByName("first-contentful-paint").length > 0
  const shows = (word) => body()?.textContent.includes(word)
  const conditions = {
    readable: () => painted() && document.styleSheets.length > 0 && shows(""),
    script: () => document.documentElement.classList.contains("js"),
    online: () => document.querySelector("#save-state[data-state=saved]") !== null,
    editing: () => text()?.contains(document.activeElement) && document.activeElement.isContentEditable,
    saved: () => Object.keys(eye.words).length && text()?.querySelector(".field-state[data-state=saved]") !== null,
  }
  const eye = (window.eye = { seen: {}, words: {}, id: () => text()?.id })
  const look = () => {
    const now = performance.now()
    for (const [name, holds] of Object.entries(conditions)) if (!(name in eye.seen) && holds()) eye.seen[name] = now
    for (const [name, word] of Object.entries(eye.words)) if (!(name in eye.seen) && shows(word)) eye.seen[name] = now
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()""".replace("TEXT", TEXT)

# The point at the end of the text, once that is in the middle of the window: not under the bar at the top.
_POINT = """(text) => {
  const body = text.querySelector(".text-body")
  ;(body.lastElementChild ?? body).scrollIntoView({ block: "center", behavior: "instant" })
  const { x, bottom } = body.getBoundingClientRect()
  return [x + 20, bottom - 15]
}"""
CLICKS = 240
"""How often a visitor clicks into a text, at least half a second apart, until they give up."""


class PageVisit:
    """`page` must be new. Waiting times out after `patience` seconds."""

    def __init__(self, page: Page, *, patience: float = 60) -> None:
        self.page, self._patience, self._asked = page, patience, 0.0
        page.add_init_script(_EYE)

    def open(self, address: str) -> None:
        """Request the page without waiting for it."""
        self._asked = time.time()
        self.page.goto(address, wait_until="commit")

    def seconds(self, name: str) -> float:
        """When `name` was first seen; waits for it."""
        self._until(lambda: name in self.seen, name)
        return self.seen[name]

    def moment(self, name: str) -> float:
        """The same as a time of the wall clock (seconds), to compare pages."""
        return self.seconds(name) + self._asked

    @property
    def seen(self) -> dict[str, float]:
        """By what the page shows now: a page that broke off is reloaded, and its time goes on."""
        try:
            origin, seen_at = self.page.evaluate("[performance.timeOrigin, window.eye?.seen ?? {}]")
        except Error as problem:
            if "context was destroyed" in problem.message:
                return {}
            raise
        return {name: (origin + at) / 1000 - self._asked for name, at in seen_at.items()}

    @property
    def text(self) -> Locator:
        """The observed text."""
        return self.page.locator(f"#{self.page.evaluate('eye.id()')}")

    @property
    def body(self) -> Locator:
        return self.text.locator(".text-body")

    def expect(self, name: str, word: str) -> None:
        """From now on look for `word` in the text, under the name `name`."""
        self.page.evaluate("([name, word]) => (eye.words[name] = word)", [name, word])

    def begin_to_write(self) -> None:
        """Click into the text as soon as it can be read, and again if nothing happens, as users do.

        Each time the text is brought into view: a style sheet that arrives late moves it, even out of the window.
        """
        self.seconds("readable")
        clicks = 0
        while "editing" not in self.seen:
            assert clicks < CLICKS, f"the editor does not open after {clicks} clicks; seen: {self.seen}"
            if self.text.get_attribute("aria-busy") is None:
                self.page.mouse.click(*self.text.evaluate(_POINT))
                clicks += 1
            self._until(partial(self._editing_or_after, time.monotonic() + 0.5), "editing")

    def _editing_or_after(self, moment: float) -> bool:
        return "editing" in self.seen or time.monotonic() > moment

    def write(self, word: str) -> None:
        """Type the visitor's word in the editor; "typed" and "saved" are recorded."""
        self.expect("typed", word)
        self.page.keyboard.type(word)

    def waterfall(self) -> list[dict[str, Any]]:
        """What was fetched: name; requested, first byte, last byte (seconds); bytes."""
        fetched: list[dict[str, Any]] = self.page.evaluate(
            """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(
              ({ name, startTime, responseStart, responseEnd, transferSize }) => ({
                name: new URL(name).pathname, asked: startTime, began: responseStart, ended: responseEnd,
                bytes: transferSize }))"""
        )
        times = ("asked", "began", "ended")
        return [{key: one[key] / 1000 if key in times else one[key] for key in one} for one in fetched]

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self._patience
        while not condition():
            assert time.monotonic() < end, f"{what} was not seen within {self._patience} s; seen: {self.seen}"
            self.page.wait_for_timeout(30)
