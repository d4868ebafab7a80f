"""Setting fields and cells, one by one: nothing is overwritten that the writer had not seen."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy import delete, select

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.sheets.item_codes import CodeTaken, is_free
from klimawerk.sheets.models import Conflict, FieldChange, Item, Row
from klimawerk.sheets.programme_topic import OUTLINE, note_programme_key, programme_head
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.text import clean_json, equal_once_cleaned, visually_equal


class _NoChange(Exception):
    """Leaves a transaction without a trace."""


class SetOutcome(Enum):
    """What became of a value: it holds, it was the same already, or it met a newer one and waits for a choice."""

    SAVED = auto()
    SAME = auto()
    CONFLICT = auto()
    GONE = auto()


@dataclass(frozen=True)
class FieldRef:
    """A field of an item, or a cell of one of its rows; `key` carries the language ("text.en")."""

    item: Item
    key: str
    row: Row | None = None

    @property
    def holder(self) -> Item | Row:
        return self.row or self.item

    @property
    def values(self) -> dict[str, Any]:
        return self.row.cells if self.row else self.item.values

    @property
    def value(self) -> Any:
        return self.item.code if self.is_code else self.values.get(self.key)

    @property
    def is_code(self) -> bool:
        return self.row is None and self.key == "code"

    @property
    def rev(self) -> int:
        return self.holder.revs.get(self.key, 0)

    def put(self, value: Any, rev: int) -> None:
        """Keep the value; nothing (None, "", []) is kept as an absent key."""
        self.holder.revs = {**self.holder.revs, self.key: rev}
        if self.is_code:
            self.item.code = value
            return
        values = {k: v for k, v in self.values.items() if k != self.key}
        if value not in (None, "", []):
            values[self.key] = value
        if self.row:
            self.row.cells = values
        else:
            self.item.values = values


def set_value(place: FieldRef, value: Any, *, based_on: int, by: int) -> SetOutcome:
    """Set a field or cell if it is still at the revision `based_on`.

    If it is not, the newer value stays, and this one is kept beside it as a conflict for an editor to settle, unless
    nobody could tell the two apart. A cell of a deleted row answers GONE and keeps the value in the record of changes.
    Raises Closed, and CodeTaken.
    """
    value = clean_json(value)
    with suppress(_NoChange), writing():
        rev = _lock_field(place, though_gone=True)
        if _same(place.value, value):
            raise _NoChange  # undoes the revision too: nobody is told of nothing
        if _is_gone(place):
            _record(place, value, by, rev)
            return SetOutcome.GONE
        _check_code(place, value)
        if place.rev != based_on:
            if visually_equal(place.value, value):
                raise _NoChange
            _keep_conflict(place, value, by, rev)
            return SetOutcome.CONFLICT
        _set(place, value, by, rev)
        _drop_conflicts(place)
        return SetOutcome.SAVED
    return SetOutcome.SAME


def settle_conflict(conflict: Conflict, place: FieldRef, *, take: bool, by: int) -> None:
    """An editor's choice between the two values: the one that waited (`take`), or the one that holds.

    Nothing when somebody else has chosen meanwhile. Raises Closed, Gone, and CodeTaken.
    """
    id_ = conflict.id  # once it is the verb's turn, the conflict may be gone
    with suppress(_NoChange), writing():
        rev = _lock_field(place)
        waiting = db.session.get(Conflict, id_, populate_existing=True)
        if waiting is None:
            raise _NoChange
        if take:
            value = clean_json(waiting.value)
            _check_code(place, value)
            _set(place, value, by, rev)
        else:
            place.holder.revs = {**place.holder.revs, place.key: rev}
        _drop_conflicts(place)


def conflicts_of(item: Item) -> dict[tuple[str | None, str], Conflict]:
    """The open conflicts of an item by (row id, key); of several at one place, the latest."""
    found = db.session.scalars(select(Conflict).where(Conflict.item_id == item.id).order_by(Conflict.id))
    return {(conflict.row_id, conflict.field): conflict for conflict in found}


def last_change(place: FieldRef) -> FieldChange | None:
    """The change that made the value what it is."""
    return db.session.scalar(
        select(FieldChange)
        .where(
            FieldChange.item_id == place.item.id,
            FieldChange.row_id == (place.row.id if place.row else None),
            FieldChange.field == place.key,
        )
        .order_by(FieldChange.id.desc())
        .limit(1)
    )


def _lock_field(place: FieldRef, *, though_gone: bool = False) -> int:
    """Take the item's turn, and before it, for a code, that of all codes of the programme; then read anew."""
    if place.is_code:
        note_programme_key(programme_head(place.item), OUTLINE)
    rev = lock_for_update(place.item, though_gone=though_gone)
    if place.row:
        db.session.refresh(place.row)
    return rev


def _check_code(place: FieldRef, value: Any) -> None:
    if place.is_code and not is_free(place.item, value):
        raise CodeTaken(value)


def _is_gone(place: FieldRef) -> bool:
    return place.item.deleted_at is not None or (place.row is not None and place.row.deleted_at is not None)


def _same(old: Any, new: Any) -> bool:
    empty: tuple[Any, ...] = (None, "", [])
    return equal_once_cleaned(old, new) or (old in empty and new in empty)


def _set(place: FieldRef, value: Any, by: int, rev: int) -> None:
    _record(place, value, by, rev)
    place.put(value, rev)
    if place.row is None and place.key in place.item.imported:
        place.item.imported = [name for name in place.item.imported if name != place.key]


def _record(place: FieldRef, value: Any, by: int, rev: int) -> None:
    db.session.add(
        FieldChange(
            item_id=place.item.id,
            row_id=place.row.id if place.row else None,
            field=place.key,
            old=place.value,
            new=value,
            by=by,
            rev=rev,
        )
    )


def _keep_conflict(place: FieldRef, value: Any, by: int, rev: int) -> None:
    """One waiting value per place and person; the field is announced as changed, for everyone sees both."""
    _drop_conflicts(place, by=by)
    db.session.add(
        Conflict(
            item_id=place.item.id,
            row_id=place.row.id if place.row else None,
            field=place.key,
            holds_by=_lock_holder_name(place),
            value=value,
            by=by,
            rev=rev,
        )
    )


def _lock_holder_name(place: FieldRef) -> int | None:
    change = last_change(place)
    return change.by if change else None


def _drop_conflicts(place: FieldRef, by: int | None = None) -> None:
    row_id = place.row.id if place.row else None
    gone = delete(Conflict).where(
        Conflict.item_id == place.item.id, Conflict.row_id == row_id, Conflict.field == place.key
    )
    db.session.execute(gone.where(Conflict.by == by) if by else gone)
