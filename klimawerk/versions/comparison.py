"""What changed between two states of one item. Pure: no database, no reader; all that a page shows follows from it."""

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
    """An item as it was, or is: `parts` as item_state.py names them, decoded; `hashes` tells equal ones at a glance."""

    head: VersionHead
    hashes: dict[str, str]
    parts: dict[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = self.parts.get(VALUES, {})
        return found

    def text(self, fragment: str) -> Any:
        return self.parts.get(TEXT + fragment)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.parts.get(ROWS + kind, [])
        return found


@dataclass(frozen=True)
class ValueChange:
    """A field or cell (`key` carries the language) that shows something else; None for nothing."""

    key: str
    old: Any
    new: Any


@dataclass(frozen=True)
class RowChange:
    """What became of a row. `old_place` and `new_place` count from 1; a moved one may have changed too."""

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
    """All that changed. `texts` by fragment, `rows` by kind: every row of a kind in which anything changed."""

    head: tuple[ValueChange, ...] = ()
    values: tuple[ValueChange, ...] = ()
    texts: dict[str, TextChange] = field(default_factory=dict)
    rows: dict[str, tuple[RowChange, ...]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.head or self.values or self.texts or self.rows)


def compare_states(old: ItemState, new: ItemState) -> Comparison:
    """What has to be changed in `old` to make it `new`."""
    changed = {name for name in old.hashes.keys() | new.hashes.keys() if old.hashes.get(name) != new.hashes.get(name)}
    texts = sorted(name.removeprefix(TEXT) for name in changed if name.startswith(TEXT))
    kinds = sorted(name.removeprefix(ROWS) for name in changed if name.startswith(ROWS))
    compared = {fragment: compare_texts(old.text(fragment), new.text(fragment)) for fragment in texts}
    rows = {kind: compare_rows(old.rows(kind), new.rows(kind)) for kind in kinds}
    # Where something was blacked out, hashes differ though what is left may be the same.
    return Comparison(
        head=_values(_plain(old.head), _plain(new.head)),
        values=_values(old.values, new.values) if VALUES in changed else (),
        texts={fragment: change for fragment, change in compared.items() if not change.is_empty},
        rows={kind: found for kind, found in rows.items() if any(row.kind != SAME for row in found)},
    )


def compare_rows(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> tuple[RowChange, ...]:
    """Every row of both, matched by identity, in the new order; one that went stands where it stood."""
    was = {row["id"]: (place, row["cells"]) for place, row in enumerate(old, start=1)}
    now = {row["id"]: (place, row["cells"]) for place, row in enumerate(new, start=1)}
    moved = _moved([was[row["id"]][0] for row in new if row["id"] in was], [r["id"] for r in new if r["id"] in was])
    found = [_row(id_, was.get(id_), now.get(id_), id_ in moved) for id_ in _merged(list(was), list(now))]
    return tuple(found)


def _row(id_: str, was: tuple[int, Any] | None, now: tuple[int, Any] | None, moved: bool) -> RowChange:
    old_place, old = was or (None, {})
    new_place, new = now or (None, {})
    cells = _values(old, new)
    kind = ADDED if was is None else REMOVED if now is None else CHANGED if cells else MOVED if moved else SAME
    return RowChange(id_, kind, old_place, new_place, old, new, cells, moved)


def _values(old: dict[str, Any], new: dict[str, Any]) -> tuple[ValueChange, ...]:
    keys = [*old, *(key for key in new if key not in old)]
    return tuple(ValueChange(key, old.get(key), new.get(key)) for key in keys if not _same(old.get(key), new.get(key)))


def _same(old: Any, new: Any) -> bool:
    return visually_equal(old, new) or (old in NO_STATE and new in NO_STATE)


def _plain(head: VersionHead) -> dict[str, Any]:
    """What of the head may change: the frame's values beside the others."""
    kept = {name: head.get(name) for name in ("code", "goal", "lead_language", "languages")}
    return {**kept, **head.get("frame", {})}


def _merged(old: list[str], new: list[str]) -> Iterator[str]:
    """The new order, each row that went put behind the row it stood behind."""
    gone_after: dict[str, list[str]] = {}
    here, behind = set(new), ""
    for id_ in old:
        if id_ in here:
            behind = id_
        else:
            gone_after.setdefault(behind, []).append(id_)
    yield from gone_after.get("", [])
    for id_ in new:
        yield id_
        yield from gone_after.get(id_, [])


def _moved(places: list[int], ids: list[str]) -> set[str]:
    """Those that are not in a longest stretch that kept its order: the fewest that one has to call moved."""
    ends: list[int] = []
    at: list[int] = []
    came_from: list[int] = []
    for index, place in enumerate(places):
        slot = bisect_left(ends, place)
        ends[slot : slot + 1] = [place]
        at[slot : slot + 1] = [index]
        came_from.append(at[slot - 1] if slot else -1)
    kept, index = set(), at[-1] if at else -1
    while index >= 0:
        kept.add(ids[index])
        index = came_from[index]
    return set(ids) - kept
