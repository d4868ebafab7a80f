"""Restores one text, one field, one row or the whole item from a version, always as a new version on top.

The present state is kept as a version first, so a restore can itself be undone. Texts are changed by differences
(collab/text_merge.py), so what other users type elsewhere in them meanwhile stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store, projection
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.live.changes import note
from klimawerk.measures.models import Measure
from klimawerk.measures.service import move_measure
from klimawerk.partnerships.access import Member
from klimawerk.programmes.service import announce_outline, programme_of
from klimawerk.sheets import order_keys
from klimawerk.sheets.item_codes import is_free
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import delete_row, move_row, restore_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.sheets.sheet_schema import split_key
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.text import truncate
from klimawerk.versions import item_keys, service
from klimawerk.versions.comparison import NO_STATE, ItemState, compare_rows
from klimawerk.versions.item_state import ROWS, TEXT, read_item
from klimawerk.versions.models import Version
from klimawerk.versions.version_states import state_of, state_of_reading

ALL, VALUE, ROW = "all", "value:", "row:"
"""What to restore: everything, a field, a row ("row:<id>"), or a text as item_state.py names it."""


class NothingToRestore(Exception):
    """The item holds this state already, or the version has no such part."""


class ReferenceDeleted(Exception):
    """What the old value refers to is in the bin, or the value can only be set by consent."""


@dataclass(frozen=True)
class RestoredVersions:
    """`before`: the version of the state that was replaced; `after`: the version of the restored state."""

    before: Version
    after: Version


def restore_part(item: Item, version: Version, part: str, *, by: Member, reason: str = "") -> RestoredVersions:
    """Set that part of the item to its state in the version. Raises NothingToRestore, ReferenceDeleted, PartDamaged."""
    person, side = by.person.id, by.side
    with writing():
        old = state_of(version)
        if part == ALL and item.kind != "programme":
            announce_outline(programme_of(item))  # code and goal may change; lock order: programme before item
        lock_for_update(item)
        document_store.lock_document_row(item.name)
        restoration = _Restoration(
            item, old, state_of_reading(read_item(item.id), item_keys.keys_around(item.id)), person
        )
        service.record_version(item.id, service.RESTORE, by=person, side=side)
        before = service.latest_version(item.id)
        restoration.run(part)
        remark = truncate(reason.strip(), service.MAX_NOTE_LENGTH)
        after = service.record_version(item.id, service.RESTORE, by=person, side=side, remark=remark)
        if before is None or after is None:
            raise NothingToRestore
    projection.project_now(item.name)
    return RestoredVersions(before, after)


@dataclass(frozen=True)
class _Restoration:
    """A restore inside its transaction: old state, present state, and the user's id."""

    item: Item
    old: ItemState
    now: ItemState
    by: int

    def run(self, part: str) -> None:
        if part == ALL:
            self._restore_all()
        elif part.startswith(TEXT):
            self._restore_texts({part.removeprefix(TEXT)})
        elif part.startswith(VALUE):
            self._restore_value(part.removeprefix(VALUE))
        elif part.startswith(ROW):
            self._restore_row(part.removeprefix(ROW))
        else:
            raise NothingToRestore

    def _restore_all(self) -> None:
        """Everything but a programme's rate and languages, which need the consent of both sides."""
        self._restore_head()
        parts = self.old.hashes.keys() | self.now.hashes.keys()
        differ = {name for name in parts if self.old.hashes.get(name) != self.now.hashes.get(name)}
        self._restore_texts({name.removeprefix(TEXT) for name in differ if name.startswith(TEXT)})
        for key in [*self.now.values, *self.old.values]:
            if self._may_restore(key):
                self._set(FieldRef(self.item, key), self.old.values.get(key))
        for name in sorted(name for name in differ if name.startswith(ROWS)):
            self._restore_rows(name.removeprefix(ROWS))

    def _restore_texts(self, fragments: set[str]) -> None:
        existing = fragments & document_store.fragment_names(document_store.find_document(self.item.name).id)
        wanted = {
            fragment: rich_text.drop_refused_links(self.old.text(fragment) or rich_text.empty_text())[0]
            for fragment in existing
        }
        if wanted:
            document_store.merge_contents(self.item.name, wanted, by=self.by)

    def _restore_value(self, key: str) -> None:
        name = split_key(key)[0]
        field = sheet_of(self.item.kind).fields.get(name)
        if field is None or field.kind == "live":
            raise NothingToRestore
        if not self._may_restore(key):
            raise ReferenceDeleted
        self._set(FieldRef(self.item, key), self.old.values.get(key))

    def _may_restore(self, key: str) -> bool:
        """Whether the old value may be set: not if it is given by consent only, or refers to something in the bin."""
        field = sheet_of(self.item.kind).fields.get(split_key(key)[0])
        value = self.old.values.get(key)
        if field is None or value is None or value in NO_STATE:
            return field is not None
        if field.kind == "field":
            row = db.session.get(Row, value)
            return row is not None and row.deleted_at is None
        if field.kind == "measures":
            return all((measure := db.session.get(Item, id_)) and measure.deleted_at is None for id_ in value)
        return value not in field.unpickable

    def _restore_row(self, id_: str) -> None:
        row = db.session.get(Row, id_)
        if row is None or row.item_id != self.item.id:
            raise NothingToRestore
        old_rows = self.old.rows(row.kind)
        old_row = next((other for other in old_rows if other["id"] == id_), None)
        if old_row is None:
            delete_row(self.item, row, by=self.by)
            return
        moved = any(other.id == id_ and other.moved for other in compare_rows(old_rows, self.now.rows(row.kind)))
        self._restore_cells(row, old_row["cells"])
        if moved:
            present_ids = {other.id for other in rows_of(self.item).get(row.kind, [])}
            following = [other["id"] for other in old_rows[old_rows.index(old_row) + 1 :] if other["id"] in present_ids]
            move_row(self.item, row, following[0] if following else None, by=self.by)

    def _restore_rows(self, kind: str) -> None:
        old_rows = self.old.rows(kind)
        wanted_ids = [old_row["id"] for old_row in old_rows]
        for row in rows_of(self.item).get(kind, []):
            if row.id not in wanted_ids:
                delete_row(self.item, row, by=self.by)
        rows = {old_row["id"]: db.session.get(Row, old_row["id"]) for old_row in old_rows}
        for old_row in old_rows:
            row_now = rows[old_row["id"]]
            if row_now is not None:
                self._restore_cells(row_now, old_row["cells"])
        if [row.id for row in rows_of(self.item).get(kind, [])] != wanted_ids:
            self._reorder([row for row in rows.values() if row is not None])

    def _reorder(self, rows: list[Row]) -> None:
        rev = note(self.item.name)
        for row, key in zip(rows, order_keys.initial_keys(len(rows)), strict=True):
            row.order_key, row.rev = key, rev
        db.session.flush()

    def _restore_cells(self, row: Row, cells: dict[str, Any]) -> None:
        if row.deleted_at is not None:
            restore_row(self.item, row, by=self.by)
        for key in {*row.cells, *cells}:
            self._set(FieldRef(self.item, key, row), cells.get(key))

    def _restore_head(self) -> None:
        code, goal = self.old.head.get("code"), self.old.head.get("goal")
        if code and code != self.item.code and is_free(self.item, code):
            self._set(FieldRef(self.item, "code"), code)
        if isinstance(self.item, Measure) and goal != self.item.goal_id:
            former = db.session.get(Goal, goal)
            if former is not None and former.deleted_at is None:
                move_measure(self.item, former, None, by=self.by)

    def _set(self, ref: FieldRef, value: Any) -> None:
        db.session.flush()
        set_value(ref, value, based_on=ref.rev, by=self.by)
