"""The parser of tables: merged cells keep columns in their places, quotation marks are handled cell by cell."""

from __future__ import annotations

import pytest
from flask import Flask

from klimawerk.exchange.html_grid import MERGED
from klimawerk.exchange.pasted_tables import parse_table, read_table, to_tab_separated
from klimawerk.exchange.table_columns import CODE_COLUMN, GOAL_COLUMN, ColumnLayout
from klimawerk.exchange.table_values import PasteContext, PastedTable, read_grid
from klimawerk.measures.content import SHEET
from klimawerk.sheets.sheet_schema import Field
from tests import factories
from tests.client import ProofReader

COSTS = SHEET.rows["costs"].by_name


def table(*rows: str) -> str:
    return f"<table>{''.join(f'<tr>{row}' for row in rows)}</table>"


@pytest.mark.parametrize(
    ("pasted", "grid"),
    [
        pytest.param(
            table("<td rowspan=2>Musterstadt<td>a<td>1", "<td>b<td>2"),
            [["Musterstadt", "a", "1"], [MERGED, "b", "2"]],
            id="rows",
        ),
        pytest.param(
            table('<td rowspan="2" colspan="2">a<td>1', "<td>2"), [["a", "", "1"], [MERGED, "", "2"]], id="both"
        ),
        pytest.param(
            table("<td rowspan=3>a<td rowspan=2>b<td>1", "<td>2", "<td>x<td>3"),
            [["a", "b", "1"], [MERGED, MERGED, "2"], [MERGED, "x", "3"]],
            id="several",
        ),
        pytest.param(
            table("<th rowspan=2>Was<th colspan=2>Kosten", "<th>2027<th>2028", "<td>a<td>1<td>2"),
            [["Was", "Kosten 2027", "Kosten 2028"], ["a", "1", "2"]],
            id="headings in two rows",
        ),
        pytest.param(
            table("<td rowspan=2>Was<td colspan=2>Kosten", "<td>2027<td>2028", "<td>a<td>1<td>2"),
            [["Was", "Kosten 2027", "Kosten 2028"], ["a", "1", "2"]],
            id="headings that are not marked",
        ),
        pytest.param(table("<th>a<td>1", "<th>b<td>2"), [["a", "1"], ["b", "2"]], id="headings of rows"),
        pytest.param(
            "<table><thead><tr><th rowspan=2>a<th>b</thead><tr><td>1<td>2</table>",
            [["a", "b"], ["1", "2"]],
            id="no further than its group of rows",
        ),
        pytest.param(
            "<table><tbody><tr><td rowspan=9>a<td>1<tr><td>2<tbody><tr><td>b<td>3</table>",
            [["a", "1"], [MERGED, "2"], ["b", "3"]],
            id="no further than a group that begins",
        ),
        pytest.param(
            table("<td rowspan=0>a<td>1", "<td>2", "<td>3"), [["a", "1"], [MERGED, "2"], [MERGED, "3"]], id="to the end"
        ),
        pytest.param(
            table('<td data-sheets-formula="=R[0]C[1]>5">a<td>1', "<td title='x < y'>b<td>2", "<td x = '\">'>c<td>3"),
            [["a", "1"], ["b", "2"], ["c", "3"]],
            id="signs of HTML in attributes",
        ),
        pytest.param(table('<td width=5">a<td>1', "<td>x<5 y>2<td>2"), [["a", "1"], ["x<5 y>2", "2"]], id="odd marks"),
        pytest.param(table(f"<td>{table('<td>a<td>b')}"), [["a", "b"]], id="a table for layout"),
        pytest.param(table(f"<td>x{table('<td>a<td>b')}<td>y"), [["x\na | b", "y"]], id="a table in a cell"),
        pytest.param(
            table("<td>a<td>&shy;", "<td>&#8203;<td>b"), [["a", ""], ["", "b"]], id="cells with nothing to see"
        ),
        pytest.param(table("<td><td>a", "<td>&nbsp;<td>b"), [["", "a"], ["", "b"]], id="an empty first column"),
        pytest.param(
            table("<td>a<td style='display:none'>x<td>1", '<td>b<td style="display: none">y<td>2'),
            [["a", "1"], ["b", "2"]],
            id="a hidden column",
        ),
        pytest.param(
            table("<td rowspan=2>a<td>1", "<td>2").replace("<tr>", "<tr style='display:none'>", 1),
            [["a", "2"]],
            id="a hidden row",
        ),
        pytest.param(
            table("<td><![if !supportLists]>1. <![endif]><p>a</p>b<ul><li>c<li>d</ul>e"),
            [["1.\na\nb\nc\nd\ne"]],
            id="Word",
        ),
        pytest.param(
            table(
                '<td data-sheets-value=\'{"2":"CO2 > 5"}\' colspan=2>CO2 &gt; 5<td>b',
                '<td title="a > b" >c<td>5" <b>d</b>',
            ),
            [["CO2 > 5", "", "b"], ["c", '5" d', ""]],
            id="Google Sheets",
        ),
        pytest.param('<td>a<td title=5">b<td>c</td>', [["a", "b", "c"]], id="a stray mark in a tag"),
    ],
)
def test_cells_stay_in_their_columns(pasted: str, grid: list[list[str]]) -> None:
    assert parse_table(pasted) == grid
    assert parse_table(to_tab_separated(grid)) == grid


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("B<br>b2", "B\nb2"),
        ("<ul><li>x<li>y</ul>", "x\ny"),
        ("<dl><dt>a</dt><dt>b</dt><dd>c</dd></dl>", "a\nb\nc"),
        ("a<section>b</section>c<details><summary>d</summary>e</details>", "a\nb\nc\nd\ne"),
        ("<span>a</span><span>b</span>", "ab"),
    ],
)
def test_separators_in_a_cell_go_on_separating(app: Flask, cell: str, text: str) -> None:
    assert parse_table(table(f"<td>{cell}<td>1")) == [[text, "1"]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("10<sup>3</sup> t CO<sub>2</sub>e", "10³ t CO₂e"),
        ("10<sup><span>-6</span></sup> m<sup>2</sup>", "10⁻⁶ m²"),
        ("1<sup>st</sup> of 10<sup>", "1st of 10"),
    ],
)
def test_raised_and_lowered_digits_make_no_other_number(app: Flask, cell: str, text: str) -> None:
    assert parse_table(table(f"<td>{cell}<td>1")) == [[text, "1"]]


