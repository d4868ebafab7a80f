"""An export can be imported again without loss."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

from flask import Flask
from sqlalchemy import event, select

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.exchange import file_layout
from klimawerk.exchange.service import export_bytes, export_programme, import_programme, preview
from klimawerk.extensions import db
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.measures.service import all_measures
from klimawerk.overview.recycle_bin import delete_item
from klimawerk.partnerships.access import my_memberships
from klimawerk.partnerships.models import Partnership
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.sheets.models import Row
from klimawerk.sheets.rows import append_row, rows_of
from tests import factories
from tests.amounts import decimals
from tests.exchange.conftest import EXAMPLE, Json, as_bytes

EARLY_START = "measures[9] (ED-02) → period → start: Start: March 2026 is before the programme begins (January 2027)."
"""The only warning of the example: its coordination begins before the programme does."""


def test_the_export_of_the_example_is_the_example(any_database: str, app: Flask, example: Json) -> None:
    assert export_programme(import_programme(EXAMPLE, by=None)) == example


def test_keys_come_in_the_order_of_the_example(app: Flask) -> None:
    exported = export_bytes(import_programme(EXAMPLE, by=None)).decode()
    assert exported == EXAMPLE.decode().replace("13.0,", "13,").rstrip() + "\n"


def test_a_second_journey_changes_nothing(app: Flask) -> None:
    once = export_bytes(import_programme(EXAMPLE, by=None))
    assert export_bytes(import_programme(once, by=None)) == once


def test_a_programme_written_here_survives_the_journey(app: Flask) -> None:
    """Also formatted text, an empty row, and kinds of rows and fields that the example does not have."""
    programme = factories.programme(factories.partnership())
    measure = factories.measure(programme)
    bold = {"type": "text", "text": "Forty", "marks": [{"type": "strong"}]}
    rich = {"type": "doc", "content": [{"type": "paragraph", "content": [bold]}]}
    with writing():
        document_store.replace_contents(measure.name, {"description.en": rich})
        measure.values = {**measure.values, "no_cost": "yes", "ghg_t_co2e_a": "12.5", "ghg_level": "low"}
        append_row(measure, "personnel", {"side": "de", "amount": "3.5", "unit": "person_days"}, by=None)
        append_row(measure, "partners", {"kind.en": "school"}, by=None)
        append_row(measure, "costs", {"amount": {"amount": "100.01", "currency": "GHS"}}, by=None)
        append_row(measure, "costs", {"amount": {"amount": "7.00", "currency": "PEN"}}, by=None)
        append_row(measure, "costs", {}, by=None)
        indicator = {"code": "I1", "target": "-15", "measurements": [{"date": "2028-03", "value": "-2.5"}]}
        append_row(measure, "indicators", indicator, by=None)
    once = export_bytes(programme)
    written = json.loads(once)["measures"][0]
    assert written["description"]["en"] == rich
    assert written["no_cost"] is True
    assert written["costs"][1] == {"eur": 7.69, "local": 100.01, "currency": "GHS"}
    assert written["costs"][2] == {"eur": None, "local": None, "currency": "PEN", "amount": 7}
    again = import_programme(once, by=None)
    assert export_bytes(again) == once
    amounts = [row.cells.get("amount") for row in rows_of(factories.measure(again))["costs"]]
    assert amounts[1:] == [{"amount": "100.01", "currency": "GHS"}, {"amount": "7.00", "currency": "PEN"}, None]


def test_a_text_that_is_nested_as_deep_as_the_editor_allows_survives_the_journey(app: Flask, example: Json) -> None:
    link = [{"type": "link", "attrs": {"href": "https://example.org/"}}]
    node: Json = {"type": "paragraph", "content": [{"type": "text", "text": "deep", "marks": link}]}
    for _ in range(rich_text.DEEPEST // 2 - 1):
        node = {"type": "bullet_list", "content": [{"type": "list_item", "content": [node]}]}
    example["measures"][0]["description"]["en"] = {"type": "doc", "content": [node]}
    once = export_bytes(import_programme(as_bytes(example), by=None))
    assert json.loads(once)["measures"][0]["description"]["en"] == {"type": "doc", "content": [node]}
    assert export_bytes(import_programme(once, by=None)) == once


def test_what_lies_in_the_bin_stays_there_and_nothing_refers_to_it(app: Flask) -> None:
    programme = import_programme(EXAMPLE, by=None)
    user = factories.person()
    delete_item(factories.measure(programme, "WA-02"), by=user.id)
    exported = export_programme(programme)
    assert "WA-02" not in [measure["code"] for measure in exported["measures"]]
    assert all("WA-02" not in measure["related"] for measure in exported["measures"])
    assert exported["totals"]["measures"] == 9
    assert import_programme(as_bytes(exported), by=None)


def test_comments_follow_a_measure_whose_code_changes(app: Flask) -> None:
    programme = import_programme(EXAMPLE, by=None)
    with writing():
        factories.measure(programme, "WA-01").code = "AB-01"
    exported = export_programme(programme)
    assert exported["comments_sample"][0]["measure"] == "AB-01"
    assert import_programme(as_bytes(exported), by=None)


def test_fields_of_action_without_a_code_get_one_in_the_file(app: Flask) -> None:
    programme = import_programme(EXAMPLE, by=None)
    with writing():
        first, second, *_rest = rows_of(programme)["fields"]
        first.cells = {key: value for key, value in first.cells.items() if key != "code"}
        second.cells = {**second.cells, "code": "GR"}
    exported = export_programme(programme)
    codes = [field["code"] for field in exported["fields"]]
    assert len(set(codes)) == 4
    assert exported["measures"][0]["field"] == codes[0]
    assert import_programme(as_bytes(exported), by=None)


def test_consent_that_came_with_the_file_is_marked_as_imported(app: Flask) -> None:
    programme = import_programme(EXAMPLE, by=None)
    marked = {measure.code: measure.imported for measure in all_measures(programme)}
    agreed = {m["code"] for m in json.loads(EXAMPLE)["measures"] if m["planning_state"] == "agreed"}
    assert {code for code, names in marked.items() if names == ["planning_state"]} == agreed
    assert len(agreed) == 3


def test_whoever_imports_coordinates_the_side_they_choose(app: Flask) -> None:
    user = factories.person()
    import_programme(EXAMPLE, by=user, side="partner")
    import_programme(EXAMPLE, by=None)
    members = my_memberships(user)
    assert [(m.side, m.role) for m in members] == [("partner", "coordinator")]
    assert members[0].membership.municipality.name == "Abenkrom Municipal Assembly"  # type: ignore[union-attr]
    assert len(db.session.scalars(select(Partnership)).all()) == 2


def test_unknown_parts_and_wrong_sums_are_said_and_kept_out(app: Flask, example: Json) -> None:
    example["measures"][2]["colour"] = "green"
    example["programme"]["period"]["begin"] = "2027"
    example["measures"][0]["budget_total"]["eur"] = 1
    example["totals"]["funding_by_source_eur"]["kpf"] = 2
    example["measures"][1]["costs"][0]["local"] = 5
    warnings = [str(warning) for warning in preview(as_bytes(example)).warnings]
    assert warnings == [
        "programme → period → begin: This part is unknown and will not be taken over.",
        "measures[1] (WA-02) → costs[0] → local: The two amounts do not fit the planning rate; the one in EUR counts.",
        "measures[2] (WA-03) → colour: This part is unknown and will not be taken over.",
        "measures[0] (WA-01) → budget_total → eur: The file says 1, its lines give 140000.",
        "totals → funding_by_source_eur → kpf: The file says 2, its lines give 61000.",
        EARLY_START,
    ]
    assert [str(warning) for warning in preview(EXAMPLE).warnings] == [EARLY_START]


def numbered(order: int | None) -> Json:
    item = {"type": "list_item", "content": rich_text.from_plain_text("one")["content"]}
    attributes = {} if order is None else {"attrs": {"order": order}}
    return {"type": "doc", "content": [{"type": "ordered_list", **attributes, "content": [item]}]}


def test_a_list_keeps_its_first_number_on_the_journey(app: Flask, example: Json) -> None:
    texts = {measure["code"]: measure["description"] for measure in example["measures"][:3]}
    orders = dict(zip(texts, (3, 0, None), strict=True))
    for code, order in orders.items():
        texts[code]["en"] = numbered(order)
    programme = import_programme(as_bytes(example), by=None)
    again = json.loads(export_bytes(programme))["measures"]
    assert {m["code"]: m["description"]["en"] for m in again[:3]} == {code: numbered(orders[code]) for code in texts}
    shown = document_store.texts([measure.name for measure in all_measures(programme)])
    starts = {row["description.en"].html.partition("<li>")[0] for row in shown.values()}
    assert starts > {'<ol start="3">', '<ol start="0">', "<ol>"}


def test_a_link_against_the_rule_leaves_its_words_and_is_said_in_the_preview(app: Flask, example: Json) -> None:
    def linked(address: object) -> Json:
        mark = {"type": "link", "attrs": {"href": address}}
        return {"type": "text", "text": str(address)[:20], "marks": [mark, {"type": "em"}]}

    allowed = linked("https://example.org/")
    runs = [allowed, linked("https:example.org"), linked(f"https://example.org/{'a' * 2_000}"), linked(None)]
    example["measures"][0]["description"]["en"] = {"type": "doc", "content": [{"type": "paragraph", "content": runs}]}
    warnings = [str(warning) for warning in preview(as_bytes(example)).warnings]
    assert warnings == [
        "measures[0] (WA-01) → description → en: Links left out, their words stay (3, such as “https:example.org”): "
        "links begin with https://, http:// or mailto:, have no blanks and at most 2,000 characters.",
        EARLY_START,
    ]
    programme = import_programme(as_bytes(example), by=None)
    written = json.loads(export_bytes(programme))["measures"][0]["description"]["en"]["content"][0]["content"]
    assert written[0] == allowed
    assert written[1] == {
        "type": "text",
        "text": "https:example.orghttps://example.org/None",
        "marks": [{"type": "em"}],
    }
    assert [str(warning) for warning in preview(export_bytes(programme)).warnings] == [EARLY_START]


def test_the_preview_counts_and_sums(app: Flask) -> None:
    summary = preview(EXAMPLE)
    assert (len(summary.draft.goals), len(summary.draft.measures)) == (5, 10)
    assert summary.counts["steps"] == 49
    assert (summary.sums.costs, summary.sums.lines, summary.sums.gap) == decimals(1_106_000, 1_106_000, 508_000)
    assert len(summary.imported) == 3


def test_forty_measures_cost_the_database_four_times_what_ten_do(app: Flask, example: Json) -> None:
    del example["comments_sample"]
    for measure in example["measures"]:
        measure["related"] = []
    few = _statements(lambda: import_programme(as_bytes(example), by=None))
    example["measures"] = [
        {**measure, "code": f"{measure['code']}-{n}"} for n in range(4) for measure in example["measures"]
    ]
    many = _statements(lambda: import_programme(as_bytes(example), by=None))
    assert few * 2 < many < few * 4
    assert db.session.query(Row).count() > 1_000


def _statements(work: Callable[[], object]) -> int:
    """Number of SQL statements that `work` executes."""
    count = itertools.count()

    def note(*_arguments: object) -> None:
        next(count)

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    return next(count)


def test_every_field_and_row_of_the_sheets_has_its_place_in_a_file() -> None:
    """Otherwise an export would silently lose new fields."""
    for sheet, slots in (
        (PROGRAMME, file_layout.PROGRAMME),
        (GOAL, file_layout.GOAL),
        (MEASURE, file_layout.MEASURE),
    ):
        assert {name for _path, name in slots} == {*sheet.fields, *sheet.rows}
