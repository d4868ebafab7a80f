"""Stores the comment threads of a file. Inside writing()."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from klimawerk.comments.models import Comment, Thread
from klimawerk.comments.topics import announce_counts, announce_threads
from klimawerk.exchange.draft import ThreadDraft
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of_all


def store_threads(threads: list[ThreadDraft], programme: Programme, items: Mapping[tuple[str, str], Item]) -> None:
    """Store every thread, visible to both sides. Authors have no account here, so their comments cannot be edited."""
    if not threads:
        return
    announce_counts(programme, "")
    rows = rows_of_all([items[draft.item].id for draft in threads if draft.row_kind])
    for draft in threads:
        item = items[draft.item]
        revs = announce_threads(item, "")
        attributes = {"kind": draft.kind, "due": draft.due, "outcome": draft.outcome}
        thread = Thread(item_id=item.id, value=None, began=revs, revs=revs, **attributes)
        thread.opened_at = draft.comments[0].at
        thread.resolved_at = draft.comments[-1].at if draft.is_resolved else None
        thread_rows = rows.get(item.id, {}).get(draft.row_kind, [])
        if not draft.row_kind or draft.row < len(thread_rows):
            thread.field, thread.value, thread.passage = draft.field, draft.value, draft.passage
            thread.row_id = thread_rows[draft.row].id if draft.row_kind else None
        db.session.add(thread)
        db.session.flush()
        db.session.add_all(
            Comment(
                thread_id=thread.id,
                side=comment.side,
                language=comment.language,
                words=comment.text,
                key=str(uuid.uuid4()),
                at=comment.at,
                foreign=comment.foreign,
            )
            for comment in draft.comments
        )
