"""Writes comment threads as JSON of the exchange format (described in `threads_import.py`).

Only threads that both sides can read are exported, since a file may be passed on to anyone. Proposed values, mentions,
owners of tasks and earlier versions of a comment are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import select

from klimawerk.comments.models import Comment, Thread
from klimawerk.comments.participants import Participants
from klimawerk.comments.thread_kinds import TASK
from klimawerk.exchange.draft import CommentDraft
from klimawerk.exchange.threads_import import OPEN, RESOLVED, implied_thread
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.sheets.item_kinds import kinds_in_files, sheet_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.sheet_schema import split_key

Json = dict[str, Any]
_LOCAL_ID_KINDS = ("field", "measures")  # kinds of fields whose values are ids of this installation


def write_threads(programme: Programme) -> list[Json]:
    """The threads of the programme and its items, in the order in which they were opened."""
    in_file = (Item.frame_id == programme.frame_id, Item.deleted_at.is_(None), Item.kind.in_(kinds_in_files()))
    by_id = {item.id: item for item in db.session.scalars(select(Item).where(*in_file))}
    query = select(Thread).where(Thread.item_id.in_(list(by_id)), Thread.side == "", Thread.deleted_at.is_(None))
    threads = list(db.session.scalars(query.order_by(Thread.id)))
    comments: dict[int, list[Comment]] = {thread.id: [] for thread in threads}
    comment_query = select(Comment).where(Comment.thread_id.in_(list(comments)), Comment.deleted_at.is_(None))
    for comment in db.session.scalars(comment_query.order_by(Comment.id)):
        comments[comment.thread_id].append(comment)
    participants = Participants(programme.frame.partnership)
    rows = rows_of_all([thread.item_id for thread in threads if thread.row_id])
    return [
        _thread_out(thread, comments[thread.id], by_id[thread.item_id], rows.get(thread.item_id, {}), participants)
        for thread in threads
        if comments[thread.id]
    ]


def _thread_out(
    thread: Thread, comments: list[Comment], item: Item, rows: Mapping[str, Sequence[Row]], participants: Participants
) -> Json:
    written = [
        _comment_out(thread, comment, first=n == 0, participants=participants) for n, comment in enumerate(comments)
    ]
    drafts = [
        CommentDraft("", "", "", comment.at, comment_json)
        for comment, comment_json in zip(comments, written, strict=True)
    ]
    kind, due, is_resolved = implied_thread(drafts)
    attributes: Json = {item.kind: item.code} if item.kind != "programme" else {}
    attributes |= {"kind": thread.kind} if thread.kind != kind else {}
    attributes |= {"due": thread.due.isoformat() if thread.due else ""} if thread.due != due else {}
    resolved = thread.resolved_at is not None
    attributes |= {"state": RESOLVED if resolved else OPEN} if resolved != is_resolved else {}
    attributes |= {"outcome": thread.outcome} if thread.outcome else {}
    about = _about(thread, item, rows)
    return {**attributes, **({"about": about} if about else {}), "thread": written}


def _comment_out(thread: Thread, comment: Comment, *, first: bool, participants: Participants) -> Json:
    if comment.foreign:
        return {**comment.foreign, "text": comment.words}
    member = participants.members.get(comment.author or 0)
    at = comment.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    written: Json = {"author": member[0]} if member else {}
    written |= {"side": comment.side, "lang": comment.language, "at": at, "text": comment.words}
    if first:
        written["kind"] = thread.kind
    if first and thread.kind == TASK and thread.due:
        written["due"] = thread.due.isoformat()
    return written


def _about(thread: Thread, item: Item, rows: Mapping[str, Sequence[Row]]) -> Json:
    """The field that a thread is about; {} if its row was deleted, or its value is meaningless elsewhere."""
    if not thread.field:
        return {}
    sheet, row_part = sheet_of(item.kind), Json()
    fields = sheet.fields
    if thread.row_id:
        places = [
            (kind, n)
            for kind, kind_rows in rows.items()
            for n, row in enumerate(kind_rows, 1)
            if row.id == thread.row_id
        ]
        if not places:
            return {}
        row_part = {"row": {"kind": places[0][0], "number": places[0][1]}}
        fields = sheet.rows[places[0][0]].by_name
    field = fields.get(split_key(thread.field)[0])
    if field is None or field.kind in _LOCAL_ID_KINDS:
        return {}
    value_part: Json = {"value": thread.value} if thread.value not in (None, "", []) else {}
    return {"field": thread.field, **row_part, **value_part, **({"passage": thread.passage} if thread.passage else {})}
