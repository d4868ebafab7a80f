"""Comparison in browsers: a reviewer finds what a workshop changed; an old text is restored on every open page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.versions.models import Version, Visit
from tests.accessibility import LOOKS, looked_at
from tests.browsers import begin_to_write, move_caret
from tests.offline.browser_store import wait_until
from tests.versions.conftest import VersionedMeasure
from tests.versions.test_pages import workshop
from tests.versions.test_visits import record_past_visit

VIEWS = ("Marked in the text", "By field", "Side by side")
CHANGED = ("description-de", "description-en", "rows-steps", "rows-costs")


def test_after_a_workshop_the_old_description_comes_back_alone(
    any_database: str, desk: VersionedMeasure, page_for: Callable[..., Page]
) -> None:
    """A reviewer with the right to edit restores; the role "reviewer" compares and comments only."""
    workshop(desk)
    sheet = page_for(desk.editor("partner"), path=f"/measures/{desk.measure.id}")
    open_text = sheet.locator(f"#t-{desk.measure.id}-description-en .text-body")
    expect(open_text).to_contain_text("Fifty bins")
    sheet.locator("#save-state[data-state=saved]").wait_for()

    reader = page_for(desk.team.partner["reviewer"], path=f"/items/{desk.measure.id}/compare?from=1&to=now")
    for view in VIEWS:
        sees_exactly_that(reader, view)
    expect(reader.locator(".restore")).to_have_count(0)

    page = page_for(desk.team.de["coordinator"], path=f"/measures/{desk.measure.id}", locale="en-GB")
    page.goto(f"/measures/{desk.measure.id}?lang=en")
    page.locator("aside.panel a[data-tab=history]").click()
    page.get_by_role("link", name="Saved versions, and what changed").click()
    page.get_by_role("link", name="Compare with now: Version 1").click()
    sees_exactly_that(page, "Side by side")
    expect(page.locator(".restore")).not_to_have_count(0)
    assert "view=sides" in page.url

    page.keyboard.press("n")
    expect(page.locator("#change-description-de")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#change-description-en")).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator("#change-description-de")).to_be_focused()

    english = page.locator("#change-description-en")
    english.get_by_role("button", name="Bring back").click()
    expect(page.locator("#change-description-de + .restored")).to_contain_text("Brought back from version 1.")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    expect(page.locator("#change-description-en")).to_have_count(0)
    expect(page.locator("#change-description-de")).to_have_count(1)
    expect(open_text).to_contain_text("Forty bins are set up.")
    expect(open_text).not_to_contain_text("Fifty")


def sees_exactly_that(page: Page, view: str) -> None:
    """The description, two cost rows, the order of steps and the German translation; nothing else."""
    page.locator(".picker > summary").click()
    page.get_by_role("link", name=view).click()
    expect(page.locator(".picker > summary")).to_contain_text(f"all languages, {view[0].lower()}{view[1:]}")
    expect(page.locator("h1")).to_have_text(
        re.compile("Since today, .*: 2 fields changed, 1 step moved, 2 cost lines changed")
    )
    assert [section.get_attribute("id") for section in page.locator(".change").all()] == [
        f"change-{name}" for name in CHANGED
    ]
    for lang, before, now in (("de", "Vierzig", "Fünfzig"), ("en", "Forty", "Fifty")):
        shown = page.locator(f"#change-description-{lang}")
        expect(shown).to_contain_text("has changed as well.")
        if view == "By field":
            expect(shown.locator("dd")).to_have_count(2)
            expect(shown.locator("dd").nth(0)).to_contain_text(before)
            expect(shown.locator("dd").nth(1)).to_contain_text(now)
            expect(shown.locator("del, ins")).to_have_count(0)
        else:
            expect(shown.locator("del")).to_have_text(f"[removed:] {before}")
            expect(shown.locator("ins")).to_have_text(f"[added:] {now}")
    steps, costs = page.locator("#change-rows-steps .line"), page.locator("#change-rows-costs .line")
    expect(steps).to_have_count(1)
    expect(steps).to_contain_text("moved from place")
    expect(costs).to_have_count(2)
    expect(costs.nth(0)).to_contain_text("62,000")
    expect(costs.nth(0)).to_contain_text("64,000")
    expect(costs.nth(1)).to_contain_text("A caretaker")
    expect(costs.nth(1)).to_contain_text("removed")


def test_a_field_comes_back_while_somebody_types_in_it(desk: VersionedMeasure, page_for: Callable[..., Page]) -> None:
    workshop(desk)
    sheet = page_for(desk.editor("partner"), path=f"/measures/{desk.measure.id}")
    sheet.locator("#save-state[data-state=saved]").wait_for()
    text = sheet.locator(f"#t-{desk.measure.id}-description-en")
    begin_to_write(text)
    move_caret(sheet, "Control+End")
    sheet.keyboard.type(" And the school", delay=20)

    page = page_for(desk.team.partner["coordinator"], path=f"/items/{desk.measure.id}/compare?from=1&to=now")
    part = page.locator("#change-description-en")
    sheet.keyboard.type(" joins", delay=20)
    part.get_by_role("button", name="Bring back").click()
    expect(page.locator(".restored")).to_contain_text("Brought back from version 1.")
    sheet.keyboard.type(" them.", delay=20)
    expect(text.locator("[role=textbox]")).to_contain_text("Forty bins are set up.")
    expect(text.locator("[role=textbox]")).to_contain_text("them.")
    sheet.locator("#save-state[data-state=saved]").wait_for()


def test_words_of_a_paragraph_that_went_are_offered_to_their_writer(
    desk: VersionedMeasure, page_for: Callable[..., Page]
) -> None:
    workshop(desk)
    sheet = page_for(desk.editor("partner"), path=f"/measures/{desk.measure.id}")
    sheet.locator("#save-state[data-state=saved]").wait_for()
    text = sheet.locator(f"#t-{desk.measure.id}-description-en")
    begin_to_write(text)
    move_caret(sheet, "Control+End")
    sheet.keyboard.type(" They earn by it.")
    sheet.keyboard.press("Enter")
    sheet.keyboard.type("The school joins them.")

    page = page_for(desk.team.partner["coordinator"], path=f"/items/{desk.measure.id}/compare?from=1&to=now")
    part = page.locator("#change-description-en")
    expect(part).to_contain_text("The school joins them.")
    part.get_by_role("button", name="Bring back").click()
    expect(text.locator("[role=textbox]")).to_contain_text("Forty bins are set up.")
    expect(text.locator("[role=textbox]")).not_to_contain_text("The school")
    offered = sheet.locator(".offer textarea")
    expect(offered).to_have_count(1)
    expect(offered).to_have_value("The school joins them.")
    expect(sheet.locator(".offer")).to_contain_text("Somebody took away or brought back the paragraph you wrote in.")
    sheet.get_by_role("button", name="Done, take this away").click()
    sheet.locator("#save-state[data-state=saved]").wait_for()
    expect(page.locator(".offer")).to_have_count(0)


@pytest.mark.slow
def test_what_changed_since_the_last_visit_is_one_link_away(
    desk: VersionedMeasure, page_for: Callable[..., Page]
) -> None:
    reader = desk.team.partner["reviewer"]
    desk.keep()
    sheet = page_for(reader, path=f"/measures/{desk.measure.id}")
    wait_until(sheet, lambda: visit_of(desk, reader))  # the sheet has to be in view for some seconds
    noted = visit_of(desk, reader)
    sheet.goto("/")
    wait_until(sheet, lambda: visit_of(desk, reader) != noted)  # the server has noticed that the page was closed
    with writing():
        visit = db.session.get_one(Visit, (reader.id, desk.measure.id))
        assert visit.before_at is None
        visit.at -= timedelta(days=2)
        db.session.scalars(db.select(Version)).one().at -= timedelta(days=3)
    desk.write("description.en", "Sixty bins are set up.")
    sheet.goto(f"/measures/{desk.measure.id}")
    sheet.locator("aside.panel a[data-tab=history]").click()
    sheet.get_by_role("link", name="Since my last visit").click()
    expect(sheet.locator(".picker > summary")).to_contain_text("From your last visit")
    expect(sheet.locator("#change-description-en ins")).to_have_text("[added:] Sixty")
    expect(sheet.locator(".change")).to_have_count(1)


def visit_of(desk: VersionedMeasure, reader: Person) -> datetime | None:
    """When the server last recorded that the reader had the measure in view."""
    db.session.rollback()
    visit = db.session.get(Visit, (reader.id, desk.measure.id))
    return visit.at if visit else None


def test_a_history_that_is_open_follows(desk: VersionedMeasure, page_for: Callable[..., Page]) -> None:
    page = page_for(desk.editor("partner"), path=f"/items/{desk.measure.id}/history")
    expect(page.get_by_text("No version yet.")).to_be_visible()
    page.locator("#save-state[data-state=saved]").wait_for()
    sheet = page_for(desk.team.partner["coordinator"], path=f"/measures/{desk.measure.id}")
    sheet.locator("aside.panel [data-tab=history]").click()
    sheet.locator("#keep > summary").click()
    sheet.get_by_label("Name (optional)").fill("After the mission")
    sheet.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#version-1")).to_be_visible()


@pytest.mark.slow
def test_no_page_of_a_history_has_a_barrier(desk: VersionedMeasure, page_for: Callable[..., Page]) -> None:
    workshop(desk)
    desk.keep("After the workshop")
    desk.set("priority", "low")
    faults = []
    for side, light in LOOKS:
        page = page_for(getattr(desk.team, side)["coordinator"])
        page.emulate_media(color_scheme=light)
        item = f"/items/{desk.measure.id}"
        views = [f"/compare?from=1&to=now&view={view}" for view in ("redline", "fields", "sides")]
        for path in ("/history", "/history/1", *views):
            page.goto(item + path)
            faults += [f"{path}: {fault}" for fault in looked_at(page)]
    assert not faults, "\n".join(faults)


def test_the_first_change_stands_within_200_pixels(desk: VersionedMeasure, page_for: Callable[..., Page]) -> None:
    """Counted from the upper edge of the page. At 320 pixels the old value stands above the new one."""
    workshop(desk)
    desk.set("priority", "low")
    reader = desk.team.partner["reviewer"]
    page = page_for(reader, path=f"/items/{desk.measure.id}/compare?from=1&to=now")
    page.locator("#save-state[data-state=saved]").wait_for()
    for width in (1280, 480):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(".change").first.evaluate("(one) => one.getBoundingClientRect().top + scrollY") <= 200
    before_now = "#change-priority dl > div"
    edges = f"[...document.querySelectorAll('{before_now}')].map((one) => [one.offsetLeft, one.offsetTop])"
    for width, is_above in ((1280, False), (320, True)):
        page.set_viewport_size({"width": width, "height": 568})
        (left, top), (next_left, next_top) = page.evaluate(edges)
        assert ((left == next_left) and (top < next_top)) is is_above

    page.get_by_role("button", name="Next change").click()
    page.get_by_role("button", name="Next change").click()
    expect(page.locator("#change-description-en")).to_be_focused()
    expect(page.locator(".steps summary")).to_have_text("Change 2 of 5")
    box, bar = page.locator(".steps").bounding_box(), page.locator(".ways").bounding_box()
    assert box
    assert bar
    assert box["y"] + box["height"] <= bar["y"] + 1, "above the bar of the site"

    page.emulate_media(media="print")
    expect(page.locator(".printed")).to_contain_text(re.compile(r"Joint programme: WA-01 .*\. From Version 1"))
    expect(page.locator(".change")).to_have_count(5)
    assert page.locator(".change").last.is_visible()
    controls = "[...document.querySelectorAll('button, summary, select, input')].filter((one) => one.checkVisibility())"
    assert page.evaluate(f"{controls}.length") == 0


def test_what_changed_is_seen_and_brought_back_in_three_presses(
    desk: VersionedMeasure, page_for: Callable[..., Page]
) -> None:
    person = desk.editor("partner")
    desk.keep()
    record_past_visit(desk, person, timedelta(days=3))
    desk.write("description.en", "Sixty bins are set up.")
    desk.set("priority", "low")
    page = page_for(person, path="/")
    page.context.add_init_script("""addEventListener("click", (event) => {
      if (event.isTrusted) sessionStorage.presses = 1 + Number(sessionStorage.presses ?? 0)
    }, true)""")
    for start in ("/", f"/measures/{desk.measure.id}"):
        desk.set("priority", "low")
        page.goto(start)
        page.evaluate("sessionStorage.presses = 0")
        link = "a[href$='/compare?from=visit']"
        if not page.locator(f"{link}:visible").count():
            page.locator(f"details.menu:has({link}) > summary").first.click()
        page.locator(f"{link}:visible").first.click()
        page.locator("#change-priority").get_by_role("button", name="Bring back").click()
        expect(page.locator(".restored")).to_contain_text("Priority: Brought back")
        assert int(page.evaluate("sessionStorage.presses")) <= 3
        db.session.rollback()
        db.session.refresh(desk.measure)
        assert desk.measure.values["priority"] == "high"
