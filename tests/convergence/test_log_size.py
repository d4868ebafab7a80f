"""Compaction: stored documents stay small, however they were typed, and compaction loses nothing."""

from __future__ import annotations

import base64
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from pycrdt import Doc, XmlFragment
from sqlalchemy import func, select, text

from klimawerk.clock import now
from klimawerk.collab import rich_text
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.models import Document, Update
from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from tests.live.engine_server import FRAGMENT, element, run
from tests.node import NODE

DOC = "measure:7"
TYPING = Path(__file__).parent / "crowd" / "typing.mjs"


def typed(edits: int, people: int, session: int) -> list[bytes]:
    """The start of a document, and an update for each keystroke; each page load is another client id."""
    command = [NODE, str(TYPING), str(edits), str(people), str(session), "7"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [base64.b64decode(line) for line in lines]


def begin(state: bytes) -> int:
    """Create a document with this state; returns its id."""
    with writing():
        document_store.create_document(DOC, {FRAGMENT: None})
        document = document_store.find_document(DOC)
        document.state = state
    return document.id


def append(document_id: int, payloads: list[bytes], age: timedelta = timedelta()) -> None:
    with writing():
        document = db.session.get_one(Document, document_id)
        for payload in payloads:
            document.seq += 1
            row = Update(document_id=document_id, seq=document.seq, payload=payload, at=now() - age)
            db.session.add(row)


def log_rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Update)) or 0


def on_disk() -> str:
    db.session.rollback()
    return rich_text.to_plain_text(document_store.contents(DOC)[FRAGMENT])


def plain(payloads: list[bytes]) -> str:
    document: Doc[XmlFragment] = Doc()
    for payload in payloads:
        document.apply_update(payload)
    return rich_text.to_plain_text(document.get(FRAGMENT, type=XmlFragment))


@pytest.mark.parametrize(
    ("people", "session"),
    [(5, 300), *(pytest.param(*values, marks=pytest.mark.slow) for values in ((1, 10_000), (8, 60)))],
)
def test_ten_thousand_keys_leave_less_than_three_times_the_text(app: Flask, people: int, session: int) -> None:
    start, *keys = typed(10_000, people, session)
    assert len(keys) == 10_000
    document_id = begin(start)
    for first in range(0, len(keys), 1_000):
        append(document_id, keys[first : first + 1_000])
        document_store.compact(document_id)
    typed_text = on_disk()
    assert typed_text == plain([start, *keys])
    assert len(typed_text) > 7_000
    stored = db.session.scalar(text("SELECT length(state) FROM document")) or 0
    print(f"{people} people: {stored} bytes for {len(typed_text.encode())} bytes of text, out of {sum(map(len, keys))}")
    assert stored < 3 * len(typed_text.encode())
    assert log_rows() == 0
    assert len(document_store.read_log(document_id).state) > 3 * len(typed_text.encode()), (
        "it would be small without compression"
    )


def words_of(count: int) -> list[bytes]:
    """Updates that append a word each to a document; its start first."""
    document: Doc[XmlFragment] = Doc()
    rich_text.write_fragment(document.get(FRAGMENT, type=XmlFragment), rich_text.from_plain_text("Anfang"))
    updates = [document.get_update()]
    text = run(element(document.get(FRAGMENT, type=XmlFragment)))
    for number in range(count):
        before = document.get_state()
        text.insert(len(text), f" w{number}")
        updates.append(document.get_update(before))
    return updates


def test_long_logs_and_quiet_ones_are_to_be_folded(any_database: str, app: Flask) -> None:
    start, *words = words_of(30)
    document_id = begin(start)
    minute = timedelta(minutes=1)
    assert document_store.waiting_for_compaction(10, minute) == []
    append(document_id, words[:10])
    assert document_store.waiting_for_compaction(10, minute) == []
    append(document_id, words[10:11])
    assert document_store.waiting_for_compaction(10, minute) == [document_id]
    document_store.compact(document_id)
    append(document_id, words[11:13], age=2 * minute)
    assert document_store.waiting_for_compaction(10, minute) == [document_id]
    append(document_id, words[13:14])
    assert document_store.waiting_for_compaction(10, minute) == []


def test_folding_harms_no_word_that_comes_meanwhile(
    any_database: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, *words = words_of(30)
    document_id = begin(start)
    append(document_id, words[:10])
    read = document_store.read_log

    def read_and_append(number: int) -> DocumentLog:
        log = read(number)
        monkeypatch.setattr(document_store, "read_log", read)
        append(number, words[10:20])
        db.session.rollback()
        return log

    monkeypatch.setattr(document_store, "read_log", read_and_append)
    document_store.compact(document_id)
    assert log_rows() == 10
    assert on_disk() == plain([start, *words[:20]])


def test_two_who_fold_at_once_do_it_once(any_database: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    start, *words = words_of(30)
    document_id = begin(start)
    append(document_id, words[:10])
    read = document_store.read_log

    def read_and_compact(number: int) -> DocumentLog:
        log = read(number)
        monkeypatch.setattr(document_store, "read_log", read)
        append(number, words[10:20])
        document_store.compact(number)
        append(number, words[20:])
        return log

    monkeypatch.setattr(document_store, "read_log", read_and_compact)
    document_store.compact(document_id)
    assert log_rows() == 10
    assert on_disk() == plain([start, *words])
