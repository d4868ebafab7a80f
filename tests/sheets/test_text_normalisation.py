"""Text normalisation in fields: the same text is one value, whatever its line ends and composition (Unicode)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.comments.comment_html import comment_to_html
from klimawerk.database import writing
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.live import changes
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.news.excerpts import excerpt
from klimawerk.sheets.models import Conflict, FieldChange, Row
from klimawerk.sheets.rows import append_row, rows_of
from klimawerk.sheets.service import FieldRef, SetOutcome, set_value
from tests.client import ProofReader
from tests.exchange.conftest import Json, as_bytes, example
from tests.factories import Team
from tests.sheets.test_fields import editor, measure, team

__all__ = ["editor", "example", "measure", "team"]
LF, CRLF = "Zwei Zeilen\nMüll", "Zwei Zeilen\r\nMu\u0308ll"


def step(measure: Measure) -> Row:
    return rows_of(measure)["steps"][0]


def store_unnormalised(row: Row, key: str, value: str) -> None:
    """Store a cell as it was stored before values were normalised."""
    with writing():
        row.cells = {**row.cells, key: value}


def change_counts(measure: Measure) -> tuple[int, int, int]:
    """(number of field changes, number of conflicts, revision of the measure)"""
    db.session.rollback()
    counts = [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in (FieldChange, Conflict)]
    return (*counts, changes.revision(measure.name))  # type: ignore[return-value]


@pytest.mark.parametrize("kept", [LF, CRLF, "Zwei Zeilen\rMüll", "Zwei Zeilen\x0bMüll"])
def test_a_field_saved_as_it_stands_makes_no_revision(editor: ProofReader, measure: Measure, kept: str) -> None:
    row = step(measure)
    store_unnormalised(row, "text.en", kept)
    counts = change_counts(measure)
    data = {"value": "Zwei Zeilen\r\nMüll", "rev": str(row.revs.get("text.en", 0))}
    assert editor.post(f"/rows/{row.id}/cells/text.en", data=data).status_code == 303  # as without scripts
    assert change_counts(measure) == counts


@pytest.mark.parametrize("second", [CRLF, LF, "Zwei Zei\u00adlen\nMüll"])
def test_two_who_write_the_same_do_not_meet_in_a_conflict(
    editor: ProofReader, measure: Measure, team: Team, second: str
) -> None:
    row = step(measure)
    rev = row.revs.get("text.en", 0)
    first = FieldRef(measure, "text.en", row)
    assert set_value(first, LF, based_on=rev, by=team.partner["editor"].id) == SetOutcome.SAVED
    answer = editor.post(f"/rows/{row.id}/cells/text.en", data={"value": second, "rev": str(rev)})
    assert answer.status_code == 303
    assert change_counts(measure)[1] == 0
    db.session.refresh(row)
    assert row.cells["text.en"] == LF


def test_another_text_still_meets(measure: Measure, team: Team) -> None:
    field = FieldRef(measure, "text.en", step(measure))
    rev = field.rev
    set_value(field, LF, based_on=rev, by=team.de["editor"].id)
    assert set_value(field, "Zwei Zeilen Müll", based_on=rev, by=team.partner["editor"].id) == SetOutcome.CONFLICT


def test_a_soft_hyphen_can_be_put_in_and_taken_out(measure: Measure, team: Team) -> None:
    field = FieldRef(measure, "text.en", step(measure))
    for value in ("Orts\u00adteil", "Ortsteil", "10\u00a0t", "10 t"):
        assert set_value(field, value, based_on=field.rev, by=team.de["editor"].id) == SetOutcome.SAVED
        assert field.value == value


def test_a_name_is_one_line_whatever_was_pasted(editor: ProofReader, measure: Measure) -> None:
    with writing():
        row = append_row(measure, "responsible", {}, by=None)
    data = {"value": "Ama\x0bOwusu\x02 ", "rev": str(row.revs.get("contact", 0))}
    assert editor.post(f"/rows/{row.id}/cells/contact", data=data).status_code == 303
    db.session.refresh(row)
    assert row.cells["contact"] == "Ama Owusu"


def test_an_import_keeps_the_same_form_as_a_form_does(app: object, example: Json) -> None:
    measure = example["measures"][0]
    language = next(iter(measure["steps"][0]["text"]))
    measure["steps"][0]["text"][language] = CRLF
    measure["description"][language] = f"Absatz\r\n\r\n{CRLF}\u2028Ende"
    bold = {"type": "text", "text": "Mu\u0308ll\u2028weg", "marks": [{"type": "strong"}]}
    measure["target_group"][language] = {"type": "doc", "content": [{"type": "paragraph", "content": [bold]}]}
    item = all_measures(import_programme(as_bytes(example), by=None))[0]
    assert step(item).cells[f"text.{language}"] == LF
    texts = document_store.contents(item.name)
    assert rich_text.to_plain_text(texts[f"description.{language}"]) == f"Absatz\n\n{LF}\nEnde"
    assert rich_text.to_plain_text(texts[f"target_group.{language}"]) == "Müll\nweg"


def test_what_was_kept_before_is_shown_without_what_nobody_sees(editor: ProofReader, measure: Measure) -> None:
    store_unnormalised(step(measure), "text.en", "Mu\u0308ll\x02weg\x0bnach")
    assert "Müllweg\nnach" in editor.get(f"/measures/{measure.id}").text
    assert comment_to_html("Mu\u0308ll\x02weg\x0bnach") == "<p>Müllweg<br>nach</p>"
    assert excerpt("Mu\u0308ll\x02weg\x0bnach") == "Müllweg nach"
