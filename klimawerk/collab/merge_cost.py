"""How much work an update makes, before it is done: merging cannot be interrupted, and nobody is served meanwhile.

A new item is put to the right of its origin. Where others were put there at the same time, each of them is looked at,
up to the item that stood to the right when it was typed. Somebody may invent origins and neighbours far apart: 16,000
letters that way take nine seconds, 60,000 four minutes, here and in every browser. Ordinary typing goes on where the
last letter stands, and looks at nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from klimawerk.collab import update_decoder

SPLIT_ITEMS = 2  # what a jump into a run of letters, or a deletion in one, adds to the number of items at most
Neighbours = tuple[update_decoder.Id, update_decoder.Id | None]  # the item on the left, the one on the right
_NO_ID = (-1, -1)
_NO_NEIGHBOURS: Neighbours = (_NO_ID, None)


@dataclass
class MergeCost:
    """`items`: about how many items the document has; `tips`: what follows each client's last letter; `beside`: how
    many were put between two letters of one run; `parted`: where deletions begin."""

    items: int = 0
    tips: dict[int, Neighbours] = field(default_factory=dict)
    beside: dict[update_decoder.Id, int] = field(default_factory=dict)
    parted: set[update_decoder.Id] = field(default_factory=set)

    def of(self, parsed: update_decoder.DecodedUpdate) -> int:
        """At most how many items have to be looked at while it is merged."""
        items, between, steps = self.items, 0, 0
        for struct, jumps in _jumps(parsed, self.tips):
            items += 1
            if not jumps:
                continue
            if _splits_run(struct):
                between += 1
                steps += self.beside.get(struct.origin or _NO_ID, 0) + between
            else:
                steps += items
        return steps + len(parsed.deletes) + len(parsed.structs)

    def goes_on(self, stroke: update_decoder.ItemStruct) -> bool:
        """Whether letters stand directly behind the last one of their client, and nothing was put there since."""
        return self.tips.get(stroke.client) == (stroke.origin, stroke.right)

    def go_on(self, stroke: update_decoder.ItemStruct) -> None:
        """`note`, for letters of which that is so."""
        self.tips[stroke.client] = (_last(stroke), stroke.right)

    def note(self, parsed: update_decoder.DecodedUpdate) -> None:
        """It is merged."""
        for struct, jumps in _jumps(parsed, self.tips):
            if jumps or struct.kind != update_decoder.STRING or not _has_origin(struct):
                self.items += 1 + SPLIT_ITEMS * jumps
            if struct.origin is not None:
                if jumps and _splits_run(struct):
                    self.beside[struct.origin] = self.beside.get(struct.origin, 0) + 1
                if self.tips.get(struct.origin[0], _NO_NEIGHBOURS)[0] == struct.origin:
                    del self.tips[struct.origin[0]]
            self.tips[struct.client] = (_last(struct), struct.right)
        parted = {(client, clock) for client, clock, _ in parsed.deletes} - self.parted
        self.parted |= parted
        self.items += SPLIT_ITEMS * len(parted)


def _jumps(
    parsed: update_decoder.DecodedUpdate, tips: dict[int, Neighbours]
) -> Iterator[tuple[update_decoder.ItemStruct, bool]]:
    """Each run, and whether it goes elsewhere than directly behind one that nothing else follows."""
    ends: dict[update_decoder.Id, update_decoder.Id | None] = {}
    taken: set[update_decoder.Id] = set()
    empty: set[update_decoder.Id] = set()
    filled: set[tuple[update_decoder.Id, str | None]] = set()
    for struct in parsed.structs:
        if struct.kind in (update_decoder.GC, update_decoder.SKIP):
            continue
        if struct.origin is not None:
            right = ends.get(struct.origin, _NO_ID)
            known = right == struct.right or tips.get(struct.origin[0], _NO_NEIGHBOURS) == (struct.origin, struct.right)
            follows = known and struct.origin not in taken
            taken.add(struct.origin)
        else:
            place = (struct.parent or _NO_ID, struct.key)
            follows = struct.right is None and struct.parent in empty and place not in filled
            filled.add(place)
        if struct.kind == update_decoder.TYPE:
            empty.add((struct.client, struct.clock))
        ends[_last(struct)] = struct.right
        yield struct, not follows


def _last(struct: update_decoder.ItemStruct) -> update_decoder.Id:
    return struct.client, struct.clock + struct.length - 1


def _has_origin(struct: update_decoder.ItemStruct) -> bool:
    return struct.origin == (struct.client, struct.clock - 1)


def _splits_run(struct: update_decoder.ItemStruct) -> bool:
    return struct.origin is not None and struct.right == (struct.origin[0], struct.origin[1] + 1)
