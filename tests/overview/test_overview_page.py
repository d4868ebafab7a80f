"""A programme's overview: what everybody sees, what it costs the database, and how it follows changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from klimawerk.collab.rich_text import from_plain_text
from klimawerk.database import writing
from klimawerk.exchange.demo import EXAMPLE
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import note, revision
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures, create_measure
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import create_programme, set_rate
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.service import FieldRef, set_value
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.overview.test_finance import finance_table
from tests.sql_trace import traced

GAP = "Gap (neither secured nor applied for)"


@pytest.fixture
def team(app: Flask) -> Team:
    return factories.partnership()


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team)


def overview(client: ProofReader, programme: Programme, query: str = "") -> str:
    response = client.get(f"/programmes/{programme.id}/overview{query}")
    assert response.status_code == 200
    return response.text


def part(page: str, name: str) -> str:
    """The HTML of a part of the overview."""
    start = page.index(f'id="overview-{name}"')
    return page[start : page.index("</section>", start)]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def rows(html: str) -> dict[str, list[str]]:
    """{first cell: other cells} of the tables in a part."""
    lines = re.findall(r"<tr.*?>(.*?)</tr>", html, re.DOTALL)
    cells = [[text(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", line, re.DOTALL)] for line in lines]
    return {first: rest for first, *rest in cells}


def changed_parts(client: ProofReader, programme: Programme, since: int, query: str = "") -> set[str]:
    """Names of the parts that come with a change."""
    html = client.fragment(f"/programmes/{programme.id}/overview/changes?since={since}{query}").text
    return set(re.findall(r'id="overview-([a-z-]+)"', html))


# The example programme


def test_the_money_is_that_of_the_finance_table(client: ProofReader) -> None:
    programme = import_programme(EXAMPLE.read_bytes(), by=None)
    client.login(factories.member(programme.frame.partnership, "partner", "observer"))
    table = finance_table(client.get(f"/programmes/{programme.id}").text)
    page = overview(client, programme)
    certainty, sources = rows(part(page, "certainty-chart")), rows(part(page, "source-chart"))
    for label in ("Secured (granted, in the budget)", "Applied for", "Only intended", "Source open", GAP):
        assert [Decimal(certainty[label][0].replace(",", ""))] == table[label][:1], label
    assert [certainty[label][0] for label in ("Secured (granted, in the budget)", "Applied for", GAP)] == [
        "256,000",
        "342,000",
        "508,000",
    ]
    assert sources["Costs"] == ["1,106,000", "≈ GHS 14,378,000"]
    assert table["Costs"] == [1_106_000, 14_378_000]
    own = ["Own funds of Abenkrom", "Own funds of Wiesenbrück"]
    assert [label for label in sources if label.startswith("Own")] == own, "one's own side first"
    assert (
        sum(Decimal(cells[0].replace(",", "")) for label, cells in sources.items() if label not in ("Costs", "Source"))
        == 1_106_000
    )
    figures = text(part(page, "key-figures"))
    assert "Costs EUR 1,106,000 ≈ GHS 14,378,000 Gap EUR 508,000 46% neither" in figures
    german = overview(client, programme, "?lang=de")
    assert "Kosten 1.106.000 € ≈ 14.378.000 GHS Lücke 508.000 €" in text(part(german, "key-figures"))


def test_each_part_is_a_table_or_a_list_in_words(client: ProofReader) -> None:
    programme = import_programme(EXAMPLE.read_bytes(), by=None)
    client.login(factories.member(programme.frame.partnership, "de", "editor"))
    page = overview(client, programme, "?lang=en")
    read_out = re.sub(r'<p class="legend" aria-hidden="true">.*?</p>', "", page, flags=re.DOTALL)
    assert len(re.findall(r'<svg role="img"><title>[A-Z][a-z]+ 20\d\d – [A-Z][a-z]+ 20\d\d, \w', read_out)) == 10
    assert len(re.findall(r"<svg(?![^>]*aria-hidden)", read_out)) == 10, "other drawings are hidden from screen readers"
    assert rows(part(page, "contributions"))["Own funds"] == ["EUR 104,000", "EUR 53,000"]
    lead = rows(part(page, "responsibilities"))["EN-01 Solar power for health posts and schools"]
    assert lead[0].startswith("Building management, municipal utility , Katrin Brandes")
    assert lead[1].endswith("Akosua Frimpong leads")
    assert lead[2:] == ["July 2027 – June 2029", "240,000"]
    matrix = rows(part(page, "state-matrix"))
    assert matrix["GR Urban green, water and preparedness"] == ["GR-03", "GR-02", "", "GR-01", ""]
    assert "13 Climate Action 9 measures" in text(part(page, "sdg-counts"))
    assert "style=" not in page


# Ways to it


def test_the_ways_lead_to_the_overview_and_on_to_the_text(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    client.login(team.de["editor"])
    address = f"/programmes/{programme.id}"
    start = client.get("/").text
    assert f'href="{address}/overview"' in start[start.index("<main") :]
    assert f'<a href="{address}/overview" aria-current="page">' in client.get(address).text, "the section of the frame"
    for path in ("/overview", "", "/order"):
        tabs = re.search(r'<nav class="tabs".*?</nav>', client.get(address + path).text, re.DOTALL)
        assert tabs
        assert re.findall(r'href="([^"]*)" aria-current', tabs[0]) == [address + path]
        assert f'href="{address}/bin"' in tabs[0]
    client.login(team.de["reviewer"])
    tabs = re.search(r'<nav class="tabs".*?</nav>', overview(client, programme), re.DOTALL)
    assert tabs
    assert f'href="{address}/editions"' in tabs[0]
    assert "/order" not in tabs[0]
    assert "/paste" not in tabs[0]


def test_only_members_see_it(client: ProofReader, programme: Programme) -> None:
    client.login(factories.partnership().de["coordinator"])
    for path in ("overview", "overview/changes"):
        assert client.get(f"/programmes/{programme.id}/{path}").status_code == 404


def test_an_empty_programme_says_what_to_do_first(client: ProofReader, team: Team) -> None:
    programme = create_programme(team.partnership, languages=["en", "de"], lead_language="en", by=None)
    client.login(team.partner["editor"])
    page = overview(client, programme)
    first = part(page, "no-measures")
    assert 'aria-labelledby="no-measures-h"' in first
    assert not re.match(r"[^>]* hidden>", first)
    assert "Paste a table" in first
    assert "Write the first measure" in first
    for name in ("key-figures", "timeline", "source-chart", "state-matrix", "responsibilities", "sdg-counts"):
        assert re.match(r"[^>]* hidden>", part(page, name)), name
    client.login(team.partner["reviewer"])
    assert "Paste a table" not in overview(client, programme)


# Cost


def test_the_number_of_statements_does_not_grow_with_the_measures(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    client.login(team.de["editor"])
    counts = []
    for more in (0, 12):
        goal = db.session.get_one(Goal, factories.measure(programme).goal_id)
        for _ in range(more):
            fresh = create_measure(goal, values={"period_start": "2027", "planning_state": "draft"}, by=None)
            append_row(fresh, "costs", {"amount": {"amount": "5.00", "currency": "EUR"}}, by=None)
            append_row(fresh, "responsible", {"side": "de", "contact": "Ama Boateng"}, by=None)
        db.session.commit()
        address = f"/programmes/{programme.id}/overview"
        with traced() as trace:
            db.engine.dispose()
            assert client.get(address).status_code == 200
        counts.append(trace.counts())
    assert len(all_measures(programme)) == 14
    assert counts[0] == counts[1]
    assert sum(counts[1].values()) <= 24


# Changes


def test_a_change_of_a_measure_brings_the_parts_that_show_it(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    measure = factories.measure(programme)
    client.login(team.de["editor"])
    who = team.partner["editor"].id
    query = f"&item={measure.id}"
    for field, value, parts in (
        ("planning_state", "draft", {"key-figures", "timeline", "state-matrix"}),
        ("period_start", "2027-09", {"timeline", "responsibilities"}),
        ("sdgs", [13], {"sdg-counts"}),
        ("priority", "low", set()),
    ):
        since = revision(measure.name)
        set_value(FieldRef(measure, field), value, based_on=measure.revs.get(field, 0), by=who)
        assert changed_parts(client, programme, since, query) == parts, field
    since = revision(measure.name)
    append_row(measure, "funding", {"source": "nki", "amount": {"amount": "5.00", "currency": "EUR"}}, by=None)
    assert changed_parts(client, programme, since, query) == {
        "key-figures",
        "source-chart",
        "certainty-chart",
        "contributions",
    }
    assert changed_parts(client, programme, revision(measure.name), query) == set()


def test_a_goal_s_field_of_action_places_its_measures_on_open_pages_too(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    measure, by = factories.measure(programme), team.de["editor"].id
    set_value(FieldRef(measure, "field"), None, based_on=measure.revs["field"], by=by)
    goal = db.session.get_one(Goal, measure.goal_id)
    other = append_row(programme, "fields", {"code": "EN", "title.en": "Energy"}, by=None)
    client.login(team.de["editor"])
    page = overview(client, programme)
    followed = re.findall(r'data-topic="(\w+:\d+)" data-rev="\d+" data-changes="[^"]*[?]item=(\d+)&amp;', page)
    assert (goal.name, str(goal.id)) in followed
    assert (measure.name, str(measure.id)) in followed
    since, query = revision(goal.name), f"&item={goal.id}"
    set_value(FieldRef(goal, "field"), other.id, based_on=goal.revs["field"], by=by)
    assert changed_parts(client, programme, since, query) == {
        "key-figures",
        "timeline",
        "state-matrix",
        "responsibilities",
    }
    answer = client.fragment(f"/programmes/{programme.id}/overview/changes?since={since}{query}")
    assert int(answer.headers["X-Rev"]) == revision(goal.name)
    assert rows(part(answer.text, "state-matrix"))["EN Energy"][-1] == "WA-01"
    since = revision(goal.name)
    append_row(goal, "indicators", {}, by=None)
    assert changed_parts(client, programme, since, query) == set()


def test_a_measure_that_comes_or_goes_and_a_new_rate_bring_everything(
    client: ProofReader, team: Team, programme: Programme
) -> None:
    client.login(team.de["editor"])
    goal = db.session.get_one(Goal, factories.measure(programme).goal_id)
    everything = changed_parts(client, programme, 0)
    assert {"timeline", "source-chart", "no-measures", "topics", "heading"} < everything
    since = revision(programme.name)
    created = create_measure(goal, texts={"title.en": from_plain_text("Third")}, by=None)
    assert changed_parts(client, programme, since) == everything
    since = revision(programme.name)
    delete_item(created, by=team.de["editor"].id)
    assert changed_parts(client, programme, since) == everything
    since = revision(programme.name)
    set_rate(
        programme,
        rate=Decimal(14),
        on=programme.frame.rate_date or db.session.get_one(Measure, created.id).created_at.date(),
        by=None,
    )
    answer = client.fragment(f"/programmes/{programme.id}/overview/changes?since={since}")
    assert "1 EUR = 14 GHS" in answer.text
    assert int(answer.headers["X-Rev"]) == revision(programme.name)
    page = client.fragment(f"/items/{programme.id}/changes?since={since}&mode=read").text
    assert "1 EUR = 14 GHS" in page, "the finance table of the text follows, too"
    since = revision(programme.name)
    with writing():
        note(programme.name)  # somebody writes in the foreword
    assert changed_parts(client, programme, since) == set()


def test_a_part_is_never_older_than_what_it_replaces(client: ProofReader, team: Team, programme: Programme) -> None:
    """A page keeps a part with a higher rank (`data-rev`): so the rank grows, also when a measure is deleted."""
    client.login(team.de["editor"])
    measure = factories.measure(programme)

    def rank() -> int:
        found = re.search(r'id="overview-timeline"[^>]* data-rev="(\d+)"', overview(client, programme))
        assert found
        return int(found[1])

    ranks = [rank()]
    set_value(FieldRef(measure, "planning_state"), "draft", based_on=0, by=team.de["editor"].id)
    ranks.append(rank())
    delete_item(measure, by=team.de["editor"].id)
    ranks.append(rank())
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("other", ["measure of another partnership", "the programme itself", "nothing"])
def test_changes_of_another_item_are_not_found(
    client: ProofReader, team: Team, programme: Programme, other: str
) -> None:
    client.login(team.de["editor"])
    elsewhere = factories.measure(factories.programme(factories.partnership()))
    ids = {
        "measure of another partnership": elsewhere.id,
        "the programme itself": programme.id,
        "nothing": 9999,
    }
    assert client.get(f"/programmes/{programme.id}/overview/changes?item={ids[other]}").status_code == 404


def test_an_open_page_follows_and_leaves_the_focus_where_it_is(
    team: Team, programme: Programme, page_for: Callable[..., Page]
) -> None:
    measure = factories.measure(programme)
    set_value(FieldRef(measure, "period_start"), "2027-09", based_on=0, by=team.de["editor"].id)
    page = page_for(team.partner["reviewer"], path=f"/programmes/{programme.id}/overview?show=en")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    chip = page.locator("#overview-state-matrix").get_by_role("link", name="WA-01")
    chip.focus()
    set_value(FieldRef(measure, "planning_state"), "review", based_on=0, by=team.de["editor"].id)
    expect(page.locator("#overview-timeline rect.period.review")).to_have_count(2)  # the legend, and the bar
    expect(page.locator("#overview-state-matrix td[data-label='Under review'] a")).to_have_text("WA-01")
    expect(chip).to_be_focused()
    goal = db.session.get_one(Goal, measure.goal_id)
    created = create_measure(goal, texts={"title.en": from_plain_text("Third")}, by=None)
    expect(page.locator("#overview-responsibilities tbody tr")).to_have_count(3)
    append_row(created, "costs", {"amount": {"amount": "38000.00", "currency": "EUR"}}, by=None)
    expect(page.locator("#overview-source-chart tfoot")).to_contain_text("100,000")
