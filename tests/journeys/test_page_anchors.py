"""Links to places of a page, also by keyboard: conflicts, and where other users are. Notes on the writing language."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import set_languages
from klimawerk.sheets.items import set_writing_language
from klimawerk.sheets.service import FieldRef
from tests import factories
from tests.factories import Team
from tests.sheet_page import open_control
from tests.sheets.test_field_links import create_conflict

PageFor = Callable[..., Page]


@pytest.fixture
def team(app: object, live_server: object) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def measure(programme: Programme) -> Measure:
    return factories.measure(programme)


def test_two_values_are_a_way_to_each_of_their_fields_also_on_a_phone(
    team: Team, measure: Measure, page_for: PageFor
) -> None:
    create_conflict(FieldRef(measure, "code"), team, "WA-07", "WA-08")
    create_conflict(FieldRef(measure, "period_end"), team, "2029-05", "2029-06")
    page = page_for(team.de["editor"], path=f"/measures/{measure.id}?lang=en", viewport={"width": 360, "height": 640})
    link = page.locator("#save-line a")
    expect(page.locator("#save-state a")).to_have_text("2 fields with two values")
    expect(link).to_have_text("2 fields have two values. Please choose for each.")
    page.locator("kw-text[hx-morph-skip]").first.wait_for()  # the editor is loaded
    focused = []
    for _ in range(3):
        link.press("Enter")
        button = page.locator(":focus")
        expect(button).to_be_in_viewport()
        assert button.evaluate("one => one.matches('.conflict button')")
        focused.append(button.evaluate("one => one.closest('kw-field').id"))
    ids = [f"f-{measure.id}-{name}" for name in ("code", "period_end")]
    assert focused == [*ids, ids[0]]  # the code is in a menu that is closed
    page.locator(f"#{ids[0]} .conflict button").first.click()
    expect(link).to_have_text("1 field has two values. Please choose one.")
    link.press("Enter")
    page.locator(":focus").press("Enter")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    expect(link).not_to_have_attribute("href", re.compile("."))


def test_whose_language_changes_while_they_type_are_told_and_lose_nothing(
    team: Team, programme: Programme, measure: Measure, page_for: PageFor
) -> None:
    page = page_for(team.de["editor"], path=f"/measures/{measure.id}?lang=en&show=de")
    german, english = (page.locator(f"#t-{measure.id}-description-{code}") for code in ("de", "en"))
    german.locator(".text-edit").click()
    german.locator("[role=textbox]").press_sequentially("Vierzig")
    note = german.locator(".writing-note")
    set_writing_language(measure, "de", by=team.partner["editor"].id)
    expect(page.locator(f"#writing-{measure.id}")).to_have_value("de")
    expect(note).to_have_count(0)  # negative control: it is the language that is being typed
    set_writing_language(measure, "en", by=team.partner["editor"].id)
    expect(note).to_contain_text("Everybody writes in English from now on. What you have written stays here.")
    page.keyboard.type(" Tonnen")
    expect(german.locator("[role=textbox]")).to_have_text(re.compile("Vierzig Tonnen"))
    set_languages(programme, languages=["en"], lead="en", by=None)
    expect(note).to_contain_text("German is no working language any more.")
    page.keyboard.type(".")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    note.get_by_role("button", name="Go there").click()
    expect(english.locator("[role=textbox]")).to_be_focused()
    expect(german.locator(".text-body")).to_have_text(re.compile(r"Vierzig Tonnen\."))


def test_names_say_on_which_page_somebody_is_and_lead_there(
    team: Team, programme: Programme, measure: Measure, page_for: PageFor
) -> None:
    other_measure = factories.measure(programme, "WA-02")
    page = page_for(team.de["editor"], path=f"/measures/{measure.id}?lang=en")
    other_page = page_for(team.partner["editor"], path=f"/measures/{other_measure.id}?lang=en")
    link = page.locator("#people a")
    expect(link).to_have_accessible_name("Editor partner WA-02 Compost site")
    link.focus()
    open_control(other_page, f"f-{other_measure.id}-period_end").focus()
    expect(link).to_have_attribute("href", f"/measures/{other_measure.id}#f-{other_measure.id}-period_end")
    expect(link).to_be_focused()  # rendered again, and still focused
    link.press("Enter")
    expect(page.locator(f"#f-{other_measure.id}-period_end .pen")).to_be_focused()
    expect(page.locator("#people a")).to_have_accessible_name("Editor partner End")
    expect(page.locator("#people")).to_contain_text("Editor de")  # the user's own name has no link
    other_page.close()
    expect(page.locator("#people a")).to_have_count(0)
