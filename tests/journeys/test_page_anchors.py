"""Sentences about a place lead there, by keyboard too; who types in another language than the others is told."""

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
    way = page.locator("#save-state a")
    expect(way).to_have_text("2 fields have two values. Please choose for each.")
    page.locator("kw-text[hx-morph-skip]").first.wait_for()  # the editor has come
    focused = []
    for _ in range(3):
        way.press("Enter")
        button = page.locator(":focus")
        expect(button).to_be_in_viewport()
        assert button.evaluate("one => one.matches('.conflict button')")
        focused.append(button.evaluate("one => one.closest('kw-field').id"))
    names = [f"f-{measure.id}-{name}" for name in ("period_end", "code")]
    assert focused == [*names, names[0]]  # the code stands in a group that was closed
    page.locator(f"#{names[0]} .conflict button").first.click()
    expect(way).to_have_text("1 field has two values. Please choose one.")
    way.press("Enter")
    page.locator(":focus").press("Enter")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    expect(way).not_to_have_attribute("href", re.compile("."))


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
    other = factories.measure(programme, "WA-02")
    here = page_for(team.de["editor"], path=f"/measures/{measure.id}?lang=en")
    there = page_for(team.partner["editor"], path=f"/measures/{other.id}?lang=en")
    way = here.locator("#people a")
    expect(way).to_have_accessible_name("Editor partner WA-02 Compost site")
    way.focus()
    there.locator(f"#f-{other.id}-period_end [name=value]").focus()
    expect(way).to_have_attribute("href", f"/measures/{other.id}#f-{other.id}-period_end")
    expect(way).to_be_focused()  # drawn anew, and still where the keyboard was
    way.press("Enter")
    expect(here.locator(f"#f-{other.id}-period_end [name=value]")).to_be_focused()
    expect(here.locator("#people a")).to_have_accessible_name("Editor partner End")
    expect(here.locator("#people")).to_contain_text("Editor de")  # oneself, without a way
    there.close()
    expect(here.locator("#people a")).to_have_count(0)
