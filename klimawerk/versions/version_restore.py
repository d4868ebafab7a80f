"""Bringing back one text, one field, one line or the whole item: always as a new version on top, never backwards.

A version of what stands there now is taken first, so that bringing back can itself be taken back. Texts are changed by
differences (collab/text_merge.py), so words that others type elsewhere meanwhile stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from klimawerk.collab import document_store, projection, rich_text
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
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import delete_row, move_row, restore_row, rows_of
from klimawerk.sheets.service import FieldRef, set_value
from klimawerk.sheets.sheet_schema import sheet_of, split_key
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.text import truncate
from klimawerk.versions import item_keys, service
from klimawerk.versions.comparison import NO_STATE, ItemState, compare_rows
from klimawerk.versions.item_state import ROWS, TEXT, read_item
from klimawerk.versions.models import Version
from klimawerk.versions.version_states import state_of, state_of_reading

ALL, VALUE, ROW = "all", "value:", "row:"
"""What to bring back: everything, a field, a line ("row:<id>"), or a text as item_state.py names it."""


class NothingToRestore(Exception):
    """It stands there already, or the version has no such part."""


class ReferenceDeleted(Exception):
    """What the old value refers to is in the bin, or can only be reached by consent."""


@dataclass(frozen=True)
class RestoredVersions:
    """`before`: the version that holds what stood there until now."""

    before: Version
    after: Version


def restore_part(item: Item, version: Version, part: str, *, by: Member, reason: str = "") -> RestoredVersions:
    """Make that part of the item what it was in the version. Raises NothingToBring, Gone, storing.Damaged."""
    person, side = by.person.id, by.side
    with writing():
        old = state_of(version)
        if part == ALL and item.kind != "programme":
            announce_outline(programme_of(item))  # for its code and its goal: the programme's row first, as everywhere
        lock_for_update(item)
        document_store.lock_document_row(item.name)
        work = _Restoration(item, old, state_of_reading(read_item(item.id), item_keys.keys_around(item.id)), person)
        service.record_version(item.id, service.RESTORE, by=person, side=side)
        before = service.latest_version(item.id)
        work.do(part)
        remark = truncate(reason.strip(), service.MAX_NOTE_LENGTH)
        after = service.record_version(item.id, service.RESTORE, by=person, side=side, remark=remark)
        if before is None or after is None:
            raise NothingToRestore
    projection.project_now(item.name)
    return RestoredVersions(before, after)


@dataclass(frozen=True)
class _Restoration:
    """Inside the transaction: what was, what is, and whose hand it is."""

    item: Item
    old: ItemState
    now: ItemState
    by: int

    def do(self, part: str) -> None:
        if part == ALL:
            self._everything()
        elif part.startswith(TEXT):
            self._texts({part.removeprefix(TEXT)})
        elif part.startswith(VALUE):
            self._value(part.removeprefix(VALUE))
        elif part.startswith(ROW):
            self._row(part.removeprefix(ROW))
        else:
            raise NothingToRestore

    def _everything(self) -> None:
        """All that is the item's own; rate and languages of a programme need both sides' consent elsewhere."""
        self._head()
        parts = self.old.hashes.keys() | self.now.hashes.keys()
        differ = {name for name in parts if self.old.hashes.get(name) != self.now.hashes.get(name)}
        self._texts({name.removeprefix(TEXT) for name in differ if name.startswith(TEXT)})
        for key in [*self.now.values, *self.old.values]:
            if self._may_return(key):
                self._set(FieldRef(self.item, key), self.old.values.get(key))
        for name in sorted(name for name in differ if name.startswith(ROWS)):
            self._rows(name.removeprefix(ROWS))

    def _texts(self, fragments: set[str]) -> None:
        known = fragments & document_store.fragment_names(document_store.find_document(self.item.name).id)
        wanted = {
            fragment: rich_text.drop_refused_links(self.old.text(fragment) or rich_text.empty_text())[0]
            for fragment in known
        }
        if wanted:
            document_store.merge_contents(self.item.name, wanted, by=self.by)

    def _value(self, key: str) -> None:
        name = split_key(key)[0]
        field = sheet_of(self.item.kind).fields.get(name)
        if field is None or field.kind == "live":
            raise NothingToRestore
        if not self._may_return(key):
            raise ReferenceDeleted
        self._set(FieldRef(self.item, key), self.old.values.get(key))

    def _may_return(self, key: str) -> bool:
        """Consent is given on the item as it is, not brought back; and what is in the bin cannot be referred to."""
        field = sheet_of(self.item.kind).fields.get(split_key(key)[0])
        value = self.old.values.get(key)
        if field is None or value is None or value in NO_STATE:
            return field is not None
        if field.kind == "field":
            row = db.session.get(Row, value)
            return row is not None and row.deleted_at is None
        if field.kind == "measures":
            return all((one := db.session.get(Item, id_)) and one.deleted_at is None for id_ in value)
        return value not in field.unpickable

    def _row(self, id_: str) -> None:
        row = db.session.get(Row, id_)
        if row is None or row.item_id != self.item.id:
            raise NothingToRestore
        old = self.old.rows(row.kind)
        was = next((one for one in old if one["id"] == id_), None)
        if was is None:
            delete_row(self.item, row, by=self.by)
            return
        moved = any(one.id == id_ and one.moved for one in compare_rows(old, self.now.rows(row.kind)))
        self._cells(row, was["cells"])
        if moved:
            here = {one.id for one in rows_of(self.item).get(row.kind, [])}
            later = [one["id"] for one in old[old.index(was) + 1 :] if one["id"] in here]
            move_row(self.item, row, later[0] if later else None, by=self.by)

    def _rows(self, kind: str) -> None:
        old = self.old.rows(kind)
        wanted = [one["id"] for one in old]
        for row in rows_of(self.item).get(kind, []):
            if row.id not in wanted:
                delete_row(self.item, row, by=self.by)
        found = {one["id"]: db.session.get(Row, one["id"]) for one in old}
        for one in old:
            row_back = found[one["id"]]
            if row_back is not None:
                self._cells(row_back, one["cells"])
        if [row.id for row in rows_of(self.item).get(kind, [])] != wanted:
            self._arrange([row for row in found.values() if row is not None])

    def _arrange(self, rows: list[Row]) -> None:
        rev = note(self.item.name)
        for row, key in zip(rows, order_keys.initial_keys(len(rows)), strict=True):
            row.order_key, row.rev = key, rev
        db.session.flush()

    def _cells(self, row: Row, cells: dict[str, Any]) -> None:
        if row.deleted_at is not None:
            restore_row(self.item, row, by=self.by)
        for key in {*row.cells, *cells}:
            self._set(FieldRef(self.item, key, row), cells.get(key))

    def _head(self) -> None:
        code, goal = self.old.head.get("code"), self.old.head.get("goal")
        if code and code != self.item.code and is_free(self.item, code):
            self._set(FieldRef(self.item, "code"), code)
        if isinstance(self.item, Measure) and goal != self.item.goal_id:
            former = db.session.get(Goal, goal)
            if former is not None and former.deleted_at is None:
                move_measure(self.item, former, None, by=self.by)

    def _set(self, place: FieldRef, value: Any) -> None:
        db.session.flush()
        set_value(place, value, based_on=place.rev, by=self.by)
