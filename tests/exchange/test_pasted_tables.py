"""Pasted tables from Excel and Word: parsing, questions about ambiguous values, storing."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.collab.storage import document_store
from klimawerk.exchange.pasted_tables import BadTable, parse_table, to_tab_separated
from klimawerk.extensions import db
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.sheets.models import Row
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.client import ProofReader

WORD_HTML = """<html><head><style>td {color: red}</style></head><body>
<table><tr><th>Was</th><th>Bis</th></tr>
<tr><td><p>Abfall&shy;analyse</p><p>zwei&nbsp;Wochen</p></td><td>Oktober<br>2027</td></tr>
<tr><td colspan="2">Pause<script>alert(1)</script></td></tr></table>
<table><tr><td>another</td></tr></table></body></html>"""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """All users here read English, in whichever language their table is."""
    monkeypatch.setattr(factories, "LANGUAGES", dict.fromkeys(factories.LANGUAGES, "en"))


@pytest.mark.parametrize(
    ("pasted", "grid"),
    [
        ("a\tb\nc\td", [["a", "b"], ["c", "d"]]),
        ("a\tb\r\nc\r\n\r\n", [["a", "b"], ["c", ""]]),
        ('"two\nlines"\t"say ""hi"""\tc', [["two\nlines", 'say "hi"', "c"]]),
        ('5" pipe\tb', [['5" pipe', "b"]]),
        ("Betrag;Was\n1,5;Tonnen", [["Betrag", "Was"], ["1,5", "Tonnen"]]),
        ("only\none\ncolumn", [["only"], ["one"], ["column"]]),
        (
            WORD_HTML,
            [["Was", "Bis"], ["Abfall\u00adanalyse\nzwei Wochen", "Oktober\n2027"], ["Pause", ""]],
        ),
        ("<td>a</td><td>b</td>", [["a", "b"]]),
        ("<table><tr><td>a<table><tr><td>in</td></tr></table></td><td>b</td></tr></table>", [["a\nin", "b"]]),
        ("a\x00\tb\x07", [["a", "b"]]),
        ("<td>x</td><" + "a" * 900_000, [["x"]]),
        ("<td>x</td>" + "<a b" * 200_000, [["x"]]),
        ("<td>x</td><p " + "a:" * 400_000 + "<", [["x"]]),
        ("<td>&#" + "9" * 5_000 + ";</td>", [["\ufffd"]]),
        ("<td>&#228;&#x1f333;&#0127794;&amp;#9999999999;", [["ä\U0001f333\U0001f332&#9999999999;"]]),
        ("<td colspan=999>a", [["a", *[""] * 29]]),
    ],
)
def test_tables_as_programs_give_them(pasted: str, grid: list[list[str]]) -> None:
    assert parse_table(pasted) == grid
    assert parse_table(to_tab_separated(grid)) == grid


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        " \n\t\n",
        "x" * 1_000_001,
        "a\n" * 300,
        "\t" * 40 + "a",
        "x" * 30_000,
        "<table></table>",
        "<td " * 50_000,
        "<td><!--" * 50_000,
        "<td>" + "<" * 300_000,
        "<td>" + "<b>a" * 200_000,
        "<td colspan=30>" * 50_000,
    ],
)
def test_what_is_no_table_is_refused(pasted: str, app: Flask) -> None:
    with pytest.raises(BadTable):
        parse_table(pasted)


STEPS = (
    "Schritt\tFällig\tSeite\tStatus\nAbfallanalyse\tOktober 2027\tMusterstadt\toffen\nTonnen\tirgendwann\tniemand\tdone"
)


@pytest.mark.parametrize(
    "pasted",
    [
        'Titel\tBeginn\n"Solar" auf dem Dach\t2027\n5" Rohr\t2028',
        'Was\tBis\n"Nur in Marken"\t2027',
        "Was\tBis\nErst; dann\t2027",
    ],
)
def test_what_was_pasted_stands_in_the_box_as_it_was(pasted: str, app: Flask) -> None:
    assert to_tab_separated(parse_table(pasted)) == pasted


@pytest.mark.parametrize(
    "cell", ['"Zeile eins\nZeile zwei"', "Zeile eins\nZeile zwei", '"', '""', '"a', 'b"', 'x "y"', "a; b"]
)
def test_every_cell_comes_back_from_the_box(cell: str, app: Flask) -> None:
    for grid in ([["Was", "Bis"], [cell, "2027"], ["b", cell]], [["Was"], [cell], [cell]]):
        assert parse_table(to_tab_separated(grid)) == grid


def test_steps_are_shown_first_and_then_added(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.de["editor"])
    address = f"/items/{measure.id}/paste/steps"
    client.get(address)
    page = client.post(address, data={"table": STEPS, "step": "look", "language": "de", "csrf_token": client.token})
    text = page.get_data(as_text=True)
    assert "2 cells cannot be read and stay empty." in text
    assert "“niemand” is not in the list." in text
    assert len(rows_of(measure)["steps"]) == 1, "looking adds nothing"
    answer = client.post(
        address,
        data={
            "table": STEPS,
            "step": "take",
            "language": "de",
            "column": ["text", "due", "side", "state"],
            "heading": "yes",
            "csrf_token": client.token,
        },
    )
    assert answer.location == f"/measures/{measure.id}"
    assert [row.cells for row in rows_of(measure)["steps"]][1:] == [
        {"text.de": "Abfallanalyse", "due": "2027-10", "side": "de", "state": "open"},
        {"text.de": "Tonnen", "state": "done"},
    ]


