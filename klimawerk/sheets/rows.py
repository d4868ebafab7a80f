"""Adding, moving, deleting and bringing back the rows of a sheet."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.order_keys import key_between, moved_key
from klimawerk.sheets.update_lock import lock_for_update

MAX_ROWS = 500  # per item and kind


class TooManyRows(Exception):
    """A sheet holds at most MAX_ROWS rows of one kind."""


def rows_of(item: Item) -> dict[str, list[Row]]:
    """The item's rows by kind, in their order; the bin is left out."""
    return rows_of_all([item.id]).get(item.id, {})


def rows_of_all(item_ids: list[int]) -> dict[int, dict[str, list[Row]]]:
    """The rows of many items in one query: item id -> kind -> rows in order."""
    found = select(Row).where(Row.item_id.in_(item_ids), Row.deleted_at.is_(None))
    result: dict[int, dict[str, list[Row]]] = {}
    for row in db.session.scalars(found.order_by(Row.order_key, Row.id)):
        result.setdefault(row.item_id, {}).setdefault(row.kind, []).append(row)
    return result


def append_row(item: Item, kind: str, cells: dict[str, Any], *, row_id: str | None = None, by: int | None) -> Row:
    """Add a row at the end. The same `row_id` sent twice adds it once. Raises TooManyRows."""
    with writing():
        rev = lock_for_update(item)
        known = db.session.get(Row, row_id) if row_id else None
        if known:
            return known
        last, count = _last(item, kind)
        if count >= MAX_ROWS:
            raise TooManyRows
        row = Row(
            id=row_id or str(uuid.uuid4()),
            item_id=item.id,
            kind=kind,
            order_key=key_between(last, ""),
            cells=cells,
            revs=dict.fromkeys(cells, rev),
            rev=rev,
            created_by=by,
        )
        db.session.add(row)
        return row


def move_row(item: Item, row: Row, before: str | None = None, *, step: str = "", by: int | None) -> None:
    """Put the row one `step` up or down from where it is now, else before the row with the id `before`, else at the
    end. A `before` that was deleted meanwhile has its place still. Raises Misplaced for one of another list."""
    with writing():
        rev = lock_for_update(item)
        db.session.refresh(row)
        key = moved_key(_listed(row), row.id, before=before, step=step)
        if key:
            row.order_key, row.rev = key, rev


def delete_row(item: Item, row: Row, *, by: int) -> None:
    """Into the bin: `restore_row` brings it back as it was."""
    with writing():
        rev = lock_for_update(item)
        db.session.refresh(row)
        if row.deleted_at is None:
            row.rev, row.deleted_at, row.deleted_by = rev, now(), by


def restore_row(item: Item, row: Row, *, by: int) -> None:
    with writing():
        rev = lock_for_update(item)
        db.session.refresh(row)
        if row.deleted_at is not None:
            row.rev, row.deleted_at, row.deleted_by = rev, None, None


def _listed(row: Row) -> list[tuple[str, str, bool]]:
    """All rows of the list that the row is in, in order, with their keys and whether they lie in the bin."""
    found = select(Row.id, Row.order_key, Row.deleted_at).where(Row.item_id == row.item_id, Row.kind == row.kind)
    rows = db.session.execute(found.order_by(Row.order_key, Row.id)).all()
    return [(id_, key, deleted_at is not None) for id_, key, deleted_at in rows]


def _last(item: Item, kind: str) -> tuple[str, int]:
    last, count = db.session.execute(
        select(func.max(Row.order_key), func.count()).where(Row.item_id == item.id, Row.kind == kind)
    ).one()
    return last or "", count
