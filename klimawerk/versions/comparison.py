"""Compares two states of one item. Pure functions: no database, no user; the page shows what they return."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from klimawerk.text import visually_equal
from klimawerk.versions.item_state import ROWS, TEXT, VALUES, VersionHead
from klimawerk.versions.text_diff import TextChange, compare_texts

ADDED, REMOVED, CHANGED, MOVED, SAME = "added", "removed", "changed", "moved", "same"
NO_STATE: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True)
class ItemState:
    """A past or present state of an item: `parts` decoded, named as in item_state.py; `hashes` tell which are equal."""

    head: VersionHead
    hashes: dict[str, str]
    parts: dict[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        values: dict[str, Any] = self.parts.get(VALUES, {})
        return values

    def text(self, fragment: str) -> Any:
        return self.parts.get(TEXT + fragment)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.parts.get(ROWS + kind, [])
        return rows


@dataclass(frozen=True)
class ValueChange:
    """A changed field or cell (`key` includes the language); None stands for no value."""

    key: str
    old: Any
    new: Any


@dataclass(frozen=True)
class RowChange:
    """Change of a row. `old_place` and `new_place` count from 1; a moved row may have changed as well."""

    id: str
    kind: str
    old_place: int | None
    new_place: int | None
    old: dict[str, Any]
    new: dict[str, Any]
    cells: tuple[ValueChange, ...] = ()
    moved: bool = False


@dataclass(frozen=True)
class Comparison:
    """All changes. `texts` by fragment; `rows` by kind: every row of each kind in which any row changed."""

    head: tuple[ValueChange, ...] = ()
    values: tuple[ValueChange, ...] = ()
    texts: dict[str, TextChange] = field(default_factory=dict)
    rows: dict[str, tuple[RowChange, ...]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.head or self.values or self.texts or self.rows)


def compare_states(old: ItemState, new: ItemState) -> Comparison:
    """The changes that turn `old` into `new`."""
    changed = {name for name in old.hashes.keys() | new.hashes.keys() if old.hashes.get(name) != new.hashes.get(name)}
    texts = sorted(name.removeprefix(TEXT) for name in changed if name.startswith(TEXT))
    kinds = sorted(name.removeprefix(ROWS) for name in changed if name.startswith(ROWS))
    compared = {fragment: compare_texts(old.text(fragment), new.text(fragment)) for fragment in texts}
    rows = {kind: compare_rows(old.rows(kind), new.rows(kind)) for kind in kinds}
    # After a redaction hashes differ although the remaining content may be equal.
    return Comparison(
        head=_value_changes(_head_values(old.head), _head_values(new.head)),
        values=_value_changes(old.values, new.values) if VALUES in changed else (),
        texts={fragment: change for fragment, change in compared.items() if not change.is_empty},
        rows={kind: changes for kind, changes in rows.items() if any(row.kind != SAME for row in changes)},
    )


def compare_rows(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> tuple[RowChange, ...]:
    """All rows of both states, matched by id, in the new order; a removed row stays at its old place."""
    old_by_id = {row["id"]: (place, row["cells"]) for place, row in enumerate(old, start=1)}
    new_by_id = {row["id"]: (place, row["cells"]) for place, row in enumerate(new, start=1)}
    moved = _moved_ids(
        [old_by_id[row["id"]][0] for row in new if row["id"] in old_by_id],
        [r["id"] for r in new if r["id"] in old_by_id],
    )
    changes = [
        _row_change(id_, old_by_id.get(id_), new_by_id.get(id_), id_ in moved)
        for id_ in _merged_order(list(old_by_id), list(new_by_id))
    ]
    return tuple(changes)


def _row_change(id_: str, old_row: tuple[int, Any] | None, new_row: tuple[int, Any] | None, moved: bool) -> RowChange:
    old_place, old = old_row or (None, {})
    new_place, new = new_row or (None, {})
    cells = _value_changes(old, new)
    kind = ADDED if old_row is None else REMOVED if new_row is None else CHANGED if cells else MOVED if moved else SAME
    return RowChange(id_, kind, old_place, new_place, old, new, cells, moved)


def _value_changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[ValueChange, ...]:
    keys = [*old, *(key for key in new if key not in old)]
    return tuple(
        ValueChange(key, old.get(key), new.get(key)) for key in keys if not _is_same(old.get(key), new.get(key))
    )


def _is_same(old: Any, new: Any) -> bool:
    return visually_equal(old, new) or (old in NO_STATE and new in NO_STATE)


def _head_values(head: VersionHead) -> dict[str, Any]:
    """What may change in a head, with the values of the frame."""
    values = {name: head.get(name) for name in ("code", "goal", "lead_language", "languages")}
    return {**values, **head.get("frame", {})}


def _merged_order(old: list[str], new: list[str]) -> Iterator[str]:
    """The new order, with each removed row after the row that it followed."""
    removed_after: dict[str, list[str]] = {}
    new_ids, previous = set(new), ""
    for id_ in old:
        if id_ in new_ids:
            previous = id_
        else:
            removed_after.setdefault(previous, []).append(id_)
    yield from removed_after.get("", [])
    for id_ in new:
        yield id_
        yield from removed_after.get(id_, [])


def _moved_ids(places: list[int], ids: list[str]) -> set[str]:
    """Ids outside of a longest increasing subsequence: the smallest set of rows to call moved."""
    ends: list[int] = []
    end_indexes: list[int] = []
    predecessors: list[int] = []
    for index, place in enumerate(places):
        slot = bisect_left(ends, place)
        ends[slot : slot + 1] = [place]
        end_indexes[slot : slot + 1] = [index]
        predecessors.append(end_indexes[slot - 1] if slot else -1)
    in_order, index = set(), end_indexes[-1] if end_indexes else -1
    while index >= 0:
        in_order.add(ids[index])
        index = predecessors[index]
    return set(ids) - in_order