def test_an_unclear_amount_is_asked_about_not_guessed(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    address = f"/items/{measure.id}/paste/costs"
    table = "What\tCost\tCategory\nBins\t1.500\tEquipment and materials\nRadio\t13,000.50 GHS\tpr\nGold\t-3\t"
    form = {"table": table, "step": "take", "heading": "yes", "column": ["text", "amount", "category"]}
    client.get(address)
    answer = client.post(address, data={**form, "csrf_token": client.token})
    assert answer.status_code == 422
    assert "what does “1.500” mean?" in answer.get_data(as_text=True)
    assert len(rows_of(measure)["costs"]) == 1
    assert client.post(address, data={**form, "reading-1": "large", "csrf_token": client.token}).status_code == 303
    db.session.expire_all()
    assert [row.cells for row in rows_of(measure)["costs"]][1:] == [
        {"text.en": "Bins", "amount": {"amount": "1500.00", "currency": "EUR"}, "category": "equipment"},
        {"text.en": "Radio", "amount": {"amount": "13000.50", "currency": "GHS"}, "category": "pr"},
        {"text.en": "Gold"},
    ]


def test_a_table_becomes_measures(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.de["coordinator"])
    address = f"/programmes/{programme.id}/paste"
    table = (
        "Code\tMeasure\tDescription\tPriority\tGoal\n"
        "WA-09\tRepair café\t<b>Every</b> month\thigh\tZ1\n"
        "WA-01\tMarket day\t\turgent\tZ7"
    )
    client.get(address)
    page = client.post(address, data={"table": table, "step": "look", "csrf_token": client.token}).get_data(
        as_text=True
    )
    assert "This code is in use already" in page
    assert "There is no goal “Z7”." in page
    assert "&lt;b&gt;Every&lt;/b&gt; month" in page
    columns = ["code", "title", "description", "priority", "goal"]
    data = {"table": table, "step": "take", "heading": "yes", "language": "en", "column": columns}
    assert client.post(address, data={**data, "csrf_token": client.token}).status_code == 303
    db.session.expire_all()
    created: list[Measure] = all_measures(programme)[2:]
    assert [measure.code for measure in created] == ["WA-09", "WA-10"]
    texts = document_store.texts([created[0].name])[created[0].name]
    assert (texts["title.en"].plain, texts["description.en"].plain) == ("Repair café", "<b>Every</b> month")
    assert texts["title.de"].plain == ""
    assert created[0].values["priority"] == "high"
    assert "priority" not in created[1].values


def test_consent_cannot_be_pasted(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.de["editor"])
    table = "Titel\tAgreement status\nGrün\tagreed"
    data = {"table": table, "step": "look", "column": ["title", "planning_state"], "heading": "yes"}
    page = client.post(f"/programmes/{programme.id}/paste", data={**data, "csrf_token": client.token})
    assert "Consent is given on the measure itself" in page.get_data(as_text=True)


def test_too_many_rows_add_none(client: ProofReader) -> None:
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.de["editor"])
    data = {"table": "\n".join(f"Step {n}" for n in range(180)), "step": "take", "column": ["text"]}
    address = f"/items/{measure.id}/paste/steps"
    for expected in (303, 303, 422):
        assert client.post(address, data={**data, "csrf_token": client.token}).status_code == expected
    assert db.session.query(Row).where(Row.kind == "steps").count() == 361


def test_only_those_who_may_write_may_paste(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.de["reviewer"])
    assert client.get(f"/programmes/{programme.id}/paste").status_code == 403
    client.login(factories.person())
    assert client.get(f"/programmes/{programme.id}/paste").status_code == 404
    assert client.get(f"/items/{factories.measure(programme).id}/paste/steps").status_code == 404
    client.login(team.de["editor"])
    assert client.get(f"/items/{programme.id}/paste/nonsense").status_code == 404


@pytest.mark.parametrize("between", ["\x0b", "\u2028", "\x1f", "\x85"])
def test_a_soft_line_break_in_a_cell_begins_no_row(client: ProofReader, between: str) -> None:
    """As PowerPoint and Word write a table that is pasted as plain text."""
    team = factories.partnership()
    measure = factories.measure(factories.programme(team))
    client.login(team.partner["editor"])
    data = {"table": f"What\tDue\r\nBuild{between}the site\tJune 2029\r\nMu\u0308ll\x02\tJune 2028"}
    page = client.post(f"/items/{measure.id}/paste/steps", data=data).get_data(as_text=True)
    assert "What\tDue\nBuild the site\tJune 2029\nMüll\tJune 2028" in page
