"""A sheet is read as values and tables; its forms come by themselves, by one pen for each thing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from klimawerk.measures.models import Measure
from klimawerk.sheets import lock_service
from klimawerk.sheets.models import Row
from klimawerk.sheets.rows import append_row, delete_row, rows_of
from tests import factories
from tests.client import ProofReader
from tests.factories import Team

HTMX = {"HX-Request": "true"}
COMPARISONS = ("compare?from=1&to=2", "compare?from=2&to=now")  # with a change, and without


@pytest.fixture
def team(app: object) -> Team:
    return factories.partnership("Wiesenbrück", "Abenkrom")


@pytest.fixture
def measure(team: Team) -> Measure:
    return factories.measure(factories.programme(team))


@pytest.fixture
def editor(client: ProofReader, team: Team) -> ProofReader:
    client.login(team.partner["editor"])
    return client


def steps(measure: Measure, count: int) -> list[Row]:
    return [append_row(measure, "steps", {"text.en": f"Step {n}"}, by=None) for n in range(count)]


def pens(page: str) -> list[str]:
    return re.findall(r'class="pen" href="([^"]+)"', page)


def test_a_page_holds_no_form_of_a_field_and_one_pen_for_each_thing(editor: ProofReader, measure: Measure) -> None:
    (row,) = steps(measure, 1)
    page = editor.get(f"/measures/{measure.id}").text
    assert 'class="field-form"' not in page
    assert len(pens(page)) == len(set(pens(page)))
    assert {f"/items/{measure.id}/fields/priority", f"/rows/{row.id}"} <= set(pens(page))


@pytest.mark.parametrize("role", ["editor", "observer"])
def test_the_list_of_keys_names_the_letters_that_do_something_on_this_page(
    client: ProofReader, team: Team, measure: Measure, role: str
) -> None:
    client.login(team.partner["editor"])
    client.post(f"/items/{measure.id}/versions")
    steps(measure, 1)
    client.post(f"/items/{measure.id}/versions")
    client.login(team.partner[role])
    listed = []
    for path in (f"/measures/{measure.id}", *(f"/items/{measure.id}/{at}" for at in ("comments", *COMPARISONS))):
        page = client.get(path).text
        listed.append(re.findall(r"<dt><kbd>(\w)</kbd></dt>", page))
        assert sorted(listed[-1]) == sorted(set(re.findall(r'data-key-shortcut="(\w)"', page))), path
    comment = ["c"] if role == "editor" else []
    assert listed == [comment, comment, ["n", "p"], []]


def test_who_only_reads_or_meets_a_lock_sees_no_pen_and_gets_no_form(
    client: ProofReader, team: Team, measure: Measure
) -> None:
    client.login(team.partner["observer"])
    assert pens(client.get(f"/measures/{measure.id}").text) == []
    assert client.get(f"/items/{measure.id}/forms", headers=HTMX).status_code == 403
    assert client.get(f"/items/{measure.id}/fields/priority").status_code == 403
    lock_service.lock(measure, "", lock_service.person_holder(team.moderator.id))
    client.login(team.partner["editor"])
    assert pens(client.get(f"/measures/{measure.id}").text) == []
    assert client.get(f"/items/{measure.id}/forms", headers=HTMX).text == ""


def test_all_forms_come_in_one_answer_without_form_tokens(editor: ProofReader, measure: Measure) -> None:
    (row,) = steps(measure, 1)
    forms = editor.fragment(f"/items/{measure.id}/forms").text
    assert "csrf_token" not in forms
    for key in ("priority", "period_start", "code"):
        assert f'id="f-{measure.id}-{key}-form"' in forms
    assert f'id="row-{row.id}-form"' in forms
    assert f'id="c-{row.id}-text-en-form"' in forms


@pytest.mark.parametrize(
    ("key", "value", "shown"), [("period_start", "09/2027", "September 2027"), ("priority", "high", "high")]
)
def test_without_scripts_the_pen_leads_to_a_page_with_the_form(
    editor: ProofReader, measure: Measure, key: str, value: str, shown: str
) -> None:
    address = f"/items/{measure.id}/fields/{key}"
    assert address in pens(editor.get(f"/measures/{measure.id}").text)
    page = editor.get(address).text
    assert f'action="{address}"' in page
    assert 'name="csrf_token"' in page
    answer = editor.post(address, data={"value": value, "rev": 0})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/measures/{measure.id}#f-{measure.id}-{key}")
    assert f'<p class="value">{shown}</p>' in editor.get(f"/measures/{measure.id}").text


def test_without_scripts_a_new_row_leads_to_its_form(editor: ProofReader, measure: Measure) -> None:
    answer = editor.post(f"/items/{measure.id}/rows/steps", data={"id": "b8c1f0de-0000-4000-8000-000000000001"})
    assert answer.headers["Location"] == "/rows/b8c1f0de-0000-4000-8000-000000000001"
    page = editor.get(answer.headers["Location"]).text
    assert page.count('class="field-form"') == 5
    assert 'formaction="/rows/b8c1f0de-0000-4000-8000-000000000001/delete"' in page


def test_a_row_that_was_deleted_has_no_form_any_more(editor: ProofReader, team: Team, measure: Measure) -> None:
    first, second = steps(measure, 2)
    delete_row(measure, first, by=team.partner["editor"].id)
    assert editor.get(f"/rows/{first.id}").status_code == 404
    assert editor.get(f"/rows/{second.id}").status_code == 200


@pytest.mark.parametrize("place", [0, 1, 2])
def test_undo_stands_where_the_row_was(editor: ProofReader, team: Team, measure: Measure, place: int) -> None:
    for row in rows_of(measure)["steps"]:
        delete_row(measure, row, by=team.partner["editor"].id)
    rows = steps(measure, 3)
    answer = editor.post(f"/rows/{rows[place].id}/delete", headers=HTMX).text
    found = re.findall(r'<tr id="row-([^"]+)"|class="plain neat (row-undo)"', answer.split('class="sheet-forms"')[0])
    expected = [row.id if index != place else "row-undo" for index, row in enumerate(rows)]
    assert [row or undo for row, undo in found] == expected


def test_a_page_that_keeps_forms_gets_the_newer_ones_with_what_changed(editor: ProofReader, measure: Measure) -> None:
    (row,) = steps(measure, 1)
    since = editor.fragment(f"/items/{measure.id}/changes").headers["X-Rev"]
    known = {"rev": measure.revs.get("priority", 0)}
    changed = editor.post(f"/items/{measure.id}/fields/priority", data={"value": "low", **known}, headers=HTMX)
    assert changed.status_code == 200, changed.text
    assert (
        editor.post(f"/rows/{row.id}/cells/due", data={"value": "10/2027", "rev": 0}, headers=HTMX).status_code == 200
    )
    changes = f"/items/{measure.id}/changes?since={since}"
    assert "-form" not in editor.get(changes, headers=HTMX).text
    forms = editor.get(f"{changes}&forms=1", headers=HTMX).text.split('class="sheet-forms"')[1]
    assert re.findall(r'id="(f-[^"]+)-form"', forms) == [f"f-{measure.id}-priority"]
    assert re.findall(r'id="(row-[^"]+)-form"', forms) == [f"row-{row.id}"]


def test_when_a_row_moves_the_forms_of_its_neighbours_follow(editor: ProofReader, measure: Measure) -> None:
    rows = steps(measure, 2)
    answer = editor.post(f"/rows/{rows[1].id}/move", data={"step": "up"}, headers=HTMX).text
    forms = answer.split('class="sheet-forms"')[1]
    assert re.findall(r'id="row-([^"]+)-form"', forms)[-2:] == [rows[1].id, rows[0].id]


def test_the_second_language_stands_beside_the_name_of_a_row(editor: ProofReader, measure: Measure) -> None:
    append_row(measure, "steps", {"text.en": "Buy bins", "text.de": "Tonnen kaufen"}, by=None)
    page = editor.get(f"/measures/{measure.id}").text
    assert '<span lang="en">Buy bins</span><span class="second" lang="de">Tonnen kaufen</span>' in page


def test_a_row_that_has_one_language_says_its_name_once(client: ProofReader, team: Team, measure: Measure) -> None:
    append_row(measure, "steps", {"text.en": "Buy bins"}, by=None)
    for person in (team.de["editor"], team.partner["editor"]):
        client.login(person)
        page = client.get(f"/measures/{measure.id}").text
        assert page.count(">Buy bins</span>") == 1


def test_a_newer_code_comes_with_what_changed_although_it_is_in_the_menu(editor: ProofReader, measure: Measure) -> None:
    since = editor.fragment(f"/items/{measure.id}/changes").headers["X-Rev"]
    data = {"value": "WA-07", "rev": measure.revs.get("code", 0)}
    assert editor.post(f"/items/{measure.id}/fields/code", data=data, headers=HTMX).status_code == 200
    changes = editor.get(f"/items/{measure.id}/changes?since={since}&forms=1", headers=HTMX).text
    assert changes.count(f'id="f-{measure.id}-code"') == 1
    assert changes.count(f'id="f-{measure.id}-code-form"') == 1


def test_a_word_too_long_for_its_column_may_break_and_reads_the_same(
    editor: ProofReader, team: Team, measure: Measure
) -> None:
    address = "https://example.org/plans/2027/waste?lang=en&part=<market>"
    row = append_row(measure, "steps", {"text.en": address, "text.de": "Umweltverträglichkeitsprüfung"}, by=None)
    page = editor.get(f"/measures/{measure.id}").text
    words = re.search(rf'id="row-{row.id}".*?</th>', page, re.DOTALL)
    assert words is not None
    assert unescape(re.sub(r"<[^>]+>|^.*?>", " ", words[0].replace("<wbr>", ""))).split() == [
        address,
        "Umweltverträglichkeitsprüfung",
    ]
    assert words[0].count("<wbr>") == 1
    cell = f"/rows/{row.id}/cells/text.en"
    editor.post(cell, data={"value": "short", "rev": 0}, headers=HTMX)  # based on what nobody has seen
    conflict = re.search(r'<div class="conflict".*?</div>', editor.get(f"/measures/{measure.id}").text, re.DOTALL)
    assert conflict is not None
    assert f": {address}" in unescape(re.sub(r"<[^>]+>", "", conflict[0]))
    assert conflict[0].count("<wbr>") == 1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 30, ["a" * 30]),
        ("a" * 31, ["a" * 30, "a"]),
        ("a" * 29 + "e\u0301b", ["a" * 29 + "e\u0301", "b"]),  # no mark is parted from its letter
        ("ab " * 40, ["ab " * 40]),
        ("<" * 30 + "x", ["&lt;" * 30, "x"]),
    ],
)
def test_only_long_words_break(app: Flask, text: str, parts: list[str]) -> None:
    shown = app.jinja_env.from_string("{{ text|breakable }}").render(text=text)
    assert shown.split("<wbr>") == parts
