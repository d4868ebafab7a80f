"""Compares a programme at two points in time. Equal content is recognised by its hash, without being read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from klimawerk.editions.snapshots import SnapshotPart, SnapshotParts
from klimawerk.versions.comparison import CHANGED, RowChange, compare_rows
from klimawerk.versions.item_keys import KeyMap


@dataclass(frozen=True)
class ItemChange:
    """Change of the programme itself, of a goal or of a measure. A moved item may have changed as well."""

    item_id: int
    kind: str
    what: str
    moved: bool
    old: SnapshotPart | None
    new: SnapshotPart | None


def compare_parts(old: SnapshotParts, new: SnapshotParts, known: KeyMap) -> list[ItemChange]:
    """Every item of both states, in the new order; a removed item stays at its old place."""
    goals = _compare_ids(_of_kind(old, "goal"), _of_kind(new, "goal"), old, new)
    changes = [*_compare_ids(_of_kind(old, "programme"), _of_kind(new, "programme"), old, new)]
    for goal in goals:
        changes += [goal, *_measures(goal.item_id, old, new, known)]
    return changes


def _measures(goal: int, old: SnapshotParts, new: SnapshotParts, known: KeyMap) -> Iterator[ItemChange]:
    """The measures of one goal. One from another goal counts as moved, and is listed under its new goal."""
    old_goals = {id_: part.goal(known) for id_, part in old.items() if part.kind == "measure"}
    new_goals = {id_: part.goal(known) for id_, part in new.items() if part.kind == "measure"}
    before = [id_ for id_ in old_goals if old_goals[id_] == goal == new_goals.get(id_, goal)]
    for change in _compare_ids(before, [id_ for id_ in new_goals if new_goals[id_] == goal], old, new):
        moved_here = old_goals.get(change.item_id, goal) != goal
        yield replace(change, what=CHANGED, moved=True) if moved_here else change


def _of_kind(parts: SnapshotParts, kind: str) -> list[int]:
    return [id_ for id_, part in parts.items() if part.kind == kind]


def _compare_ids(before: list[int], after: list[int], old: SnapshotParts, new: SnapshotParts) -> list[ItemChange]:
    rows = compare_rows(_rows(before, old), _rows(after, new))
    return [_change(row, old.get(int(row.id)), new.get(int(row.id))) for row in rows]


def _rows(ids: list[int], parts: SnapshotParts) -> list[dict[str, object]]:
    return [{"id": str(id_), "cells": {"content": parts[id_].content}} for id_ in ids]


def _change(row: RowChange, old: SnapshotPart | None, new: SnapshotPart | None) -> ItemChange:
    either = new or old
    assert either is not None
    return ItemChange(int(row.id), either.kind, row.kind, row.moved, old, new)
