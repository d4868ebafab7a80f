"""Comment threads in files: those that both sides can read, each with the field it is about."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Any

import pytest
from flask import Flask

from klimawerk.comments import service
from klimawerk.comments.models import Comment, Thread
from klimawerk.database import writing
from klimawerk.exchange.service import export_bytes, export_programme, import_programme
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of
from tests import factories
from tests.comments import conftest as talking
from tests.comments.conftest import Table, said
from tests.exchange.conftest import EXAMPLE, Json, as_bytes
from tests.exchange.test_refused_files import refusal

table = talking.table


def threads_of(programme: Programme) -> list[Thread]:
    query = db.select(Thread).join(Item, Item.id == Thread.item_id).where(Item.frame_id == programme.frame_id)
    return list(db.session.scalars(query.order_by(Thread.id)))


def test_comments_of_a_file_can_be_read_answered_and_settled(any_database: str, app: Flask, table: Table) -> None:
    user = table.person()
    programme = import_programme(EXAMPLE, by=user)
    client = app.test_client()
    client.login(user)  # type: ignore[attr-defined]
    measure = factories.measure(programme, "WA-01")
    page = said(client.get(f"/items/{measure.id}/comments?lang=en").get_data(as_text=True))
    assert "Task" in page
    assert "Kofi Adu-Mensah Abenkrom " in page
    assert "until 24 November 2026" in page
    assert "The fee must be decided by the Assembly before June" in page
    thread = threads_of(programme)[0]
    data = {"words": "It is decided.", "language": "en", "key": str(uuid.uuid4())}
    assert client.post(f"/threads/{thread.id}/comments", data=data).status_code == 303
    assert client.post(f"/threads/{thread.id}/resolve", data={"outcome": "Decided"}).status_code == 303
    written = export_programme(programme)["comments_sample"][0]
    assert (written["state"], written["outcome"]) == ("resolved", "Decided")
    assert [comment["author"] for comment in written["thread"]][-1] == user.name
    assert written["thread"][:3] == json.loads(EXAMPLE)["comments_sample"][0]["thread"]


def test_what_is_said_here_survives_the_journey_and_what_one_side_says_stays(any_database: str, table: Table) -> None:
    ours, row = table.voice(), rows_of(table.measure)["costs"][0]
    ours.begin("How much?", kind="concern", about=f"row:{row.id}:amount")
    ours.begin("Really forty?", about="description.en", passage="Forty bins")
    ours.begin("Only among us.", side="de")
    ours.begin("Is it urgent?", about="priority")
    task = table.thread("Ask them.", kind="task")
    service.assign(task, None, date(2027, 3, 1), by=table.member())
    service.resolve(table.threads[3], "Yes.", by=table.member())
    gone = table.thread("Nonsense.")
    service.delete(db.session.scalars(db.select(Comment).where(Comment.thread_id == gone.id)).one(), by=table.member())

    once = export_bytes(table.programme, history=False)
    assert b"Only among us" not in once
    assert b"Nonsense" not in once
    again = import_programme(once, by=None)
    threads = threads_of(again)
    assert [thread.kind for thread in threads] == ["concern", "question", "question", "task"]
    assert threads[0].row_id == rows_of(factories.measure(again))["costs"][0].id
    assert threads[0].value == {"amount": "62000.00", "currency": "EUR"}
    assert (threads[1].passage, threads[1].value[:10]) == ("Forty bins", "Forty bins")
    assert (threads[2].field, threads[2].outcome, threads[2].is_open) == ("priority", "Yes.", False)
    assert threads[3].due == date(2027, 3, 1)
    assert export_bytes(again, history=False) == once


def test_who_was_a_member_is_named_no_more(table: Table) -> None:
    table.voice("editor", "partner").begin("Who pays?")
    with writing():
        for comment in db.session.scalars(db.select(Comment)):
            comment.author = None  # as after erasure
    (thread,) = export_programme(table.programme)["comments_sample"]
    assert "author" not in thread["thread"][0]
    assert thread["thread"][0]["side"] == "partner"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"measure": "XX-1"}, "comments_sample[0] → measure: “XX-1” is referred to, but is not in the file."),
        ({"kind": "poem"}, "comments_sample[0] → kind: There must be one of these here: question, proposal"),
        ({"state": "lost"}, "comments_sample[0] → state: There must be one of these here: open, resolved."),
        ({"thread": []}, "comments_sample[0] → thread: There must be a comment here."),
        ({"due": "soon"}, "comments_sample[0] → due: “soon” is not a date"),
        ({"about": {"field": "colour"}}, "comments_sample[0] → about → field: There is no field of this name."),
        ({"about": {"field": "description"}}, "comments_sample[0] → about → field: There is no field of this name."),
        (
            {"about": {"field": "priority", "value": {"a": 1}}},
            "comments_sample[0] → about → value: There must be a code",
        ),
        ({"about": {"field": "x", "row": {"kind": "songs"}}}, "comments_sample[0] → about → row → kind: There must"),
    ],
)
def test_a_senseless_thread_is_refused_with_its_place(app: Flask, example: Json, change: Json, sentence: str) -> None:
    example["comments_sample"][0] |= change
    assert sentence in refusal(as_bytes(example))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"at": "yesterday"}, "thread[0] → at: There must be a moment here"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "thread[0] → at: There must be a moment here"),
        ({"text": "x" * 10_001}, "thread[0] → text: "),
        ({"author": "x" * 121}, "thread[0] → author: "),
        ({"text": None}, "thread[0] → text: There must be a text here, not nothing."),
        ({"due": "2027"}, "thread[0] → due: There must be a day here"),
    ],
)
def test_a_senseless_comment_is_refused_with_its_place(app: Flask, example: Json, change: Json, sentence: str) -> None:
    example["comments_sample"][0]["thread"][0] |= change
    assert sentence in refusal(as_bytes(example))


def test_a_line_that_is_not_in_the_file_leaves_the_thread_about_the_whole(app: Flask, example: Json) -> None:
    about: dict[str, Any] = {"field": "amount", "row": {"kind": "costs", "number": 400}}
    example["comments_sample"][0]["about"] = about
    thread = threads_of(import_programme(as_bytes(example), by=None))[0]
    assert (thread.field, thread.row_id) == ("", None)
