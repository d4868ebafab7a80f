"""Comments of a file into the database. Inside writing()."""

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


def store_threads(talks: list[ThreadDraft], programme: Programme, items: Mapping[tuple[str, str], Item]) -> None:
    """Every thread, seen by all. Its authors have no account here, so nobody may change what they said."""
    if not talks:
        return
    announce_counts(programme, "")
    rows = rows_of_all([items[draft.item].id for draft in talks if draft.row_kind])
    for draft in talks:
        item = items[draft.item]
        revs = announce_threads(item, "")
        told = {"kind": draft.kind, "due": draft.due, "outcome": draft.outcome}
        thread = Thread(item_id=item.id, value=None, began=revs, revs=revs, **told)
        thread.opened_at = draft.comments[0].at
        thread.resolved_at = draft.comments[-1].at if draft.is_resolved else None
        found = rows.get(item.id, {}).get(draft.row_kind, [])
        if not draft.row_kind or draft.row < len(found):
            thread.field, thread.value, thread.passage = draft.field, draft.value, draft.passage
            thread.row_id = found[draft.row].id if draft.row_kind else None
        db.session.add(thread)
        db.session.flush()
        db.session.add_all(
            Comment(
                thread_id=thread.id,
                side=one.side,
                language=one.language,
                words=one.words,
                key=str(uuid.uuid4()),
                at=one.at,
                foreign=one.foreign,
            )
            for one in draft.comments
        )
