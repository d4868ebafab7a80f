"""Stored texts are normalised on export: the file can be imported again, and its texts have the same words."""

from __future__ import annotations

import json
import uuid

import pytest
from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from sqlalchemy import select

from klimawerk.collab import rich_text
from klimawerk.collab.models import Update
from klimawerk.collab.storage import document_store, projection
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
from tests.exchange.history.conftest import OtherInstallation, imported_measure, other_installation, scene

__all__ = ["other_installation", "scene"]
TEXT = "notes.en"
PASTED = "Müll\x02abfuhr\x0bweg\x0c\x1fnach\x85Ort\x00"
OTHER = "Mu\u0308llabfuhr\u2028weg\u2029nach\r\nO\u0308l"
UNNORMALISED = pytest.mark.parametrize("words", [PASTED, OTHER], ids=["control characters", "decomposed"])


def store_text(scene: EditionsScene, text: str) -> None:
    """Store the text in a live text, a field, a row and a comment, as before texts were normalised on input."""
    doc: Doc[XmlFragment] = Doc()
    paragraph, run = XmlElement("paragraph"), XmlText()
    doc.get(TEXT, type=XmlFragment).children.append(paragraph)
    paragraph.children.append(run)
    run.insert(0, text)
    comment_input = CommentInput("a", "en", str(uuid.uuid4()))
    comment = comments.open_thread(
        scene.measure, comment_input, kind="question", side="", subject=ThreadSubject(), by=scene.member()
    )
    with writing():
        document = document_store.find_document(scene.measure.name)
        document.seq += 1
        db.session.add(Update(document_id=document.id, seq=document.seq, payload=doc.get_update()))
        step = rows_of(scene.measure)["steps"][0]
        step.cells = {**step.cells, "text.en": text}
        scene.programme.values = {**scene.programme.values, "version": text}
        db.session.get_one(Comment, comment.id).words = text
    projection.project_now(scene.measure.name)


def words_of(measure_name: str) -> list[str]:
    return rich_text.to_plain_text(document_store.contents(measure_name)[TEXT]).split()


@UNNORMALISED
def test_the_programmes_own_export_is_imported_again(scene: EditionsScene, words: str) -> None:
    store_text(scene, words)
    file = export_bytes(scene.programme, history=False)
    imported = import_programme(file, by=None)
    measure = imported_measure(imported.id)
    assert rows_of(measure)["steps"][0].cells["text.en"] == clean(words)
    assert imported.values["version"] == " ".join(clean(words).split())
    assert db.session.scalars(select(Comment.words).order_by(Comment.id.desc())).first() == clean(words)
    assert words_of(measure.name) == clean(words.replace("\x02", " ")).split(), "a blank stands where one letter was"
    again = json.loads(export_bytes(imported, history=False))
    assert is_all_text(again)
    assert again["measures"] == json.loads(file)["measures"]


@UNNORMALISED
def test_so_is_one_with_versions_that_hold_such_texts_and_every_hash_stays(
    scene: EditionsScene, other_installation: OtherInstallation, words: str
) -> None:
    store_text(scene, words)
    scene.keep("Before")
    scene.set("text.en", "Later", row="steps")
    last = scene.keep("After")
    with writing():
        last.label = f"After\x02{words}"
    hashes = {version.hash for version in scene.versions}
    programme_id = other_installation.import_file(export_bytes(scene.programme))
    with other_installation.app.app_context():
        measure = imported_measure(programme_id)
        assert hashes <= set(db.session.scalars(select(Version.hash)))
        assert list(verification.version_faults()) == []
        old = service.version_by_number(measure.id, 1)
        assert old
        assert is_all_text(state_of(old).parts), "shown without them"
        label = db.session.scalars(select(Version.label).where(Version.number == 2)).one()
        assert label == clean(f"After{words}")


def test_what_comes_back_from_an_old_version_is_clean(scene: EditionsScene) -> None:
    store_text(scene, PASTED)
    old = scene.keep("Before")
    scene.set("text.en", "Later", row="steps")
    restore_part(scene.measure, old, "all", by=scene.member())
    db.session.rollback()
    assert rows_of(scene.measure)["steps"][0].cells["text.en"].split() == ["Müll", "abfuhr", "weg", "nach", "Ort"]


def test_a_file_of_others_is_still_refused_for_control_characters(scene: EditionsScene) -> None:
    scene.keep("Kept")
    file = json.loads(export_bytes(scene.programme))
    file["measures"][0]["steps"][0]["text"]["en"] = PASTED
    with pytest.raises(ImportRefused, match="characters that are not text"):
        json_reader.read_json(as_bytes(file), 1_000_000)
    file["measures"][0]["steps"][0]["text"]["en"] = "a"
    [item] = [each for each in file["history"]["items"] if each["versions"]]
    item["versions"][0]["label"] = PASTED
    with pytest.raises(ImportRefused, match="characters that are not text"):
        json_reader.read_json(as_bytes(file), 1_000_000)


@pytest.mark.parametrize("between", ["\x0b", "\x0c", "\u2028", "\x1f", "\x85"])
def test_a_pasted_table_keeps_words_apart(between: str) -> None:
    [row] = parse_table(f"<table><tr><td>Mu\u0308ll{between}weg</td><td>b\x02</td></tr></table>")
    assert (row[0].split(), row[1]) == (["Müll", "weg"], "b")
