"""Where the items of a document stand: in which element, text or attribute.

An item says what it was put beside, and stands where that stands; only the first one of a place names the place itself.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from klimawerk.collab import update_decoder

Clocks = dict[int, int]  # how far each client is known


@dataclass(frozen=True, slots=True)
class ItemParent:
    """`parent`: a root's name, or the id of an element or text; `key`: of the attribute whose value stands there."""

    parent: str | update_decoder.Id
    key: str | None = None


NO_PARENT = ItemParent("")
"""The parent is deleted and forgotten: what comes here goes too, in either implementation."""


@dataclass(frozen=True, slots=True)
class _ItemRun:
    """Where items stand, whether they say of themselves that they are deleted, and whether they go on directly behind
    the items of the same client before them."""

    place: ItemParent
    deleted: bool
    goes_on: bool


_UNKNOWN_RUN = _ItemRun(NO_PARENT, True, True)


class CircularOrigins(ValueError):
    """Items of an update that stand beside each other in a circle: they could never be put anywhere."""


class ItemParents:
    """The places of all items. `base`: of those that were there before, when these are only on trial.

    Kept are runs of one client that stand in one place, each item behind the one before: hours of typing make a few.
    """

    def __init__(self, base: ItemParents | None = None) -> None:
        self._base = base
        self._starts: dict[int, list[int]] = {}
        self._runs: dict[int, list[_ItemRun]] = {}
        self._known: Clocks = {}
        self._depths: dict[update_decoder.Id, int] = {}

    def put(self, struct: update_decoder.ItemStruct, place: ItemParent) -> None:
        """Note an item. Those of one client come in the order of their clocks."""
        goes_on = place == NO_PARENT or struct.origin == (struct.client, struct.clock - 1)
        self._add(
            struct.client, struct.clock, place, struct.kind in (update_decoder.GC, update_decoder.DELETED), goes_on
        )
        self._known[struct.client] = struct.clock + struct.length
        if struct.kind == update_decoder.TYPE and place != NO_PARENT:
            depth = 1 + self.depth(place)
            self._depths[struct.client, struct.clock] = -depth if struct.type == update_decoder.XML_TEXT else depth

    def take(self, trial: ItemParents) -> None:
        """What was on trial stays."""
        for client, starts in trial._starts.items():
            for start, run in zip(starts, trial._runs[client], strict=True):
                self._add(client, start, run.place, run.deleted, run.goes_on)
        self._known.update(trial._known)
        self._depths.update(trial._depths)

    def of(self, struct: update_decoder.ItemStruct) -> ItemParent | None:
        """Where a new item would stand. None where it contradicts itself, or hangs on what holds nothing."""
        beside = [self._run(side).place for side in (struct.origin, struct.right) if side]
        if beside:
            contradicts = beside[0] != beside[-1] or (beside[0] != NO_PARENT and self._turned(struct))
            return None if contradicts else beside[0]
        if struct.kind == update_decoder.GC:
            return NO_PARENT
        if struct.root is not None:
            return ItemParent(struct.root, struct.key)
        return self._inside(struct.parent, struct.key) if struct.parent else None

    def depth(self, place: ItemParent) -> int:
        """How deep in elements: 0 in a root; below zero in a text."""
        return 0 if isinstance(place.parent, str) else self._depth_of(place.parent) or 0

    def is_in_text(self, client: int, clock: int) -> bool:
        """Whether this is the client's last item, is there, and stands in a text."""
        if self._known.get(client) != clock + 1:
            return False
        run = self._runs[client][-1]
        return not run.deleted and run.place.key is None and self.depth(run.place) < 0

    def go_on(self, stroke: update_decoder.ItemStruct) -> None:
        """`put`, for letters behind the last item of their client, of which that is so."""
        self._known[stroke.client] = stroke.clock + stroke.length

    def _add(self, client: int, start: int, place: ItemParent, deleted: bool, goes_on: bool) -> None:
        runs = self._runs.setdefault(client, [])
        if not (goes_on and runs and runs[-1].deleted == deleted and runs[-1].place == place):
            self._starts.setdefault(client, []).append(start)
            runs.append(_ItemRun(place, deleted, goes_on))

    def _inside(self, parent: update_decoder.Id, key: str | None) -> ItemParent | None:
        run = self._run(parent)
        if run.deleted or run.place == NO_PARENT:
            return NO_PARENT
        return None if self._depth_of(parent) is None else ItemParent(parent, key)

    def _turned(self, struct: update_decoder.ItemStruct) -> bool:
        """Whether it wants to stand behind an item and before that same one, or one of the run that leads to it.

        No editor says so, and the two implementations make different things of it.
        """
        left, right = struct.origin, struct.right
        if left is None or right is None or left[0] != right[0] or right[1] > left[1]:
            return False
        return self._head(left) <= right[1]

    def _head(self, id_: update_decoder.Id) -> int:
        """The clock of the first item of the run of typing that leads to this one."""
        client, clock = id_
        starts = self._starts.get(client)
        if starts and starts[0] <= clock:
            runs, at = self._runs[client], bisect_right(starts, clock) - 1
            while at and runs[at].goes_on:
                at -= 1
            if not runs[at].goes_on:
                return starts[at]
            clock = starts[at] - 1
        return self._base._head((client, clock)) if self._base else clock + 1

    def _depth_of(self, id_: update_decoder.Id) -> int | None:
        depth = self._depths.get(id_)
        return self._base._depth_of(id_) if depth is None and self._base else depth

    def _run(self, id_: update_decoder.Id) -> _ItemRun:
        client, clock = id_
        starts = self._starts.get(client)
        if starts and starts[0] <= clock < self._known[client]:
            return self._runs[client][bisect_right(starts, clock) - 1]
        return self._base._run(id_) if self._base else _UNKNOWN_RUN


def in_dependency_order(
    structs: Iterable[update_decoder.ItemStruct], clocks: Clocks
) -> Iterator[update_decoder.ItemStruct]:
    """New items as documents take them in: each after all that it stands beside or in. Raises Circle."""
    structs = list(structs)
    if len(structs) == 1:  # a key stroke
        if any(ref and ref[0] == structs[0].client and ref[1] >= structs[0].clock for ref in _origins(structs[0])):
            raise CircularOrigins(f"{structs[0].client}, {structs[0].clock}")
        yield structs[0]
        return
    waiting: dict[int, deque[update_decoder.ItemStruct]] = {}
    for struct in structs:
        waiting.setdefault(struct.client, deque()).append(struct)
    reach = {client: clocks.get(client, 0) for client in waiting}
    for first in waiting:
        path: list[update_decoder.Id] = [(first, sys.maxsize)]  # clients, and which item of theirs is wanted
        while path:
            client, wanted = path[-1]
            queue = waiting[client]
            if not queue or reach[client] > wanted:
                path.pop()
            elif (other := _dependency(queue[0], reach)) is None:
                struct = queue.popleft()
                reach[client] = struct.clock + struct.length
                yield struct
            elif any(other[0] == one for one, _ in path):
                raise CircularOrigins(f"{queue[0].client}, {queue[0].clock}")
            else:
                path.append(other)


def _dependency(struct: update_decoder.ItemStruct, reach: Clocks) -> update_decoder.Id | None:
    """The item that has to be there before this one; those of clients that are not in `reach` are."""
    for ref in _origins(struct):
        if ref is not None and ref[1] >= reach.get(ref[0], ref[1] + 1):
            return ref
    return None


def _origins(struct: update_decoder.ItemStruct) -> tuple[update_decoder.Id | None, ...]:
    return struct.origin, struct.right, struct.parent
