"""Fields, rows and texts of a visited measure are edited without a network, also after it was opened without one."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.sheets.rows import rows_of
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import (
    BASES,
    PAGES,
    kept,
    text_on_disk,
    value_on_disk,
    wait_until,
    wait_until_kept,
    wait_until_nothing_is_kept,
)
from tests.sheet_page import field_of, forms_arrived, open_field, open_row

SheetFor = Callable[..., SheetWindow]


def test_fields_rows_and_texts_are_edited_after_an_offline_reload_and_arrive(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = _visited(sheet_for(team.partner["editor"], service_workers="allow"))
    step = rows_of(measure)["steps"][0].id
    page = own_sheet.page
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#kept")).to_contain_text("You are offline.")
    open_field(page, f"f-{measure.id}-priority").locator("select").select_option("low")
    wait_until_kept(page, "low")
    _cell(page, step).fill("Weigh the waste")
    wait_until_kept(page, "Weigh the waste")
    own_sheet.edit()
    page.keyboard.type(" On the train.")
    wait_until_kept(page, "On the train.")

    again = page.context.new_page()
    page.close()
    again.goto(f"/measures/{measure.id}")
    expect(field_of(again, f"f-{measure.id}-priority").locator("select")).to_have_value("low")
    expect(again.locator(f"#c-{step}-text-en [name=value]")).to_have_value("Weigh the waste")
    expect(again.locator(f"#t-{measure.id}-description-en .text-body")).to_have_text(
        "Forty bins are set up. On the train."
    )
    again.context.set_offline(False)
    wait_until_nothing_is_kept(again)
    assert value_on_disk(measure, "priority") == "low"
    assert text_on_disk(measure) == "Forty bins are set up. On the train."
    db.session.rollback()
    assert rows_of(measure)["steps"][0].cells["text.en"] == "Weigh the waste"
    expect(field_of(again, f"f-{measure.id}-priority").locator(".value")).to_have_text("low")
    expect(again.locator(f"#row-{step}")).to_contain_text("Weigh the waste")


def test_with_the_data_saver_no_forms_are_loaded_or_kept_before_they_are_asked_for(
    team: Team, sheet_for: SheetFor, measure: Measure
) -> None:
    own_sheet = sheet_for(team.partner["editor"], service_workers="allow", extra_http_headers={"Save-Data": "on"})
    page = own_sheet.page
    wait_until(page, lambda: f"/measures/{measure.id}" in page.evaluate(PAGES))
    page.reload()
    own_sheet.page.locator("#save-state[data-state=saved]").wait_for()
    open_field(page, f"f-{measure.id}-priority").locator("select").select_option("low")
    wait_until(page, lambda: value_on_disk(measure, "priority") == "low")
    assert [path for path in page.evaluate(PAGES) if path.endswith("/forms")] == []
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)")
    assert f"/items/{measure.id}/fields/priority" in loaded
    assert f"/items/{measure.id}/forms" not in loaded


def test_a_shared_computer_keeps_no_forms(team: Team, sheet_for: SheetFor, measure: Measure) -> None:
    own_sheet = sheet_for(team.partner["editor"], service_workers="allow")
    page = own_sheet.page
    page.goto("/account")
    page.get_by_label("This is a shared computer").check()
    page.locator("form[action$='/account/device'] button[type=submit]").click()
    page.goto(f"/measures/{measure.id}")
    forms_arrived(page)
    open_row(page, rows_of(measure)["steps"][0].id)
    _cell(page, rows_of(measure)["steps"][0].id).fill("Nobody shall find this")
    page.wait_for_timeout(1_000)
    assert kept(page) == []
    assert [path for path in page.evaluate(PAGES) if path.endswith("/forms")] == []


def _visited(sheet: SheetWindow) -> SheetWindow:
    """Page, forms and text are stored, and so are the files they need."""
    page = sheet.page
    wanted = {f"/measures/{sheet.item}", f"/items/{sheet.item}/forms"}
    wait_until(page, lambda: wanted <= set(page.evaluate(PAGES)))
    wait_until(page, lambda: f"measure:{sheet.item}" in page.evaluate(BASES))
    page.reload()  # the editor passes through the worker now
    page.locator("[hx-morph-skip]").first.wait_for()
    forms_arrived(page)
    return sheet


def _cell(page: Page, row_id: str) -> Locator:
    """The text of a step in English, in its open row."""
    return open_row(page, row_id).locator(f"#c-{row_id}-text-en [name=value]")
