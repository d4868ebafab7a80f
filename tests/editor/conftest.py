"""Fixtures: a partnership of two users, each with a browser page of the same measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page

from klimawerk.accounts.models import Person
from klimawerk.measures.models import Measure
from tests import factories
from tests.browsers import begin_to_write
from tests.factories import Team
from tests.sheet_page import open_control, value_of


@dataclass
class SheetWindow:
    """One user's page of one measure."""

    page: Page
    item: int

    def text(self, field: str = "description", language: str = "en") -> Locator:
        """The element of one live text."""
        return self.page.locator(f"#t-{self.item}-{field}-{language}")

    def body(self, field: str = "description", language: str = "en") -> Locator:
        return self.text(field, language).locator(".text-body")

    def edit(self, field: str = "description", language: str = "en") -> Locator:
        """Click its Edit button; the caret is placed at the end."""
        begin_to_write(self.text(field, language))
        return self.body(field, language)

    def value(self, name: str) -> Locator:
        """The value of a field as it is read."""
        return value_of(self.page, f"f-{self.item}-{name}")

    def open_field(self, name: str) -> Locator:
        """The first control of a field, opened by its pen unless it is open."""
        return open_control(self.page, f"f-{self.item}-{name}")

    def row(self, kind: str) -> Locator:
        """The first row of a table."""
        return self.page.locator(f"#rows-{self.item}-{kind} tr[data-row]").first

    def open_cell(self, kind: str, name: str) -> Locator:
        """The first control of a cell of the table's first row, which is opened by its pen unless it is open."""
        return open_control(self.page, f"c-{self.row(kind).get_attribute('data-row')}-{name}")

    @property
    def state(self) -> Locator:
        """The save status in the bar: an attribute, and a few words."""
        return self.page.locator("#save-state")

    @property
    def state_line(self) -> Locator:
        """The sentence below the bar about what waits."""
        return self.page.locator("#save-line")


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def measure(team: Team) -> Measure:
    return factories.measure(factories.programme(team))


@pytest.fixture
def sheet_for(page_for: Callable[..., Page], measure: Measure) -> Callable[..., SheetWindow]:
    """`sheet_for(person)`: the page of the measure for that person, connected."""

    def open_sheet(person: Person, **options: object) -> SheetWindow:
        page = page_for(person, path=f"/measures/{measure.id}", **options)
        sheet = SheetWindow(page, measure.id)
        sheet.page.locator("#save-state[data-state=saved]").wait_for()
        return sheet

    return open_sheet


def paste(page: Page, html: str) -> None:
    """Paste `html` as the browser does."""
    page.evaluate(
        """(html) => {
          const data = new DataTransfer()
          data.setData("text/html", html)
          const options = { clipboardData: data, bubbles: true, cancelable: true }
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", options))
        }""",
        html,
    )
