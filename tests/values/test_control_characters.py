"""Control characters and other characters that are no text, from sources other than forms: live texts, anchors, files,
backups, cookies."""

from __future__ import annotations

import json
import logging
import uuid
from pathlib import Path

import pytest
from flask import Flask
from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from sqlalchemy import Table, select

from klimawerk.collab import rich_text
from klimawerk.collab.models import Document, LiveText, Update
from klimawerk.collab.storage import document_store, projection
from klimawerk.collab.storage.retry_backoff import RetryBackoff
from klimawerk.comments.models import Thread
from klimawerk.database import writing
from klimawerk.exchange import json_reader
from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.extensions import db
from klimawerk.installation import Installation
from klimawerk.measures.models import Measure
from klimawerk.operations import backup_file
from tests.client import ProofReader
from tests.factories import Team
from tests.faults.conftest import DeskFor, desk_for, measure, team
from tests.faults.socket_client import FRAGMENT
from tests.live.engine_server import until

__all__ = ["desk_for", "measure", "team"]
NO_TEXT = ["a\x00b", "a\x0bb", "a\x9bb", "a\ufffeb"]


def update_with(fill: object, state: bytes = b"\0\0") -> bytes:
    """A client's update that inserts a list item; `fill(text, ordered_list)` fills it."""
    doc: Doc[XmlFragment] = Doc()
    doc.apply_update(state)
    before = doc.get_state()
    with doc.transaction():
        paragraph, text = XmlElement("ordered_list"), XmlText()
        doc.get(FRAGMENT, type=XmlFragment).children.append(paragraph)
        item, inner = XmlElement("list_item"), XmlElement("paragraph")
        paragraph.children.append(item)
        item.children.append(inner)
        inner.children.append(text)
        fill(text, paragraph)  # type: ignore[operator]
    return doc.get_update(before)


def plain(name: str) -> str:
    db.session.rollback()
    text = db.session.scalar(
        select(LiveText.plain).join(Document).where(Document.name == name, LiveText.fragment == FRAGMENT)
    )
    return str(text)


def test_words_that_are_no_text_are_refused_and_later_ones_show(
    any_database: str, team: Team, measure: Measure, desk_for: DeskFor
) -> None:
    client = desk_for(team.de["editor"])
    for typed in NO_TEXT:
        assert client.send(update_with(lambda text, _p, typed=typed: text.insert(0, typed)))["error"] == "invalid"
    marked = {"link": {"href": "https://example.org/\x00"}}
    assert client.send(update_with(lambda text, _p: text.insert(0, "a", marked)))["error"] == "invalid"
    numbered = update_with(lambda _t, p: p.attributes.__setitem__("order", "1\x00"))
    assert client.send(numbered)["error"] == "invalid"
    assert client.send(update_with(lambda text, _p: text.insert(0, "tab\tand 😀")))["ok"]
    assert client.type("later words")["ok"]
    until(lambda: "later words" in plain(measure.name))


def test_a_text_that_holds_such_characters_already_goes_on(
    any_database: str, app: Flask, team: Team, measure: Measure, caplog: pytest.LogCaptureFixture
) -> None:
    stored_text = "before\x00\x0b\x9b\ufffeafter"
    poisoned = update_with(lambda text, p: (text.insert(0, stored_text), p.attributes.__setitem__("order", "1e308")))
    with writing():
        document = document_store.find_document(measure.name)
        document.seq += 1
        db.session.add(Update(document_id=document.id, seq=document.seq, payload=poisoned))
    projection.project_now(measure.name)
    assert "before  \u00a0\ufffdafter" in plain(measure.name)
    contents = document_store.contents(measure.name)[FRAGMENT]
    with writing():  # like a restored version
        document_store.merge_contents(measure.name, {FRAGMENT: contents})
        document_store.replace_contents(measure.name, {"title.en": rich_text.from_plain_text("A\x00B")})
    projection.project_now(measure.name)
    assert "before  \u00a0\ufffdafter" in plain(measure.name)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_document_that_cannot_be_read_holds_up_no_other_and_is_told_of_once(
    any_database: str, app: Flask, team: Team, measure: Measure, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = document_store.find_document(measure.name), document_store.find_document(f"goal:{measure.goal_id}")
    with writing():
        broken.state, broken.upto, broken.seq, broken.dirty_since = b"\x01\x07", 7, 7, measure.created_at
        document_store.replace_contents(good.name, {"title.en": rich_text.from_plain_text("Another title")})
    backoff = RetryBackoff()
    for _ in range(3):
        projection.project_abandoned(backoff, everything=True)
    messages = [record for record in caplog.records if "could not be projected" in record.getMessage()]
    assert len(messages) == 1
    assert backoff.is_waiting(broken.name)
    db.session.expire_all()
    assert document_store.find_document(good.name).dirty_since is None
    assert [backoff.failed(broken.name) for _ in range(20)][-1] == 3_600


def test_an_anchor_with_half_a_letter_is_none(
    any_database: str, client: ProofReader, team: Team, measure: Measure
) -> None:
    client.login(team.de["editor"])
    for part in ("from", "before", "to"):
        anchor = {"words": "Forty bins", "before": "", "after": "", "from": "AA==", "to": "AA=="}
        anchor_json = json.dumps({**anchor, part: "\ud800"})
        data = {"words": "Why?", "kind": "question", "language": "en", "key": str(uuid.uuid4())}
        data |= {"about": "description.en", "passage": "Forty bins", "anchor": anchor_json}
        assert client.post(f"/items/{measure.id}/comments", data=data).status_code == 303
    assert [thread.anchor for thread in db.session.scalars(select(Thread))] == [{}, {}, {}]
    with writing():  # one from before this check
        db.session.scalars(select(Thread)).first().anchor = {"before": "\ud83d", "from": "AA=="}  # type: ignore[union-attr]
    answer = client.fragment(f"/items/{measure.id}/comments/passages")
    assert answer.status_code == 200
    assert 'data-before="\ufffd"' in answer.text


def test_a_cookie_is_text_too(any_database: str, client: ProofReader, team: Team, measure: Measure) -> None:
    client.login(team.de["editor"])
    client.set_cookie("show", '"e\\000n"')
    assert client.get(f"/measures/{measure.id}").status_code == 200


@pytest.mark.parametrize("letter", ["\\u0000", "\\ud800", "\\u0085", "\x85", "\\ufdd0", "\\u000b"])
def test_a_file_with_what_is_no_text_is_refused_with_the_place(letter: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        json_reader.read_json(f'{{"measures": [{{"code": "A{letter}"}}]}}'.encode(), 10_000)
    assert "measures" in str(refused.value)
    assert json_reader.read_json(b'{"measures": [{"code": "A\\r\\n\\tB"}]}', 10_000)


def test_a_backup_with_a_nul_can_be_restored_into_either_database(app: Flask, tmp_path: Path) -> None:
    table = Installation.__table__
    assert isinstance(table, Table)
    path = tmp_path / "backup"
    header = backup_file.BackupHeader("1", "1", "2026-11-29", [table.name])
    backup_file.write_backup_file(path, header, [(table, [{"id": 1, "key": "a\x00b", "gen": "c\x85"}])])
    rows = [part for part in backup_file.read_backup(path, {table.name: table}) if isinstance(part, tuple)]
    assert rows == [(table, {"id": 1, "key": "a b", "gen": "c\x85"})]
