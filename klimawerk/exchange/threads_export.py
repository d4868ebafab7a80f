"""Threads to the format's JSON, as `threads_import.py` describes it.

Only what both sides see leaves the house in a file: nobody knows into whose hands it comes. Proposed values, who was
called by name or given a task, and earlier wordings stay behind.
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
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.sheet_schema import sheet_of, split_key

Json = dict[str, Any]
_OTHER_SIDES = ("field", "measures")  # kinds of fields whose values name things by numbers of this installation


def write_threads(programme: Programme) -> list[Json]:
    """The threads of the programme and of what is in it, in the order in which they were opened."""
    items = db.session.scalars(select(Item).where(Item.frame_id == programme.frame_id, Item.deleted_at.is_(None)))
    by_id = {item.id: item for item in items}
    query = select(Thread).where(Thread.item_id.in_(list(by_id)), Thread.side == "", Thread.deleted_at.is_(None))
    threads = list(db.session.scalars(query.order_by(Thread.id)))
    said: dict[int, list[Comment]] = {thread.id: [] for thread in threads}
    of_these = select(Comment).where(Comment.thread_id.in_(list(said)), Comment.deleted_at.is_(None))
    for comment in db.session.scalars(of_these.order_by(Comment.id)):
        said[comment.thread_id].append(comment)
    people = Participants(programme.frame.partnership)
    rows = rows_of_all([thread.item_id for thread in threads if thread.row_id])
    return [
        _thread_out(thread, said[thread.id], by_id[thread.item_id], rows.get(thread.item_id, {}), people)
        for thread in threads
        if said[thread.id]
    ]


def _thread_out(
    thread: Thread, comments: list[Comment], item: Item, rows: Mapping[str, Sequence[Row]], people: Participants
) -> Json:
    written = [_comment_out(thread, comment, first=n == 0, people=people) for n, comment in enumerate(comments)]
    drafts = [CommentDraft("", "", "", comment.at, one) for comment, one in zip(comments, written, strict=True)]
    kind, due, is_resolved = implied_thread(drafts)
    own: Json = {item.kind: item.code} if item.kind != "programme" else {}
    own |= {"kind": thread.kind} if thread.kind != kind else {}
    own |= {"due": thread.due.isoformat() if thread.due else ""} if thread.due != due else {}
    resolved = thread.resolved_at is not None
    own |= {"state": RESOLVED if resolved else OPEN} if resolved != is_resolved else {}
    own |= {"outcome": thread.outcome} if thread.outcome else {}
    about = _about(thread, item, rows)
    return {**own, **({"about": about} if about else {}), "thread": written}


def _comment_out(thread: Thread, comment: Comment, *, first: bool, people: Participants) -> Json:
    if comment.foreign:
        return {**comment.foreign, "text": comment.words}
    member = people.members.get(comment.author or 0)
    at = comment.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    written: Json = {"author": member[0]} if member else {}
    written |= {"side": comment.side, "lang": comment.language, "at": at, "text": comment.words}
    if first:
        written["kind"] = thread.kind
    if first and thread.kind == TASK and thread.due:
        written["due"] = thread.due.isoformat()
    return written


def _about(thread: Thread, item: Item, rows: Mapping[str, Sequence[Row]]) -> Json:
    """Nothing where the line has gone, or where the value would mean nothing elsewhere."""
    if not thread.field:
        return {}
    sheet, where = sheet_of(item.kind), Json()
    fields = sheet.fields
    if thread.row_id:
        places = [(kind, n) for kind, some in rows.items() for n, row in enumerate(some, 1) if row.id == thread.row_id]
        if not places:
            return {}
        where = {"row": {"kind": places[0][0], "number": places[0][1]}}
        fields = sheet.rows[places[0][0]].by_name
    field = fields.get(split_key(thread.field)[0])
    if field is None or field.kind in _OTHER_SIDES:
        return {}
    then: Json = {"value": thread.value} if thread.value not in (None, "", []) else {}
    return {"field": thread.field, **where, **then, **({"passage": thread.passage} if thread.passage else {})}
