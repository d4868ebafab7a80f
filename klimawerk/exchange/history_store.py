"""Versions and editions of a file into the database, with their numbers, hashes and times. Inside writing()."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from klimawerk import safe_json
from klimawerk.clock import now
from klimawerk.collab import document_store as documents
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
    """The ids of rows that a file knows, so that versions recognise them."""

    def __init__(self, history: HistoryDraft | None) -> None:
        self._history = history

    def rows(self, kind: str, code: str) -> RowIds:
        """By kind of row, in order."""
        item = self._history.of(kind, code) if self._history else None
        return item.rows if item else {}


def find_programme(key: str) -> Programme | None:
    """The programme of that name, if it is here."""
    return db.session.scalar(select(Programme).where(Programme.key == key, is_here()))


def holds_all(names: HistoryKeys, programme: Programme) -> bool:
    """Whether every version and edition of the file is here already."""
    versions = select(Item.key, Version.number, Version.hash).join(Version, Version.item_id == Item.id)
    here = {tuple(row) for row in db.session.execute(versions.where(Item.frame_id == programme.frame_id)).all()}
    editions = select(Edition.number, Edition.hash).where(Edition.programme_id == programme.id)
    made = {tuple(row) for row in db.session.execute(editions).all()}
    return names.versions <= here and names.editions <= made


def foreign_keys_taken(names: HistoryKeys) -> bool:
    """Whether something in the file has a name that something here has already."""
    items, rows = names.items, names.rows
    known: list[Select[Any]] = [
        select(Item.id).where(Item.key.in_(items[n : n + 500])) for n in range(0, len(items), 500)
    ]
    known += [select(Row.id).where(Row.id.in_(rows[n : n + 500])) for n in range(0, len(rows), 500)]
    return any(db.session.execute(query.limit(1)).first() for query in known)


def store_history(history: HistoryDraft, programme: Programme, items: list[Item]) -> None:
    """All versions and editions; what lies in the bin is made from its last version. `items`: those in the file."""
    live = {(item.kind, item.code): item for item in items}
    by_key: dict[str, Item] = {}
    for one in history.items:
        if not one.deleted:
            item = live[one.kind, one.code]
            item.key, by_key[one.key] = one.key, item
    db.session.flush()
    for one in sorted((one for one in history.items if one.deleted), key=lambda one: one.kind):
        by_key[one.key] = _deleted(one, history, programme.frame, by_key)
    whole = {key: part for key, part in history.parts.items() if key not in history.blacked}
    part_store.store_parts(part_store.pack_parts(whole))
    for key in history.blacked.keys() & history.parts.keys():
        part_store.store_redacted_part(key, history.parts[key], history.blacked[key])
    ids = {}
    for one in history.items:
        for draft in one.versions:
            ids[one.key, draft.number] = _version(draft, by_key[one.key], last=draft is one.versions[-1])
    for edition in history.editions:
        _edition(edition, programme, ids)
    db.session.flush()


def add_row(item: Item, kind: str, id_: str, cells: dict[str, Any], order_key: str, rev: int) -> Row:
    """A row with that id."""
    row = Row(id=id_, item_id=item.id, kind=kind, order_key=order_key, cells=dict(cells), rev=rev)
    row.revs = dict.fromkeys(cells, rev)
    db.session.add(row)
    return row


def _deleted(one: ItemHistory, history: HistoryDraft, frame: Frame, by_key: dict[str, Item]) -> Item:
    """An item in the bin, as its last version has it; a measure under its goal, or what goal there is."""
    head = one.versions[-1].head
    contents = {key: safe_json.loads(history.parts[key]) for key in one.versions[-1].parts.values()}
    state = state_from_manifest(head, contents, item_keys.keys_of_frame(frame.id))
    item: Item = Goal(frame=frame, code=one.code, key=one.key)
    if one.kind == "measure":
        goal = by_key.get(head["goal"]) or next(item for item in by_key.values() if item.kind == "goal")
        item = Measure(frame=frame, code=one.code, key=one.key, goal_id=goal.id)
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
    """The last one counts as read just now: it is what the next one is compared with."""
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
