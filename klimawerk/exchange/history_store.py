"""Stores the versions and editions of a file, with their numbers, hashes and times. Inside writing()."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from klimawerk import safe_json
from klimawerk.clock import now
from klimawerk.collab.storage import document_store as documents
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.exchange.history_draft import EditionDraft, HistoryDraft, HistoryKeys, ItemHistory, VersionDraft
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import note, revision
from klimawerk.measures.models import Measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets.items import create_item
from klimawerk.sheets.models import Frame, Item, Row, is_here
from klimawerk.sheets.order_keys import initial_keys as order_keys
from klimawerk.versions import item_keys, part_store
from klimawerk.versions.models import Version
from klimawerk.versions.version_states import state_from_manifest

RowIds = dict[str, list[str]]


class RowIdMap:
    """Ids of the rows in a file, so that versions recognise the stored rows."""

    def __init__(self, history: HistoryDraft | None) -> None:
        self._history = history

    def rows(self, kind: str, code: str) -> RowIds:
        """Row ids of an item by kind of row, in order."""
        item = self._history.of(kind, code) if self._history else None
        return item.rows if item else {}


def find_programme(key: str) -> Programme | None:
    """The programme with this key, if it is stored here."""
    return db.session.scalar(select(Programme).where(Programme.key == key, is_here()))


def holds_all(keys: HistoryKeys, programme: Programme) -> bool:
    """Whether every version and edition of the file is stored here already."""
    versions = select(Item.key, Version.number, Version.hash).join(Version, Version.item_id == Item.id)
    stored_versions = {
        tuple(row) for row in db.session.execute(versions.where(Item.frame_id == programme.frame_id)).all()
    }
    editions = select(Edition.number, Edition.hash).where(Edition.programme_id == programme.id)
    stored_editions = {tuple(row) for row in db.session.execute(editions).all()}
    return keys.versions <= stored_versions and keys.editions <= stored_editions


def foreign_keys_taken(keys: HistoryKeys) -> bool:
    """Whether an item or row of the file has a key or id that is used here already."""
    items, rows = keys.items, keys.rows
    queries: list[Select[Any]] = [
        select(Item.id).where(Item.key.in_(items[n : n + 500])) for n in range(0, len(items), 500)
    ]
    queries += [select(Row.id).where(Row.id.in_(rows[n : n + 500])) for n in range(0, len(rows), 500)]
    return any(db.session.execute(query.limit(1)).first() for query in queries)


def store_history(history: HistoryDraft, programme: Programme, items: list[Item]) -> None:
    """Store all versions and editions; deleted items are created from their last version. `items`: of the file."""
    live = {(item.kind, item.code): item for item in items}
    by_key: dict[str, Item] = {}
    for entry in history.items:
        if not entry.deleted:
            item = live[entry.kind, entry.code]
            item.key, by_key[entry.key] = entry.key, item
    db.session.flush()
    for entry in sorted((entry for entry in history.items if entry.deleted), key=lambda entry: entry.kind):
        by_key[entry.key] = _deleted(entry, history, programme.frame, by_key)
    unredacted = {key: part for key, part in history.parts.items() if key not in history.redactions}
    part_store.store_parts(part_store.pack_parts(unredacted))
    for key in history.redactions.keys() & history.parts.keys():
        part_store.store_redacted_part(key, history.parts[key], history.redactions[key])
    ids = {}
    for entry in history.items:
        for draft in entry.versions:
            ids[entry.key, draft.number] = _version(draft, by_key[entry.key], last=draft is entry.versions[-1])
    for edition in history.editions:
        _edition(edition, programme, ids)
    db.session.flush()


def add_row(item: Item, kind: str, id_: str, cells: dict[str, Any], order_key: str, rev: int) -> Row:
    """Create a row with a given id."""
    row = Row(id=id_, item_id=item.id, kind=kind, order_key=order_key, cells=dict(cells), rev=rev)
    row.revs = dict.fromkeys(cells, rev)
    db.session.add(row)
    return row


def _deleted(entry: ItemHistory, history: HistoryDraft, frame: Frame, by_key: dict[str, Item]) -> Item:
    """A deleted item in the state of its last version; a measure under its goal, or any goal if that is missing."""
    head = entry.versions[-1].head
    contents = {key: safe_json.loads(history.parts[key]) for key in entry.versions[-1].parts.values()}
    state = state_from_manifest(head, contents, item_keys.keys_of_frame(frame.id))
    item: Item = Goal(frame=frame, code=entry.code, key=entry.key)
    if entry.kind == "measure":
        goal = by_key.get(head["goal"]) or next(item for item in by_key.values() if item.kind == "goal")
        item = Measure(frame=frame, code=entry.code, key=entry.key, goal_id=goal.id)
    texts = {name.removeprefix("text:"): text for name, text in state.parts.items() if name.startswith("text:")}
    create_item(item, values=state.values, texts=texts)
    for kind in (name.removeprefix("rows:") for name in state.parts if name.startswith("rows:")):
        rows = state.rows(kind)
        for row, order_key in zip(rows, order_keys(len(rows)), strict=True):
            if db.session.get(Row, row["id"]) is None:
                add_row(item, kind, row["id"], row["cells"], order_key, note(item.name))
    item.deleted_at = now()
    documents.mark_deleted([item.name])
    db.session.flush()
    return item


def _version(draft: VersionDraft, item: Item, *, last: bool) -> int:
    """Store a version; the last one counts as just taken, since the next one is compared with it."""
    version = Version(
        item_id=item.id,
        number=draft.number,
        manifest=draft.manifest,
        content_hash=draft.content,
        previous=draft.previous,
        hash=draft.hash,
        at=draft.at,
        reason=draft.reason,
        label=draft.label,
        note=draft.note,
        side=draft.side,
        contributors=draft.contributors,
        rev=revision(item.name) if last else 0,
        seq=documents.find_document(item.name).seq if last else 0,
    )
    db.session.add(version)
    db.session.flush()
    return version.id


def _edition(draft: EditionDraft, programme: Programme, ids: dict[tuple[str, int], int]) -> None:
    edition = Edition(
        programme_id=programme.id,
        number=draft.number,
        name=draft.name,
        purpose=draft.purpose,
        note=draft.note,
        manifest=draft.manifest,
        content_hash=draft.content,
        previous=draft.previous,
        hash=draft.hash,
        at=draft.at,
        side=draft.side,
    )
    db.session.add(edition)
    db.session.flush()
    for position, key in enumerate(draft.versions):
        db.session.add(EditionPart(edition_id=edition.id, position=position, version_id=ids[key]))
