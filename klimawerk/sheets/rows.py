"""Rows of a sheet: list, append, move, delete and restore."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.order_keys import key_between, moved_key
from klimawerk.sheets.update_lock import lock_for_update

BATCH = 25  # items whose rows are read by one query
MAX_ROWS = 500  # per item and kind of row, deleted ones included


class CellsOnly(NamedTuple):
    """A row for reading: its cells alone."""

    cells: dict[str, Any]


RowsByKind = Mapping[str, Sequence[Row | CellsOnly]]
"""{kind: rows in order}"""


class TooManyRows(Exception):
    """A sheet holds at most MAX_ROWS rows of one kind."""


def rows_of(item: Item) -> dict[str, list[Row]]:
    """{kind: rows in order} of the item, without deleted rows."""
    return rows_of_all([item.id]).get(item.id, {})


def rows_of_all(item_ids: list[int]) -> dict[int, dict[str, list[Row]]]:
    """{item id: {kind: rows in order}} of many items, without deleted rows; all are read as they are now."""
    query = select(Row).where(Row.deleted_at.is_(None)).order_by(Row.order_key, Row.id)
    query = query.execution_options(populate_existing=True)
    result: dict[int, dict[str, list[Row]]] = {}
    for some in _batches(item_ids):
        for row in db.session.scalars(query.where(Row.item_id.in_(some))):
            result.setdefault(row.item_id, {}).setdefault(row.kind, []).append(row)
    return result


def cells_of_all(item_ids: Iterable[int], kinds: Iterable[str]) -> dict[int, dict[str, list[CellsOnly]]]:
    """As `rows_of_all`, for some kinds of rows and with their cells alone, which costs a third."""
    query = select(Row.item_id, Row.kind, Row.cells).where(Row.kind.in_(kinds), Row.deleted_at.is_(None))
    result: dict[int, dict[str, list[CellsOnly]]] = {}
    for some in _batches(item_ids):
        there = query.where(Row.item_id.in_(some)).order_by(Row.order_key, Row.id)
        for item_id, kind, cells in db.session.execute(there):
            result.setdefault(item_id, {}).setdefault(kind, []).append(CellsOnly(cells))
    return result


def _batches(item_ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids in groups of BATCH, one query each: the server yields before each query, and not while it reads the rows
    of one."""
    ids = list(item_ids)
    return (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))


def append_row(item: Item, kind: str, cells: dict[str, Any], *, row_id: str | None = None, by: int | None) -> Row:
    """Add a row at the end. If a row with `row_id` exists, return that one. Raises TooManyRows."""
    with writing():
        rev = lock_for_update(item)
        existing = db.session.get(Row, row_id) if row_id else None
        if existing:
            return existing
        last_key, count = _last_key_and_count(item, kind)
        if count >= MAX_ROWS:
            raise TooManyRows
        row = Row(
            id=row_id or str(uuid.uuid4()),
            item_id=item.id,
            kind=kind,
            order_key=key_between(last_key, ""),
            cells=cells,
            revs=dict.fromkeys(cells, rev),
            rev=rev,
            created_by=by,
        )
        db.session.add(row)
        return row


def move_row(item: Item, row: Row, before: str | None = None, *, step: str = "", by: int | None) -> None:
    """Move the row one `step` ("up", "down"), else before the row with the id `before`, else to the end. `before` may
    be a deleted row, which keeps its place. Raises NotInList for a row of another list."""
    with writing():
        rev = lock_for_update(item)
        db.session.refresh(row)
        key = moved_key(_listed(row), row.id, before=before, step=step)
        if key:
            row.order_key, row.rev = key, rev


def delete_row(item: Item, row: Row, *, by: int) -> None:
    """Mark the row as deleted; `restore_row` undoes that."""
    with writing():
        rev = lock_for_update(item)
        db.session.refresh(row)
        if row.deleted_at is None:
            row.rev, row.deleted_at, row.deleted_by = rev, now(), by


def restore_row(item: Item, row: Row, *, by: int) -> None:
    """Undo the deletion of the row; it returns to its place."""
    with writing():
        rev = lock_for_update(item)
        db.session.refresh(row)
        if row.deleted_at is not None:
            row.rev, row.deleted_at, row.deleted_by = rev, None, None


def _listed(row: Row) -> list[tuple[str, str, bool]]:
    """(id, order key, whether it is deleted) of all rows in the list of `row`, in order."""
    query = select(Row.id, Row.order_key, Row.deleted_at).where(Row.item_id == row.item_id, Row.kind == row.kind)
    rows = db.session.execute(query.order_by(Row.order_key, Row.id)).all()
    return [(id_, key, deleted_at is not None) for id_, key, deleted_at in rows]


def _last_key_and_count(item: Item, kind: str) -> tuple[str, int]:
    last_key, count = db.session.execute(
        select(func.max(Row.order_key), func.count()).where(Row.item_id == item.id, Row.kind == kind)
    ).one()
    return last_key or "", count
