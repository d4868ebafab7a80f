"""Links to a place of a sheet: fields with a conflict, pending decisions, hints."""

from __future__ import annotations

import re

import html5lib
import pytest

from klimawerk.database import writing
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import set_languages
from klimawerk.sheets.items import set_writing_language
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import FieldRef, conflicts_of, set_value, settle_conflict
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(app: object) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def programme(team: Team) -> Programme:
    return factories.programme(team, ("de", "en", "fr"))


@pytest.fixture
def measure(programme: Programme) -> Measure:
    return factories.measure(programme)


@pytest.fixture
def editor(client: ProofReader, team: Team) -> ProofReader:
    client.login(team.partner["editor"])
    return client


def create_conflict(field: FieldRef, team: Team, first: object, second: object) -> None:
    rev = field.rev
    set_value(field, first, based_on=rev, by=team.de["editor"].id)
    set_value(field, second, based_on=rev, by=team.partner["editor"].id)


def links(page: str, inside: str) -> list[tuple[str, str]]:
    """(address, text) of each link in the element with the id `inside`."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    (container,) = [element for element in tree.iter() if element.get("id") == inside]
    return [(link.attrib["href"], "".join(link.itertext())) for link in container.iter("a")]


def is_on(page: str, address: str) -> bool:
    return f'id="{address.partition("#")[2]}"' in page


def test_a_field_with_two_values_is_named_at_the_top_with_the_way_there(
    editor: ProofReader, team: Team, measure: Measure
) -> None:
    element = f"conflicts-{measure.id}"
    assert links(editor.get(f"/measures/{measure.id}").text, element) == []
    row = rows_of(measure)["steps"][0]
    create_conflict(FieldRef(measure, "period_end"), team, "2029-05", "2029-06")
    create_conflict(FieldRef(measure, "text.fr", row), team, "Un", "Deux")
    page = editor.get(f"/measures/{measure.id}").text
    assert "2 fields have two values. Please choose:" in page
    conflict_links = links(page, element)
    assert sorted(label for _, label in conflict_links) == ["End", "Step 1: What FR"]
    for address, _ in conflict_links:
        assert is_on(editor.get(f"/measures/{measure.id}{address.partition('#')[0]}").text, address)
    for conflict in conflicts_of(measure).values():
        settle_conflict(conflict, FieldRef(measure, conflict.field, row if conflict.row_id else None), take=True, by=1)
    assert links(editor.get(f"/measures/{measure.id}").text, element) == []


def test_who_only_reads_is_told_and_not_asked_to_choose(client: ProofReader, team: Team, measure: Measure) -> None:
    create_conflict(FieldRef(measure, "period_end"), team, "2029-05", "2029-06")
    client.login(team.partner["observer"])
    page = client.get(f"/measures/{measure.id}").text
    assert "One field has two values." in page
    assert "Please choose:" not in page


def test_the_list_follows_as_values_meet_and_are_chosen(editor: ProofReader, team: Team, measure: Measure) -> None:
    page = editor.get(f"/items/{measure.id}/changes?since=0", headers=HTMX)
    create_conflict(FieldRef(measure, "period_end"), team, "2029-05", "2029-06")
    changes = editor.get(f"/items/{measure.id}/changes?since={page.headers['X-Rev']}", headers=HTMX)
    assert links(changes.text, f"conflicts-{measure.id}") == [(f"#f-{measure.id}-period_end-two", "End")]
    (conflict,) = conflicts_of(measure).values()
    chosen = editor.post(f"/conflicts/{conflict.id}", data={"take": "1"}, headers=HTMX)
    assert links(chosen.text, f"conflicts-{measure.id}") == []


def test_of_a_programme_the_way_leads_to_its_field(editor: ProofReader, team: Team, programme: Programme) -> None:
    create_conflict(FieldRef(programme, "period_start"), team, "2027-01", "2027-02")
    ((address, _),) = links(editor.get(f"/programmes/{programme.id}").text, f"conflicts-{programme.id}")
    assert address == f"#f-{programme.id}-period_start-two"
    assert is_on(editor.get(f"/programmes/{programme.id}").text, address)
    assert f"/programmes/{programme.id}{address}" in editor.get("/").text


def test_what_waits_leads_to_the_field_or_to_the_list_of_several(
    editor: ProofReader, team: Team, measure: Measure
) -> None:
    row = rows_of(measure)["steps"][0]
    create_conflict(FieldRef(measure, "text.fr", row), team, "Un", "Deux")
    assert f'href="/measures/{measure.id}?show=fr#c-{row.id}-text-fr-two"' in editor.get("/").text
    create_conflict(FieldRef(measure, "period_end"), team, "2029-05", "2029-06")
    assert f'href="/measures/{measure.id}#conflicts-{measure.id}"' in editor.get("/").text


def test_each_hint_leads_to_what_it_is_about(
    editor: ProofReader, team: Team, programme: Programme, measure: Measure
) -> None:
    set_value(FieldRef(measure, "no_cost"), True, based_on=0, by=team.de["editor"].id)
    page = editor.get(f"/measures/{measure.id}").text
    hints = {text: address for address, text in links(page, f"missing-{measure.id}") if "WA-01" in text}
    assert hints
    assert all(is_on(page, address) for address in hints.values())
    finance_links = links(editor.get(f"/programmes/{programme.id}").text, "finance")
    assert {text: address.removeprefix(f"/measures/{measure.id}") for address, text in finance_links} == hints


def test_another_writing_language_and_other_working_languages_reach_open_pages(
    editor: ProofReader, team: Team, programme: Programme, measure: Measure
) -> None:
    set_writing_language(measure, "fr", by=team.de["editor"].id)
    rev = editor.get(f"/items/{measure.id}/changes?since=0", headers=HTMX).headers["X-Rev"]
    set_languages(programme, languages=["de", "en"], lead="de", by=None)
    changes = editor.get(f"/items/{measure.id}/changes?since={rev}", headers=HTMX).text
    assert re.findall(r'data-show-language="(\w+)"', changes) == ["de", "en"]
    assert "data-writing=" not in changes  # the removed language is not offered
    for item in (programme, measure):
        assert editor.get(f"/items/{item.id}/changes?since=0", headers=HTMX).status_code == 200
    with writing() as database:
        assert database.get_one(Item, measure.id).writing_language == ""
