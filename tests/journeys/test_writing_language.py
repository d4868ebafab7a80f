"""The writing language: a user who edits another language sees a note with a button that leads to the right one."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests import factories

PageFor = Callable[..., Page]


def test_who_types_elsewhere_is_shown_the_way(app: object, live_server: object, page_for: PageFor) -> None:
    team = factories.partnership("Wiesenbrück", "Abenkrom")
    measure = factories.measure(factories.programme(team))
    page, other_page = (
        page_for(side["editor"], path=f"/measures/{measure.id}?lang=en") for side in (team.de, team.partner)
    )
    german = other_page.locator(f"#t-{measure.id}-description-de")
    german.locator(".text-edit").click()
    expect(german.locator("[role=textbox]")).to_be_focused()
    expect(german.locator(".writing-note")).to_have_count(0)
    other_page.keyboard.press("Escape")

    page.locator(".item-menu > summary").click()
    page.locator(f"#writing-{measure.id}").select_option("en")
    expect(other_page.locator(f"#writing-{measure.id}")).to_have_value("en")

    german.locator(".text-edit").click()
    expect(german.locator(".writing-note")).to_contain_text("Everybody writes in English now.")
    german.get_by_role("button", name="Go there").click()
    expect(other_page.locator(f"#t-{measure.id}-description-en [role=textbox]")).to_be_focused()
    expect(german.locator(".writing-note")).to_have_count(0)
