"""Updates the search index: changed items are read again a little later, outside of the transaction of the change.

Each process reads what was changed through it. Once a minute a check finds what no process has read (after a kill, a
shell command or a restored backup) and what was folded by other rules than the present ones: an update that changes the
rules reads everything again, a little each second, while the search continues.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy import delete, insert, select

from klimawerk.collab.storage import document_store
from klimawerk.comments.models import Comment, Thread
from klimawerk.comments.topics import ALL_SIDES
from klimawerk.database import writing, yield_if_due
from klimawerk.extensions import db
from klimawerk.folding import VERSION
from klimawerk.live import changes
from klimawerk.search.models import SearchEntry, SearchState
from klimawerk.search.tokens import folded_text
from klimawerk.sheets.item_kinds import item_kinds, sheet_of
from klimawerk.sheets.models import Item, is_here
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.sheet_schema import Field, split_key
from klimawerk.versions import redaction

EACH, LOOK = 3.0, 60.0  # seconds between two updates of what changed here, and between two checks of everything
A_TICK, AT_ONCE = 8, 30  # items read per second in the background, and before a query is answered
_COMMENT_KINDS = {f"comments-{side}" for side in ALL_SIDES}
_TEXT_KINDS = ("line", "lines", "code")  # kinds of fields that hold text


def init_app(app: Flask) -> None:
    updater = app.extensions["search"] = IndexUpdater()
    changes.topics_changed.connect(app, updater.note_topics)
    redaction.other_redactions.add(app, remove_item)
    app.extensions["live"].background.each_second(updater.look)


class IndexEntry(NamedTuple):
    """One indexed text, as in `SearchEntry`."""

    item_id: int
    kind: str
    place: str
    language: str
    side: str
    words: str


class IndexUpdater:
    """Updates a few items per second, since other tasks share its thread. A whole installation takes minutes.

    One per app. `pending`: items that were changed through this process and are not indexed yet.
    """

    def __init__(self) -> None:
        self.pending: set[int] = set()
        self._lock = threading.Lock()
        self._updated = self._checked = -LOOK
        self._stale: list[int] = []

    def note_topics(self, topics: list[str]) -> None:
        """Note the items of changed topics."""
        kinds = {*item_kinds, *_COMMENT_KINDS}
        self.note({int(number) for kind, _, number in (topic.partition(":") for topic in topics) if kind in kinds})

    def note(self, item_ids: Iterable[int]) -> None:
        with self._lock:
            self.pending.update(item_ids)

    def take(self, most: int) -> list[int]:
        """Take at most so many pending items."""
        with self._lock:
            batch = sorted(self.pending)[:most]
            self.pending.difference_update(batch)
        return batch

    def look(self) -> None:
        moment = time.monotonic()
        if not self._stale and moment - self._checked >= LOOK:
            self._checked, self._stale = moment, stale_items()
        if self._stale:
            batch, self._stale = self._stale[:A_TICK], self._stale[A_TICK:]
            reindex(batch)
        elif moment - self._updated >= EACH:
            self._updated = moment
            reindex(self.take(A_TICK))


def reindex_later(item_ids: Iterable[int]) -> None:
    """Read these items again soon."""
    _updater().note(item_ids)


def reindex_pending(most: int = AT_ONCE) -> None:
    """Read items that were changed through this process and are not indexed yet, at most so many."""
    reindex(_updater().take(most))


def _updater() -> IndexUpdater:
    updater: IndexUpdater = current_app.extensions["search"]
    return updater


def stale_items() -> list[int]:
    """Ids of all items whose texts or comments are newer than the index."""
    revisions = changes.all_revisions()
    stamps = dict(db.session.execute(select(SearchState.item_id, SearchState.stamp)).all())
    items = db.session.execute(select(Item.id, Item.kind).where(is_here())).all()
    return [id_ for id_, kind in items if stamps.get(id_) != _stamp(id_, kind, revisions)]


def reindex(item_ids: Iterable[int]) -> int:
    """Read these items again, each in a short transaction of its own. Returns how many there were."""
    count = 0
    for item_id in item_ids:
        item = db.session.get(Item, item_id)
        if item is not None and not item.frame.arriving:
            _refresh(item)
            count += 1
            yield_if_due()
    return count


def remove_item(item_id: int, _hide: object) -> int:
    """Remove the item from the index until it is read again, inside the caller's transaction. Counts as no place."""
    for model in (SearchEntry, SearchState):
        db.session.execute(delete(model).where(model.item_id == item_id))
    return 0


