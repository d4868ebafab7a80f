"""Parents of the items of a document: the element, text or attribute in which each item stands.

An item names its neighbours and has the same parent as these; only the first item in a parent names the parent itself.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from klimawerk.collab.validation import update_decoder

Clocks = dict[int, int]  # {client: number of known items}


@dataclass(frozen=True, slots=True)
class ItemParent:
    """`parent`: a root's name, or the id of an element or text; `key`: of the attribute whose value the item is."""

    parent: str | update_decoder.Id
    key: str | None = None


NO_PARENT = ItemParent("")
"""The parent is deleted and garbage-collected: an item put here is deleted, too, in Yjs and in pycrdt."""


@dataclass(frozen=True, slots=True)
class _ItemRun:
    """Items in a row of one client: their parent, whether they are deleted from the start, and whether each of them
    follows directly the same client's item before it."""

    place: ItemParent
    deleted: bool
    follows_previous: bool


_UNKNOWN_RUN = _ItemRun(NO_PARENT, True, True)


class CircularOrigins(ValueError):
    """Items of an update that depend on each other in a circle: no document can integrate them."""


class ItemParents:
    """Parents of all items of a document. `base`: the known items, when these here are a trial.

    Consecutive items of one client with one parent are kept as one run: hours of typing make a few runs.
    """

    def __init__(self, base: ItemParents | None = None) -> None:
        self._base = base
        self._starts: dict[int, list[int]] = {}
        self._runs: dict[int, list[_ItemRun]] = {}
        self._clocks: Clocks = {}
        self._depths: dict[update_decoder.Id, int] = {}

    def add(self, struct: update_decoder.ItemStruct, place: ItemParent) -> None:
        """Record a run of items. Those of one client have to come in the order of their clocks."""
        follows_previous = place == NO_PARENT or struct.origin == (struct.client, struct.clock - 1)
        self._add_run(
            struct.client,
            struct.clock,
            place,
            struct.kind in (update_decoder.GC, update_decoder.DELETED),
            follows_previous,
        )
        self._clocks[struct.client] = struct.clock + struct.length
        if struct.kind == update_decoder.TYPE and place != NO_PARENT:
            depth = 1 + self.depth(place)
            self._depths[struct.client, struct.clock] = -depth if struct.type == update_decoder.XML_TEXT else depth

    def commit_trial(self, trial: ItemParents) -> None:
        """Take over the items of a trial."""
        for client, starts in trial._starts.items():
            for start, run in zip(starts, trial._runs[client], strict=True):
                self._add_run(client, start, run.place, run.deleted, run.follows_previous)
        self._clocks.update(trial._clocks)
        self._depths.update(trial._depths)

    def parent_of(self, struct: update_decoder.ItemStruct) -> ItemParent | None:
        """The parent of a new item. None where its neighbours contradict each other, or where the parent can have no
        children."""
        neighbours = [self._run(side).place for side in (struct.origin, struct.right) if side]
        if neighbours:
            contradicts = neighbours[0] != neighbours[-1] or (
                neighbours[0] != NO_PARENT and self._is_circular_placement(struct)
            )
            return None if contradicts else neighbours[0]
        if struct.kind == update_decoder.GC:
            return NO_PARENT
        if struct.root is not None:
            return ItemParent(struct.root, struct.key)
        return self._child_of(struct.parent, struct.key) if struct.parent else None

    def depth(self, place: ItemParent) -> int:
        """Nesting depth of elements at a place: 0 in a root; negative in a text."""
        return 0 if isinstance(place.parent, str) else self._depth_of(place.parent) or 0

    def is_in_text(self, client: int, clock: int) -> bool:
        """Whether this is the client's last item, is not deleted, and stands in a text."""
        if self._clocks.get(client) != clock + 1:
            return False
        run = self._runs[client][-1]
        return not run.deleted and run.place.key is None and self.depth(run.place) < 0

    def record_keystroke(self, keystroke: update_decoder.ItemStruct) -> None:
        """`add` for characters behind the last item of their client; the caller has checked that (`is_in_text`)."""
        self._clocks[keystroke.client] = keystroke.clock + keystroke.length

    def _add_run(self, client: int, start: int, place: ItemParent, deleted: bool, follows_previous: bool) -> None:
        runs = self._runs.setdefault(client, [])
        if not (follows_previous and runs and runs[-1].deleted == deleted and runs[-1].place == place):
            self._starts.setdefault(client, []).append(start)
            runs.append(_ItemRun(place, deleted, follows_previous))

    def _child_of(self, parent: update_decoder.Id, key: str | None) -> ItemParent | None:
        run = self._run(parent)
        if run.deleted or run.place == NO_PARENT:
            return NO_PARENT
        return None if self._depth_of(parent) is None else ItemParent(parent, key)

    def _is_circular_placement(self, struct: update_decoder.ItemStruct) -> bool:
        """Whether the item's right neighbour is its left one, or one of the run of typing that leads to that.

        No editor sends that, and Yjs and pycrdt place such an item differently.
        """
        left, right = struct.origin, struct.right
        if left is None or right is None or left[0] != right[0] or right[1] > left[1]:
            return False
        return self._typing_run_start(left) <= right[1]

    def _typing_run_start(self, id_: update_decoder.Id) -> int:
        """The clock of the first item of the run of typing that ends with this item."""
        client, clock = id_
        starts = self._starts.get(client)
        if starts and starts[0] <= clock:
            runs, at = self._runs[client], bisect_right(starts, clock) - 1
            while at and runs[at].follows_previous:
                at -= 1
            if not runs[at].follows_previous:
                return starts[at]
            clock = starts[at] - 1
        return self._base._typing_run_start((client, clock)) if self._base else clock + 1

    def _depth_of(self, id_: update_decoder.Id) -> int | None:
        depth = self._depths.get(id_)
        return self._base._depth_of(id_) if depth is None and self._base else depth

    def _run(self, id_: update_decoder.Id) -> _ItemRun:
        client, clock = id_
        starts = self._starts.get(client)
        if starts and starts[0] <= clock < self._clocks[client]:
            return self._runs[client][bisect_right(starts, clock) - 1]
        return self._base._run(id_) if self._base else _UNKNOWN_RUN


