"""The panel of pending changes: reading, downloading, copying and discarding, in both languages and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from klimawerk.sheets import items
from tests.accessibility import barriers, sideways, small_targets
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.offline.browser_store import kept, wait_until, wait_until_kept

SheetFor = Callable[..., SheetWindow]
WORDS = {
    "en": ("Not sent yet", "This is kept on this device", "Save as a text file", "Discard"),
    "de": ("Noch nicht gesendet", "Das ist auf diesem Gerät aufbewahrt", "Als Textdatei sichern", "Verwerfen"),
}


@pytest.mark.parametrize(("language", "width"), [("de", 320), ("en", 1280)])
def test_what_waits_is_shown_in_words_and_can_be_taken_along(
    team: Team, sheet_for: SheetFor, measure: Measure, language: str, width: int, tmp_path: Path
) -> None:
    title, why, save, discard = WORDS[language]
    person = (team.de if language == "de" else team.partner)["editor"]
    own_sheet = sheet_for(person, viewport={"width": width, "height": 800})
    if width < 700:
        own_sheet.page.locator("a[data-show-language=en]").click()
    own_sheet.edit()
    own_sheet.page.context.set_offline(True)
    own_sheet.page.keyboard.type(" Words that wait.")
    wait_until_kept(own_sheet.page, "Words that wait.")
    own_sheet.page.locator("#waiting-show").click()
    panel = own_sheet.page.get_by_role("dialog", name=title)
    expect(panel).to_contain_text(why)
    expect(panel).to_contain_text("Forty bins are set up. Words that wait.")
    assert not _barriers(own_sheet.page)
    with own_sheet.page.expect_download() as downloading:
        panel.get_by_role("button", name=save).click()
    text = downloading.value.path().read_text(encoding="utf-8")
    assert "Words that wait." in text
    assert f"/measures/{measure.id}" in text
    own_sheet.page.keyboard.press("Escape")
    items.lock_item(measure, "Voting", by="Miriam")
    own_sheet.page.context.set_offline(False)
    wait_until(own_sheet.page, lambda: [one for one in kept(own_sheet.page) if one["stuck"]])
    own_sheet.page.locator("#waiting-show").click()
    expect(panel.locator("textarea")).to_have_value("Forty bins are set up. Words that wait.")
    assert not _barriers(own_sheet.page)
    panel.get_by_role("button", name=discard).click()
    wait_until(own_sheet.page, lambda: not kept(own_sheet.page))


def _barriers(page: Page) -> list[str]:
    """Accessibility violations of the panel and of its button."""
    least = 44 if page.viewport_size and page.viewport_size["width"] < 700 else 24
    small = [one for one in small_targets(page, least) if "button" in one or "textarea" in one]
    return barriers(page) + sideways(page) + small
