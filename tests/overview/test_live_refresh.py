"""Live refresh of open pages: created, deleted and moved items appear without loading the page again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import note, revision
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.client import ProofReader
from tests.factories import Team


@pytest.fixture
def team(app: object) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


@pytest.fixture
def measure(programme: Programme) -> Measure:
    return factories.measure(programme)


@pytest.mark.parametrize(
    ("kind", "field", "value", "group"),
    [("programme", "state", "draft", "head"), ("measure", "priority", "high", "state")],
)
def test_an_observers_page_gets_a_group_that_was_empty(
    client: ProofReader, team: Team, programme: Programme, kind: str, field: str, value: str, group: str
) -> None:
    item = programme if kind == "programme" else factories.measure(programme, "WA-02")
    client.login(team.partner["observer"])
    page = client.get(f"/{kind}s/{item.id}").text
    assert re.search(rf'id="group-{group}"[^>]* hidden', page)
    since = revision(item.name)
    set_value(FieldRef(item, field), value, based_on=0, by=team.de["editor"].id)
    newer = client.fragment(f"/items/{item.id}/changes?since={since}").text
    assert re.search(rf'id="group-{group}"(?![^>]* hidden)', newer)
    assert f'id="f-{item.id}-{field}"' in newer


def test_an_editors_page_gets_the_field_alone(client: ProofReader, team: Team, programme: Programme) -> None:
    client.login(team.partner["editor"])
    since = revision(programme.name)
    set_value(FieldRef(programme, "state"), "draft", based_on=0, by=team.de["editor"].id)
    newer = client.fragment(f"/items/{programme.id}/changes?since={since}").text
    assert f'id="f-{programme.id}-state"' in newer
    assert "group-head" not in newer


def test_the_outline_is_sent_when_a_measure_came_and_only_then(
    client: ProofReader, team: Team, programme: Programme, measure: Measure
) -> None:
    client.login(team.partner["observer"])
    since = revision(programme.name)
    outline = f"/items/{measure.goal_id}/outline?since={since}"
    assert client.fragment(outline).text == ""
    with writing():
        note(programme.name)  # another change of the programme
    assert client.fragment(outline).text == ""
    create_measure(db.session.get_one(Goal, measure.goal_id), texts={"title.en": from_plain_text("Third")}, by=None)
    answer = client.fragment(outline)
    assert answer.text.count("Third") == 2, "in the outline, and in the goal's list"
    assert int(answer.headers["X-Rev"]) == revision(programme.name) > since
    assert "Third" in client.fragment(f"/items/{programme.id}/changes?since={since}").text


def test_a_new_measure_and_its_title_come_to_every_open_page(
    any_database: str, team: Team, programme: Programme, measure: Measure, page_for: Callable[..., Page]
) -> None:
    observer = page_for(team.partner["observer"], path=f"/measures/{measure.id}?show=en")
    reader = page_for(team.partner["reviewer"], path=f"/programmes/{programme.id}?show=en")
    editor = page_for(team.de["editor"], path=f"/goals/{measure.goal_id}?show=en")
    for page in (observer, reader, editor):
        expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
        page.evaluate("document.body.dataset.same = 'yes'")
    lines = ".outline ol ol > li"
    expect(observer.locator(lines)).to_have_count(2)
    editor.get_by_role("button", name="+ Maßnahme").click()
    measure_id = int(editor.url.rsplit("/", 1)[1])
    for page in (observer, reader):
        expect(page.locator(lines)).to_have_count(3)
        expect(page.locator(lines).last).to_contain_text("Untitled")
    expect(reader.locator(f"#line-{measure_id}")).to_be_visible()
    expect(observer.locator("#outline [aria-current]")).to_contain_text("WA-01")

    title = editor.locator(f"#t-{measure_id}-title-en")
    title.locator(".text-edit").click()
    expect(title).to_have_class(re.compile("is-editing"))
    editor.keyboard.type("Shared tools")
    for page in (observer, reader):
        expect(page.locator(lines).last).to_contain_text("Shared tools", timeout=20_000)
        assert page.evaluate("document.body.dataset.same") == "yes", "the page was not loaded again"


def test_a_measure_is_arranged_by_dragging_and_others_see_it(
    team: Team, programme: Programme, measure: Measure, page_for: Callable[..., Page]
) -> None:
    other_page = page_for(team.de["editor"], path=f"/programmes/{programme.id}/order?show=en")
    expect(other_page.locator("#save-state")).to_have_attribute("data-state", "saved")
    page = page_for(team.partner["editor"], path=f"/programmes/{programme.id}/order?show=en")
    page.evaluate("document.body.dataset.same = 'yes'")
    codes = page.locator("li[data-move] .code")
    expect(codes).to_have_text(["WA-01", "WA-02"])
    second = factories.measure(programme, "WA-02")
    _drag(page, f"#item-{second.id}", above=f"#item-{measure.id}")
    expect(codes).to_have_text(["WA-02", "WA-01"])
    assert page.evaluate("document.body.dataset.same") == "yes", "the page stayed while it was drawn anew"
    expect(other_page.locator("li[data-move] .code")).to_have_text(["WA-02", "WA-01"])
    page.reload()
    expect(codes).to_have_text(["WA-02", "WA-01"])


def _drag(page: Page, moved: str, *, above: str) -> None:
    handle, target = page.locator(f"{moved} .row-handle"), page.locator(above)
    handle.hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + 10, box["y"] + 2, steps=5)
    page.mouse.up()