def in_dependency_order(
    structs: Iterable[update_decoder.ItemStruct], clocks: Clocks
) -> Iterator[update_decoder.ItemStruct]:
    """New items in the order in which documents integrate them: each after its neighbours and parent. Raises
    CircularOrigins."""
    structs = list(structs)
    if len(structs) == 1:  # a keystroke
        if any(ref and ref[0] == structs[0].client and ref[1] >= structs[0].clock for ref in _origins(structs[0])):
            raise CircularOrigins(f"{structs[0].client}, {structs[0].clock}")
        yield structs[0]
        return
    waiting: dict[int, deque[update_decoder.ItemStruct]] = {}
    for struct in structs:
        waiting.setdefault(struct.client, deque()).append(struct)
    clocks_so_far = {client: clocks.get(client, 0) for client in waiting}
    for first in waiting:
        path: list[update_decoder.Id] = [(first, sys.maxsize)]  # clients, and which item of each is needed
        while path:
            client, wanted = path[-1]
            queue = waiting[client]
            if not queue or clocks_so_far[client] > wanted:
                path.pop()
            elif (missing := _dependency(queue[0], clocks_so_far)) is None:
                struct = queue.popleft()
                clocks_so_far[client] = struct.clock + struct.length
                yield struct
            elif any(missing[0] == waiting_client for waiting_client, _ in path):
                raise CircularOrigins(f"{queue[0].client}, {queue[0].clock}")
            else:
                path.append(missing)


def _dependency(struct: update_decoder.ItemStruct, clocks_so_far: Clocks) -> update_decoder.Id | None:
    """The item that has to be there before this one, or None; items of clients that are not in `clocks_so_far` are
    there."""
    for ref in _origins(struct):
        if ref is not None and ref[1] >= clocks_so_far.get(ref[0], ref[1] + 1):
            return ref
    return None


def _origins(struct: update_decoder.ItemStruct) -> tuple[update_decoder.Id | None, ...]:
    return struct.origin, struct.right, struct.parent
