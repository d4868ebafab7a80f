"""Redaction: a passage is removed everywhere in an item; the history says so, and its hashes still verify."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from klimawerk.accounts.models import AuditEntry
from klimawerk.collab.models import Document, Update
from klimawerk.collab.storage import document_store
from klimawerk.comments.models import Comment, CommentEvent, Thread
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.changes import topics_changed
from klimawerk.sheets.models import FieldChange
from klimawerk.sheets.rows import append_row
from klimawerk.versions import part_store, service, verification
from klimawerk.versions.comparison import compare_states
from klimawerk.versions.models import VersionPart
from klimawerk.versions.redaction import REDACTION_BAR, redacted_text
from klimawerk.versions.version_restore import restore_part
from klimawerk.versions.version_states import present_state, state_of
from tests.client import ProofReader
from tests.versions.conftest import VersionedMeasure
from tests.versions.test_pages import get

SECRET, REASON = "Frau Beispiel ist erkrankt", "Erased at the person's wish"


@pytest.fixture
def with_secret(desk: VersionedMeasure) -> VersionedMeasure:
    """A measure with the passage in a text and in a row; it was removed again from one of them."""
    desk.write("description.de", f"Vierzig Tonnen. {SECRET}. Der Markt sortiert.")
    row = append_row(desk.measure, "steps", {"text.de": f"Warten: {SECRET}"}, by=desk.editor().id)
    desk.keep("First")
    with writing() as session:
        thread = Thread(item_id=desk.measure.id, kind="question", value=f"Warten: {SECRET}", outcome=f"Ja, {SECRET}")
        passages = {"Frau Beispiel ist": {}, "Der Markt": {"before": "Beispiel ist erkrankt. ", "after": ""}}
        subject = {"item_id": desk.measure.id, "kind": "question", "field": "description.de"}
        value = f"Vierzig Tonnen. {SECRET}. Der Markt sortiert."
        session.add_all(Thread(value=value, passage=words, anchor=at, **subject) for words, at in passages.items())
        session.add(thread)
        session.flush()
        session.add(Comment(thread_id=thread.id, side="de", language="de", words=f"{SECRET}?", key="k"))
        detail = {"words": f"Wirklich: {SECRET}?"}
        session.add(CommentEvent(item_id=desk.measure.id, thread_id=thread.id, kind="edited", detail=detail))
    desk.write("description.de", "Vierzig Tonnen. Der Markt sortiert.")
    desk.keep("Second")
    assert row
    return desk


def run_black_out(app: Flask, desk: VersionedMeasure, passage: str = SECRET, reason: str = REASON) -> str:
    arguments = ["versions", "black-out", str(desk.measure.id), "--passage", passage, "--reason", reason, "--yes"]
    result = app.test_cli_runner().invoke(args=arguments)
    db.session.rollback()
    db.session.expire_all()
    return result.output


def all_stored_text() -> str:
    """Every row of every table as text, with compressed data unpacked."""
    stored = [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(db.select(table)).all()]
    for part in db.session.scalars(db.select(VersionPart)):
        stored.append(part_store.unpack_part(part.hash, part.data, part.blacked).decode())
    stored += [document.state.decode("utf-8", "replace") for document in db.session.scalars(db.select(Document))]
    stored += [update.payload.decode("utf-8", "replace") for update in db.session.scalars(db.select(Update))]
    return "\n".join(stored)


def test_it_stands_nowhere_any_more_and_everything_else_does(
    any_database: str, app: Flask, with_secret: VersionedMeasure
) -> None:
    assert SECRET in all_stored_text(), "the search would find it"
    assert "Blacked out" in run_black_out(app, with_secret)
    kept = all_stored_text()
    assert "Beispiel" not in kept
    assert "erkrankt" not in kept
    assert "Der Markt sortiert." in kept
    first = state_of(service.version_by_number(with_secret.measure.id, 1))  # type: ignore[arg-type]
    assert REDACTION_BAR in json.dumps(first.text("description.de"), ensure_ascii=False)
    assert [thread.passage for thread in db.session.scalars(db.select(Thread)) if thread.field] == ["", "Der Markt"]
    assert f"Warten: {REDACTION_BAR}" in [row["cells"].get("text.de") for row in first.rows("steps")]


def test_verifying_says_blacked_out_and_not_damaged(app: Flask, with_secret: VersionedMeasure) -> None:
    run_black_out(app, with_secret)
    assert list(verification.version_faults()) == []
    result = app.test_cli_runner().invoke(args=["versions", "verify"])
    assert result.exit_code == 0
    assert result.output.count("was blacked out at") == 2
    assert REASON in result.output
    part = db.session.scalars(db.select(VersionPart).where(VersionPart.blacked.is_not(None))).first()
    assert part is not None
    with writing():
        part.blacked = None
    assert any("was changed" in fault for fault in verification.version_faults()), "without the record it is damage"


def test_whoever_changes_what_is_left_is_found_out(app: Flask, with_secret: VersionedMeasure) -> None:
    run_black_out(app, with_secret)
    with writing():
        part = db.session.scalars(db.select(VersionPart).where(VersionPart.blacked.is_not(None))).first()
        assert part is not None
        part.data = next(iter(part_store.pack_parts({"x": b'"something else"'}).values()))[0]
    assert any("was changed" in fault for fault in verification.version_faults())


def test_versions_of_it_are_read_compared_and_brought_back(
    app: Flask, with_secret: VersionedMeasure, client: ProofReader
) -> None:
    run_black_out(app, with_secret)
    client.login(with_secret.team.de["reviewer"])
    for path in ("history", "history/1", "compare?from=1&to=2", "compare?from=1&to=now"):
        page = get(client, f"/items/{with_secret.measure.id}/{path}")
        assert "Beispiel" not in page
    version = service.version_by_number(with_secret.measure.id, 1)
    assert version is not None
    restore_part(with_secret.measure, version, "all", by=with_secret.member())
    left = compare_states(
        state_of(service.version_by_number(with_secret.measure.id, 1)),  # type: ignore[arg-type]
        present_state(with_secret.measure.id),
    )
    assert left.is_empty, "other hashes, and yet the same"
    assert list(verification.version_faults()) == []


def test_what_a_field_said_before_is_reached_too(app: Flask, desk: VersionedMeasure) -> None:
    desk.set("text.de", SECRET, row="steps")
    desk.set("text.de", "Warten", row="steps")
    assert "2 records" in run_black_out(app, desk)
    assert SECRET not in str([(change.old, change.new) for change in db.session.scalars(db.select(FieldChange))])


def test_the_log_is_folded_and_the_operator_leaves_a_record(app: Flask, with_secret: VersionedMeasure) -> None:
    run_black_out(app, with_secret)
    document = document_store.find_document(with_secret.measure.name)
    assert document.upto == document.seq
    entry = db.session.scalars(db.select(AuditEntry).where(AuditEntry.action == "black_out")).one()
    assert entry.detail == {"item": with_secret.measure.name, "reason": REASON}


def test_nonsense_is_refused(app: Flask, with_secret: VersionedMeasure) -> None:
    assert "stands nowhere" in run_black_out(app, with_secret, "Frau Niemand")
    assert "four characters" in run_black_out(app, with_secret, "ist")
    assert "a reason without it" in run_black_out(app, with_secret, reason=f"because {SECRET}")
    assert SECRET in all_stored_text()
    assert list(verification.redacted_parts()) == []


def test_a_passage_through_words_of_other_formatting_is_found() -> None:
    bold = {"type": "text", "text": "Beispiel ist", "marks": [{"type": "strong"}]}
    content = [{"type": "text", "text": "Hier: Frau "}, bold, {"type": "text", "text": " erkrankt. Ende"}]
    text = {"type": "doc", "content": [{"type": "paragraph", "content": content}]}
    hidden = redacted_text(text, SECRET)["content"][0]["content"]
    assert [node["text"] for node in hidden] == [f"Hier: {REDACTION_BAR}", ". Ende"]
    assert redacted_text(text, "Frau Anders") == text


def test_the_topics_are_noted_in_the_order_of_all_others(app: Flask, with_secret: VersionedMeasure) -> None:
    """A proposal that is accepted notes the counts of threads, then the item; in another order both could deadlock."""
    noted: list[list[str]] = []
    topics_changed.connect(app, noted.append)
    run_black_out(app, with_secret)
    kinds = [[topic.partition(":")[0] for topic in topics] for topics in noted]
    [order] = [topics for topics in kinds if "measure" in topics and "talks-de" in topics]
    assert order.index("talks-de") < order.index("measure")
