"""What is stored is cleaned on its way out: the programme's own export is imported again, and says the same words."""

from __future__ import annotations

import json
import uuid

import pytest
from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from sqlalchemy import select

from klimawerk.collab import document_store, projection, rich_text
from klimawerk.collab.models import Update
from klimawerk.comments import service as comments
from klimawerk.comments.models import Comment
from klimawerk.comments.service import CommentInput, ThreadSubject
from klimawerk.database import writing
from klimawerk.exchange import json_reader
from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.exchange.pasted_tables import parse_table
from klimawerk.exchange.service import export_bytes, import_programme
from klimawerk.extensions import db
from klimawerk.sheets.rows import rows_of
from klimawerk.text import clean, is_all_text
from klimawerk.versions import service, verification
from klimawerk.versions.models import Version
from klimawerk.versions.version_restore import restore_part
from klimawerk.versions.version_states import state_of
from tests.editions.conftest import EditionsScene
from tests.exchange.conftest import as_bytes
from tests.exchange.history.conftest import OtherInstallation, elsewhere, house, measure_there

__all__ = ["elsewhere", "house"]
TEXT = "notes.en"
PASTED = "Müll\x02abfuhr\x0bweg\x0c\x1fnach\x85Ort\x00"
OTHER = "Mu\u0308llabfuhr\u2028weg\u2029nach\r\nO\u0308l"
HOSTILE = pytest.mark.parametrize("words", [PASTED, OTHER], ids=["control characters", "decomposed"])


def keep(house: EditionsScene, words: str) -> None:
    """The words in a live text, a field, a row and a comment, as they came in before texts had one form."""
    doc: Doc[XmlFragment] = Doc()
    paragraph, run = XmlElement("paragraph"), XmlText()
    doc.get(TEXT, type=XmlFragment).children.append(paragraph)
    paragraph.children.append(run)
    run.insert(0, words)
    written = CommentInput("a", "en", str(uuid.uuid4()))
    comment = comments.open_thread(
        house.measure, written, kind="question", side="", subject=ThreadSubject(), by=house.member()
    )
    with writing():
        document = document_store.find_document(house.measure.name)
        document.seq += 1
        db.session.add(Update(document_id=document.id, seq=document.seq, payload=doc.get_update()))
        step = rows_of(house.measure)["steps"][0]
        step.cells = {**step.cells, "text.en": words}
        house.programme.values = {**house.programme.values, "version": words}
        db.session.get_one(Comment, comment.id).words = words
    projection.project_now(house.measure.name)


def said(measure_name: str) -> list[str]:
    return rich_text.to_plain_text(document_store.contents(measure_name)[TEXT]).split()


@HOSTILE
def test_the_programmes_own_export_is_imported_again(house: EditionsScene, words: str) -> None:
    keep(house, words)
    file = export_bytes(house.programme, history=False)
    there = import_programme(file, by=None)
    measure = measure_there(there.id)
    assert rows_of(measure)["steps"][0].cells["text.en"] == clean(words)
    assert there.values["version"] == " ".join(clean(words).split())
    assert db.session.scalars(select(Comment.words).order_by(Comment.id.desc())).first() == clean(words)
    assert said(measure.name) == clean(words.replace("\x02", " ")).split(), "a blank stands where one letter was"
    again = json.loads(export_bytes(there, history=False))
    assert is_all_text(again)
    assert again["measures"] == json.loads(file)["measures"]


@HOSTILE
def test_so_is_one_with_versions_that_hold_such_texts_and_every_hash_stays(
    house: EditionsScene, elsewhere: OtherInstallation, words: str
) -> None:
    keep(house, words)
    house.keep("Before")
    house.set("text.en", "Later", row="steps")
    last = house.keep("After")
    with writing():
        last.label = f"After\x02{words}"
    here = {one.hash for one in house.versions}
    there = elsewhere.bring(export_bytes(house.programme))
    with elsewhere.app.app_context():
        measure = measure_there(there)
        assert here <= set(db.session.scalars(select(Version.hash)))
        assert list(verification.version_faults()) == []
        old = service.version_by_number(measure.id, 1)
        assert old
        assert is_all_text(state_of(old).parts), "shown without them"
        label = db.session.scalars(select(Version.label).where(Version.number == 2)).one()
        assert label == clean(f"After{words}")


def test_what_comes_back_from_an_old_version_is_clean(house: EditionsScene) -> None:
    keep(house, PASTED)
    old = house.keep("Before")
    house.set("text.en", "Later", row="steps")
    restore_part(house.measure, old, "all", by=house.member())
    db.session.rollback()
    assert rows_of(house.measure)["steps"][0].cells["text.en"].split() == ["Müll", "abfuhr", "weg", "nach", "Ort"]


def test_a_file_of_others_is_still_refused_for_control_characters(house: EditionsScene) -> None:
    house.keep("Kept")
    file = json.loads(export_bytes(house.programme))
    file["measures"][0]["steps"][0]["text"]["en"] = PASTED
    with pytest.raises(ImportRefused, match="characters that are not text"):
        json_reader.read_json(as_bytes(file), 1_000_000)
    file["measures"][0]["steps"][0]["text"]["en"] = "a"
    [item] = [one for one in file["history"]["items"] if one["versions"]]
    item["versions"][0]["label"] = PASTED
    with pytest.raises(ImportRefused, match="characters that are not text"):
        json_reader.read_json(as_bytes(file), 1_000_000)


@pytest.mark.parametrize("between", ["\x0b", "\x0c", "\u2028", "\x1f", "\x85"])
def test_a_pasted_table_keeps_words_apart(between: str) -> None:
    [row] = parse_table(f"<table><tr><td>Mu\u0308ll{between}weg</td><td>b\x02</td></tr></table>")
    assert (row[0].split(), row[1]) == (["Müll", "weg"], "b")
