"""Opening fields and rows of a sheet in a browser, as its users do: by their pen."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

_FORMS_ARRIVED = """() => performance.getEntriesByType("resource").some(
  ({ name, responseEnd }) => /\\/items\\/\\d+\\/forms\\?/.test(name) && responseEnd > 0
)"""


def field_of(page: Page, field_id: str) -> Locator:
    """The field with this id, as `f-7-priority`, open or not."""
    return page.locator(f"kw-field#{field_id}")


def open_field(page: Page, field_id: str) -> Locator:
    """The form of a field, opened by its pen unless it is open."""
    field = field_of(page, field_id)
    form = field.locator("> form.field-form")
    if not form.count():
        field.locator("> a.pen").click()
    expect(form).to_be_visible()
    return form


def open_row(page: Page, row_id: str) -> Locator:
    """The form of a row, `row_id` as in `data-row`, opened by its pen unless it is open."""
    row = page.locator(f"tr[data-row='{row_id}']")
    form = row.locator("[data-row-form]")
    if not form.count():
        row.locator("a.pen").click()
    expect(form).to_be_visible()
    return form


def value_of(page: Page, field_id: str) -> Locator:
    """The value of a field as it is read."""
    return field_of(page, field_id).locator("> p.value")


def open_control(page: Page, field_id: str) -> Locator:
    """The first control of a field or cell (`c-<row>-due`), which is opened first unless it is open."""
    cell = re.match(r"c-([0-9a-f-]{36})-", field_id)
    if cell:
        open_row(page, cell[1])
    else:
        open_field(page, field_id)
    return control_of(page, field_id)


def control_of(page: Page, field_id: str) -> Locator:
    """The first control of a field or cell that is open."""
    return page.locator(f"[id='{field_id}'] > form").locator("select, input:not([type=hidden]), textarea").first


def forms_arrived(page: Page) -> None:
    """Wait until the page keeps the forms of its sheet, so that it opens fields without a connection."""
    page.wait_for_function(_FORMS_ARRIVED)
