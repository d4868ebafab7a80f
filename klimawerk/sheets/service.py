"""Setting fields and cells with optimistic concurrency control: a value based on an old revision becomes a conflict."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy import bindparam, delete, select

from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.sheets.item_codes import CodeTaken, is_free
from klimawerk.sheets.models import Conflict, FieldChange, Item, Row
from klimawerk.sheets.programme_topic import OUTLINE, note_programme_key, programme_head
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.text import clean_json, equal_once_cleaned, visually_equal


class _NoChange(Exception):
    """Rolls back the transaction, with the revision that it raised."""


class SetOutcome(Enum):
    """Result of `set_value`: stored, equal to the current value, kept as a conflict, or the item or row is deleted."""

    SAVED = auto()
    SAME = auto()
    CONFLICT = auto()
    DELETED = auto()


@dataclass(frozen=True)
class FieldRef:
    """A reference to a field of an item, or to a cell of `row`. `key` includes the language ("text.en")."""

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
        """Store the value with its revision; an empty one (None, "", []) is stored as an absent key."""
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


def set_value(ref: FieldRef, value: Any, *, based_on: int, by: int) -> SetOutcome:
    """Set a field or cell if it is still at the revision `based_on`.

    If it is not, the newer value stays, and this one is stored as a conflict for an editor to settle, unless both look
    the same. For a deleted item or row the result is DELETED; the value is stored in the change history only.
    Raises ItemLocked and CodeTaken.
    """
    value = clean_json(value)
    with suppress(_NoChange), writing():
        rev = _lock_field(ref, allow_deleted=True)
        if _same(ref.value, value):
            raise _NoChange
        if _is_deleted(ref):
            _record(ref, value, by, rev)
            return SetOutcome.DELETED
        _check_code(ref, value)
        if ref.rev != based_on:
            if visually_equal(ref.value, value):
                raise _NoChange
            _keep_conflict(ref, value, by, rev)
            return SetOutcome.CONFLICT
        _set(ref, value, by, rev)
        _drop_conflicts(ref)
        return SetOutcome.SAVED
    return SetOutcome.SAME


def settle_conflict(conflict: Conflict, ref: FieldRef, *, take: bool, by: int) -> None:
    """Settle a conflict: with `take` the waiting value is set, else the current one stays.

    Does nothing if the conflict was settled meanwhile. Raises ItemLocked, ItemDeleted and CodeTaken.
    """
    id_ = conflict.id  # the conflict may be deleted before the item is locked
    with suppress(_NoChange), writing():
        rev = _lock_field(ref)
        waiting = db.session.get(Conflict, id_, populate_existing=True)
        if waiting is None:
            raise _NoChange
        if take:
            value = clean_json(waiting.value)
            _check_code(ref, value)
            _set(ref, value, by, rev)
        else:
            ref.holder.revs = {**ref.holder.revs, ref.key: rev}
        _drop_conflicts(ref)


_CONFLICTS = select(Conflict).where(Conflict.item_id == bindparam("item")).order_by(Conflict.id)


def conflicts_of(item: Item) -> dict[tuple[str | None, str], Conflict]:
    """{(row id or None, key): open conflict} of an item; of several conflicts about one field, the latest."""
    conflicts = db.session.scalars(_CONFLICTS, {"item": item.id})
    return {(conflict.row_id, conflict.field): conflict for conflict in conflicts}


def last_change(ref: FieldRef) -> FieldChange | None:
    """The latest change of the field or cell; None if it was never set here."""
    return db.session.scalar(
        select(FieldChange)
        .where(
            FieldChange.item_id == ref.item.id,
            FieldChange.row_id == (ref.row.id if ref.row else None),
            FieldChange.field == ref.key,
        )
        .order_by(FieldChange.id.desc())
        .limit(1)
    )


def _lock_field(ref: FieldRef, *, allow_deleted: bool = False) -> int:
    """Lock the item for update, and before it, for a code, the programme's topic; reload item and row."""
    if ref.is_code:
        note_programme_key(programme_head(ref.item), OUTLINE)
    rev = lock_for_update(ref.item, allow_deleted=allow_deleted)
    if ref.row:
        db.session.refresh(ref.row)
    return rev


def _check_code(ref: FieldRef, value: Any) -> None:
    if ref.is_code and not is_free(ref.item, value):
        raise CodeTaken(value)


def _is_deleted(ref: FieldRef) -> bool:
    return ref.item.deleted_at is not None or (ref.row is not None and ref.row.deleted_at is not None)


def _same(old: Any, new: Any) -> bool:
    empty: tuple[Any, ...] = (None, "", [])
    return equal_once_cleaned(old, new) or (old in empty and new in empty)


def _set(ref: FieldRef, value: Any, by: int, rev: int) -> None:
    _record(ref, value, by, rev)
    ref.put(value, rev)
    if ref.row is None and ref.key in ref.item.imported:
        ref.item.imported = [name for name in ref.item.imported if name != ref.key]


def _record(ref: FieldRef, value: Any, by: int, rev: int) -> None:
    db.session.add(
        FieldChange(
            item_id=ref.item.id,
            row_id=ref.row.id if ref.row else None,
            field=ref.key,
            old=ref.value,
            new=value,
            by=by,
            rev=rev,
        )
    )


def _keep_conflict(ref: FieldRef, value: Any, by: int, rev: int) -> None:
    """Store the value as a conflict; an earlier one of the same user about this field is replaced."""
    _drop_conflicts(ref, by=by)
    db.session.add(
        Conflict(
            item_id=ref.item.id,
            row_id=ref.row.id if ref.row else None,
            field=ref.key,
            holds_by=_author_of_current_value(ref),
            value=value,
            by=by,
            rev=rev,
        )
    )


def _author_of_current_value(ref: FieldRef) -> int | None:
    change = last_change(ref)
    return change.by if change else None


def _drop_conflicts(ref: FieldRef, by: int | None = None) -> None:
    row_id = ref.row.id if ref.row else None
    deletion = delete(Conflict).where(
        Conflict.item_id == ref.item.id, Conflict.row_id == row_id, Conflict.field == ref.key
    )
    db.session.execute(deletion.where(Conflict.by == by) if by else deletion)