SHEET_OF_EXCEL = "<style><!-- .xl1 {color:red} td.xl2, .x3\n{font:x; text-decoration:line-through;} --></style>"


@pytest.mark.parametrize(
    ("cell", "text", "passages"),
    [
        ("<td>keep <del>gone</del>too", "keep too", 1),
        ("<td>keep <s>gone<s>gone</s>gone</s> <strike>gone</strike>too", "keep too", 2),
        ("<td>keep <span style='text-decoration: underline LINE-THROUGH'>gone</span> too", "keep too", 1),
        ("<td>keep <span class=msoDel><del cite='mailto:x'>gone</del></span><ins>too</ins>", "keep too", 1),
        ("<td><p style='text-decoration:line-through'>gone<p>keep too", "keep too", 1),
        ("<td style='text-decoration:line-through'>gone <b>gone</b>", "", 1),
        (f"{SHEET_OF_EXCEL}<td class=xl2>gone", "", 1),
        (f"{SHEET_OF_EXCEL}<td class='xl1 x4'>keep <font class=x3>gone</font>too", "keep too", 1),
        ("<td><s>gone", "", 1),
        ("<td><s> </s>keep <u>too</u> <a href='/line-through'>line-through</a>", "keep too line-through", 0),
    ],
)
def test_struck_words_are_left_out_of_cells_and_said(app: Flask, cell: str, text: str, passages: int) -> None:
    parsed = read_table(table(f"{cell}<td>1"))
    assert parsed.grid == [[text, "1"]]
    notes = {0: [], 1: ["One struck passage was left out."]}
    assert list(map(str, parsed.notes)) == notes.get(passages, [f"{passages} struck passages were left out."])


def test_a_struck_row_leaves_the_others_in_their_columns(app: Flask) -> None:
    parsed = read_table(
        "<table><tr><td>a<td>1<tr style='text-decoration:line-through'><td>b<td>2<tr><td>c<td>3</table>"
    )
    assert parsed.grid == [["a", "1"], ["c", "3"]]
    assert list(map(str, parsed.notes)) == ["2 struck passages were left out."]


def test_pictures_in_cells_are_left_out_and_said(app: Flask) -> None:
    picture_note = ["Pictures were left out: they cannot be stored here. Say in words what they show."]
    for cell, notes in (
        ("a<img src=x>", picture_note),
        ("a<img width=1 height=1 src=x>", []),
        ("a<s><img src=x></s>", []),
    ):
        parsed = read_table(table(f"<td>{cell}<td>1"))
        assert (parsed.grid, list(map(str, parsed.notes))) == ([["a", "1"]], notes)
    assert read_table("<img src=x>" + table("<td>a<td>1")).notes == ()


