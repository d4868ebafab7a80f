"""What changed in a programme between two points in time. Equal things are seen by their hash, without being read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from klimawerk.editions.snapshots import SnapshotPart, SnapshotParts
from klimawerk.versions.comparison import CHANGED, MOVED, RowChange, compare_rows
from klimawerk.versions.item_keys import KeyMap


@dataclass(frozen=True)
class ItemChange:
    """What became of the programme itself, of a goal or of a measure. A moved one may have changed too."""

    item_id: int
    kind: str
    what: str
    moved: bool
    old: SnapshotPart | None
    new: SnapshotPart | None


def compare_parts(old: SnapshotParts, new: SnapshotParts, known: KeyMap) -> list[ItemChange]:
    """Every item of both, in the new order; one that went stands where it stood."""
    goals = _compared(_of_kind(old, "goal"), _of_kind(new, "goal"), old, new)
    found = [*_compared(_of_kind(old, "programme"), _of_kind(new, "programme"), old, new)]
    for goal in goals:
        found += [goal, *_measures(goal.item_id, old, new, known)]
    return found


def count_changes(changes: Iterable[ItemChange], kind: str, what: str) -> int:
    """How many goals, or measures, were added, removed, changed or moved."""
    return sum(1 for one in changes if one.kind == kind and (one.moved if what == MOVED else one.what == what))


def _measures(goal: int, old: SnapshotParts, new: SnapshotParts, known: KeyMap) -> Iterator[ItemChange]:
    """The measures under one goal. One that came from another goal has moved, and is told where it stands now."""
    was = {id_: part.goal(known) for id_, part in old.items() if part.kind == "measure"}
    now = {id_: part.goal(known) for id_, part in new.items() if part.kind == "measure"}
    before = [id_ for id_ in was if was[id_] == goal == now.get(id_, goal)]
    for one in _compared(before, [id_ for id_ in now if now[id_] == goal], old, new):
        came = was.get(one.item_id, goal) != goal
        yield replace(one, what=CHANGED, moved=True) if came else one


def _of_kind(parts: SnapshotParts, kind: str) -> list[int]:
    return [id_ for id_, part in parts.items() if part.kind == kind]


def _compared(before: list[int], after: list[int], old: SnapshotParts, new: SnapshotParts) -> list[ItemChange]:
    rows = compare_rows(_rows(before, old), _rows(after, new))
    return [_change(row, old.get(int(row.id)), new.get(int(row.id))) for row in rows]


def _rows(ids: list[int], parts: SnapshotParts) -> list[dict[str, object]]:
    return [{"id": str(id_), "cells": {"content": parts[id_].content}} for id_ in ids]


def _change(row: RowChange, old: SnapshotPart | None, new: SnapshotPart | None) -> ItemChange:
    either = new or old
    assert either is not None
    return ItemChange(int(row.id), either.kind, row.kind, row.moved, old, new)
