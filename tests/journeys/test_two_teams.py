"""The main user journey: a German and a Ghanaian team edit one measure concurrently, and no input is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from klimawerk.accounts.models import Person
from klimawerk.collab.rich_text import to_plain_text
from klimawerk.collab.storage import document_store
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.sheets.models import Row
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.browsers import begin_to_write, move_caret
from tests.servers import KlimawerkServer
from tests.sheet_page import forms_arrived, open_control, value_of

EXAMPLE = Path("klimawerk/exchange/example_programme.json")
LATE = 30_000  # timeout in milliseconds after the server was killed

PageFor = Callable[..., Page]


@pytest.fixture
def measure(app: Flask) -> Measure:
    """WA-01 of the example programme, as imported."""
    programme = import_programme(EXAMPLE.read_bytes(), by=None)
    return factories.measure(programme, "WA-01")


@pytest.fixture
def editors(measure: Measure) -> tuple[Person, Person]:
    """An editor of each side."""
    partnership = measure.frame.partnership
    german_town, partner_town = partnership.municipalities
    katrin = factories.person("Jana Berg", language="de")
    akosua = factories.person("Akosua Owusu", language="en", timezone="Africa/Accra")
    factories.member(partnership, "de", "editor", town=german_town, who=katrin)
    factories.member(partnership, "partner", "editor", town=partner_town, who=akosua)
    return katrin, akosua


@pytest.mark.lines("two")
def test_everything_both_teams_typed_is_in_both_pages_and_in_the_database(
    any_database: str, measure: Measure, editors: tuple[Person, Person], live_server: KlimawerkServer, page_for: PageFor
) -> None:
    german, partner = (page_for(person, path=f"/measures/{measure.id}?show=en") for person in editors)
    cost = rows_of(measure)["costs"][0]

    # Both type in one paragraph at once.
    _edit(german, measure)
    _edit(partner, measure)
    move_caret(german, "Control+End")
    move_caret(partner, "Control+Home")
    for word in ("Deckel ", "innen ", "grün. "):
        german.keyboard.type(word)
        partner.keyboard.type(word.upper())
    for page in (german, partner):
        expect(_text(page, measure)).to_contain_text("DECKEL INNEN GRÜN. Green bins")
        expect(_text(page, measure)).to_contain_text("sort properly.Deckel innen grün.")

    # Dates and a cost line, field by field.
    _fill(german, f"#f-{measure.id}-period_start", "Oktober 2027")
    _fill(partner, f"#c-{cost.id}-amount", "63500.00", leave_by="Enter")
    expect(value_of(partner, f"f-{measure.id}-period_start")).to_have_text("October 2027")
    expect(german.locator(f"[id='row-{cost.id}']")).to_contain_text("63.500")

    # One goes offline and continues typing.
    partner.context.set_offline(True)
    _edit(partner, measure)
    move_caret(partner, "Control+End")
    partner.keyboard.type(" Written on the train.")
    expect(partner.locator("#save-state")).to_have_attribute("data-state", "offline", timeout=LATE)

    # The server is killed while the other one is typing.
    _edit(german, measure)
    move_caret(german, "Control+Home")
    german.keyboard.type("Vor dem Sturz ")
    forms_arrived(german)
    live_server.kill()
    german.keyboard.type("und danach ")
    _fill(german, f"#f-{measure.id}-period_end", "September 2029")
    expect(german.locator("#save-state")).not_to_have_attribute("data-state", "saved")
    live_server.restart()
    partner.context.set_offline(False)

    for page in (german, partner):
        expect(_text(page, measure)).to_contain_text("Vor dem Sturz und danach ", timeout=LATE)
        expect(_text(page, measure)).to_contain_text("Written on the train.", timeout=LATE)
        expect(page.locator("#save-state")).to_have_attribute("data-state", "saved", timeout=LATE)
    expect(value_of(partner, f"f-{measure.id}-period_end")).to_have_text("September 2029", timeout=LATE)

    # Both pages and the database hold the same text, and every input exactly once.
    page_text = _text(german, measure).inner_text().strip()
    assert page_text == _text(partner, measure).inner_text().strip()
    db.session.rollback()
    stored = to_plain_text(document_store.contents(measure.name)["description.en"]).strip()
    assert stored == page_text
    for expected in ("DECKEL INNEN GRÜN.", "Deckel innen grün.", "Written on the train.", "Vor dem Sturz und danach"):
        assert stored.count(expected) == 1, expected
    assert measure.values["period_start"] == "2027-10"
    assert measure.values["period_end"] == "2029-09"
    cost_row = db.session.get(Row, cost.id)
    assert cost_row is not None
    assert cost_row.cells["amount"] == {"amount": "63500.00", "currency": "EUR"}


@pytest.mark.lines("two")
def test_two_values_for_one_field_stand_side_by_side_until_an_editor_chooses(
    measure: Measure, editors: tuple[Person, Person], live_server: KlimawerkServer, page_for: PageFor
) -> None:
    german, partner = (page_for(person, path=f"/measures/{measure.id}") for person in editors)
    field = f"#f-{measure.id}-period_start"
    forms_arrived(partner)
    partner.context.set_offline(True)
    _fill(partner, field, "March 2028")
    with german.expect_response(lambda answer: "/fields/period_start" in answer.url and answer.status == 200):
        _fill(german, field, "Mai 2027")
    expect(german.locator(field).locator(".conflict")).to_have_count(0)
    partner.context.set_offline(False)
    for page in (german, partner):
        expect(page.locator(field).locator(".conflict button")).to_have_count(2, timeout=LATE)
    expect(value_of(partner, field[1:])).to_have_text("May 2027")
    partner.locator(field).locator(".conflict button").nth(1).click()
    for page, value in ((german, "März 2028"), (partner, "March 2028")):
        expect(value_of(page, field[1:])).to_have_text(value)
        expect(page.locator(field).locator(".conflict")).to_have_count(0)


def _text(page: Page, measure: Measure) -> Locator:
    return page.locator(f"#t-{measure.id}-description-en .text-body")


def _edit(page: Page, measure: Measure) -> None:
    begin_to_write(page.locator(f"#t-{measure.id}-description-en"))


def _fill(page: Page, field: str, text: str, leave_by: str = "Tab") -> None:
    """Fill the field, and leave it with a key."""
    control = open_control(page, field.removeprefix("#"))
    control.fill(text)
    control.press(leave_by)