def _refresh(item: Item) -> None:
    topics = [item.name, *(f"comments-{side}:{item.id}" for side in ALL_SIDES)]
    # Revisions are read before the texts: a stamp that is too old is safe, one that is too new is not.
    stamp = _stamp(item.id, item.kind, changes.revisions(topics))
    entries = [*_texts(item), *_cells(item), *_comments(item)] if item.deleted_at is None else []
    with writing() as session:
        obsolete, new = _difference(item.id, entries)
        if obsolete:
            session.execute(delete(SearchEntry).where(SearchEntry.id.in_(obsolete)))
        if new:
            session.execute(insert(SearchEntry), [_row(entry) for entry in new])
        session.merge(SearchState(item_id=item.id, stamp=stamp))


def _difference(item_id: int, entries: list[IndexEntry]) -> tuple[list[int], list[IndexEntry]]:
    """Ids of obsolete entries, and missing entries: most of an item is unchanged."""
    columns = (SearchEntry.kind, SearchEntry.place, SearchEntry.language, SearchEntry.side, SearchEntry.words)
    rows = db.session.execute(select(SearchEntry.id, *columns).where(SearchEntry.item_id == item_id)).all()
    stamp = db.session.scalar(select(SearchState.stamp).where(SearchState.item_id == item_id)) or ""
    if not stamp.startswith(f"{VERSION},"):  # folded by other rules
        return [row[0] for row in rows], entries
    indexed = {
        IndexEntry(item_id, kind, place, language, side, words): id_ for id_, kind, place, language, side, words in rows
    }
    wanted = set(entries)
    return [id_ for entry, id_ in indexed.items() if entry not in wanted], [
        entry for entry in entries if entry not in indexed
    ]


def _row(entry: IndexEntry) -> dict[str, object]:
    return {**entry._asdict(), "folded": folded_text(entry.words)}


def _stamp(item_id: int, kind: str, revisions: dict[str, int]) -> str:
    topics = (f"{kind}:{item_id}", *(f"comments-{side}:{item_id}" for side in ALL_SIDES))
    return ",".join([VERSION, *(str(revisions.get(topic, 0)) for topic in topics)])


def _texts(item: Item) -> Iterator[IndexEntry]:
    if item.code:
        yield IndexEntry(item.id, "title", "code", "", "", item.code)
    for fragment, text in document_store.texts([item.name])[item.name].items():
        name, language = split_key(fragment)
        if text.plain.strip():
            yield IndexEntry(item.id, "title" if name == "title" else "text", fragment, language, "", text.plain)


def _cells(item: Item) -> Iterator[IndexEntry]:
    """Fields and cells that hold text."""
    sheet = sheet_of(item.kind)
    for key, value in item.values.items():
        if _holds_text(sheet.fields.get(split_key(key)[0]), value):
            yield IndexEntry(item.id, "cell", f":{key}", split_key(key)[1], "", value)
    for kind, rows in rows_of(item).items():
        cells = sheet.rows[kind].by_name if kind in sheet.rows else {}
        for row in rows:
            for key, value in row.cells.items():
                if _holds_text(cells.get(split_key(key)[0]), value):
                    yield IndexEntry(item.id, "cell", f"{row.id}:{key}", split_key(key)[1], "", value)


def _holds_text(field: Field | None, value: object) -> bool:
    return field is not None and field.kind in _TEXT_KINDS and isinstance(value, str) and bool(value.strip())


def _comments(item: Item) -> Iterator[IndexEntry]:
    query = (
        select(Comment, Thread.side)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Thread.item_id == item.id, Thread.deleted_at.is_(None), Comment.deleted_at.is_(None))
    )
    for comment, side in db.session.execute(query).all():
        yield IndexEntry(item.id, "comment", str(comment.id), comment.language, side, comment.words)