@pytest.mark.parametrize(
    ("pasted", "grid"),
    [
        ('"Zeile eins\nZeile zwei"\t2027\n5" Rohr\t2028', [["Zeile eins\nZeile zwei", "2027"], ['5" Rohr', "2028"]]),
        ('"Solar" auf dem Dach\t2027', [['"Solar" auf dem Dach', "2027"]]),
        ('"Solar"\t"Wind"', [['"Solar"', '"Wind"']]),
        ('"Zeile\n""zwei"""\t5"\n"x', [['Zeile\n"zwei"', '5"'], ['"x', ""]]),
        ('"a\tx\nb"\ty', [['"a', "x"], ['b"', "y"]]),
        ('"a";"b;c"\n"5"" Rohr";"Solar" auf dem Dach', [["a", "b;c"], ['5" Rohr', '"Solar" auf dem Dach']]),
    ],
)
def test_quotation_marks_are_judged_by_cell(pasted: str, grid: list[list[str]]) -> None:
    assert parse_table(pasted) == grid
    assert parse_table(to_tab_separated(grid)) == grid


def test_what_is_left_out_of_a_table_is_said(app: Flask) -> None:
    pasted = "Before " + table("<td>a<td style='display:none'>x") + table("<td>b")
    assert len(read_table(pasted).notes) == 3
    assert read_table(table("<td>a<td>x")).notes == ()


def _read(grid: list[list[str]], **fields: Field) -> PastedTable:
    context = PasteContext("en", "en", ("EUR", "GHS"), "EUR", {"de": "Musterstadt"}, goals={"z1": 7})
    return read_grid(grid, ColumnLayout(tuple(fields), heading=False), fields, context)


def test_a_merged_goal_holds_for_each_row_and_a_merged_amount_counts_once(app: Flask) -> None:
    grid = parse_table(table("<td rowspan=2>Z1<td>a<td rowspan=2>500", "<td>b"))
    assert _read(grid, goal=GOAL_COLUMN, text=COSTS["text"], amount=COSTS["amount"]).records() == [
        {"goal": 7, "text": "a", "amount": {"amount": "500.00", "currency": "EUR"}},
        {"goal": 7, "text": "b"},
    ]


def test_a_row_that_has_nothing_of_its_own_is_none(app: Flask) -> None:
    """A measure with three names beside it, in a column that is left out, is one measure."""
    grid = parse_table(table("<td rowspan=2>WA-09<td rowspan=2>a<td>Ama", "<td>Kofi"))
    pasted = read_grid(
        grid,
        ColumnLayout(("code", "text", ""), heading=False),
        {"code": CODE_COLUMN, "text": COSTS["text"]},
        PasteContext("en", "en", ("EUR",), "EUR", {}),
    )
    assert pasted.records() == [{"code": "WA-09", "text": "a"}]
    assert pasted.rows[1][0].problem, "and no code twice"


def test_a_column_whose_heading_is_unknown_is_named(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.partner["editor"])
    address = f"/programmes/{programme.id}/paste"
    form = {"table": "Title\tKosten\tLeft\n\nRepair café\t500\t", "step": "look"}
    page = client.post(address, data=form).get_data(as_text=True)
    assert "These columns are left out." in page
    assert "Column 2: “Kosten”" in page
    assert "Column 3: “Left”" in page
    chosen = {**form, "heading": "yes", "column": ["title", "notes", "description"]}
    assert "These columns are left out." not in client.post(address, data=chosen).get_data(as_text=True)


def test_a_column_with_a_text_is_never_left_out_silently(client: ProofReader) -> None:
    team = factories.partnership()
    programme = factories.programme(team)
    client.login(team.partner["editor"])
    for pasted, named in (
        ("Title\tTitle\nRepair café\tRepair shop", ["Column 2: “Title”"]),
        ("\tRepair café\t500\n\tMarket day\t600", ["Column 3: “500”"]),
        ("Title\t\nRepair café\t", []),
    ):
        data = {"table": pasted, "step": "look"}
        page = client.post(f"/programmes/{programme.id}/paste", data=data).get_data(as_text=True)
        assert all(name in page for name in named)
        assert page.count("<li>Column") == len(named)
        assert 'value="title" selected' in page


def test_a_browser_asks_for_the_table_it_was_given(client: ProofReader) -> None:
    client.login(factories.person())
    read = client.post("/tables/read", data={"table": table("<td rowspan=2>a<td>1", "<td>2")})
    assert read.get_json()["table"] == f"a\t1\n{MERGED}\t2"
    refused = client.post("/tables/read", data={"table": "<table></table>"})
    assert (refused.status_code, list(refused.get_json())) == (422, ["error"])
