"""Estimates the cost of merging an update before it is applied: merging cannot be interrupted and blocks the process.

A new item is put to the right of its origin. Where others were put there concurrently, merging looks at each of them,
up to the item that was its right neighbour when it was typed. A client may invent origins and neighbours far apart:
16,000 characters of that kind take nine seconds, 60,000 four minutes, on the server and in every browser. Ordinary
typing continues behind the client's last character and looks at nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from klimawerk.collab.validation import update_decoder

SPLIT_ITEMS = 2  # at most so many items are added by an insertion or a deletion inside of a run of characters
Neighbours = tuple[update_decoder.Id, update_decoder.Id | None]  # ids of the left and of the right one
_NO_ID = (-1, -1)
_NO_NEIGHBOURS: Neighbours = (_NO_ID, None)


@dataclass
class MergeCost:
    """Estimator for one document.

    `items`: about how many items it has. `client_ends`: the last item of each client, with its right neighbour.
    `split_insertions`: how many items were inserted between two characters of one run. `deletion_starts`: where
    deletions begin.
    """

    items: int = 0
    client_ends: dict[int, Neighbours] = field(default_factory=dict)
    split_insertions: dict[update_decoder.Id, int] = field(default_factory=dict)
    deletion_starts: set[update_decoder.Id] = field(default_factory=set)

    def estimate(self, parsed: update_decoder.DecodedUpdate) -> int:
        """Upper bound of the items that merging the update has to look at."""
        items, between, steps = self.items, 0, 0
        for struct, jumps in _with_jumps(parsed, self.client_ends):
            items += 1
            if not jumps:
                continue
            if _is_inside_run(struct):
                between += 1
                steps += self.split_insertions.get(struct.origin or _NO_ID, 0) + between
            else:
                steps += items
        return steps + len(parsed.deletes) + len(parsed.structs)

    def continues(self, keystroke: update_decoder.ItemStruct) -> bool:
        """Whether a keystroke stands directly behind the last item of its client, and nothing was inserted there
        since."""
        return self.client_ends.get(keystroke.client) == (keystroke.origin, keystroke.right)

    def record_keystroke(self, keystroke: update_decoder.ItemStruct) -> None:
        """`record` for a keystroke for which `continues` is true."""
        self.client_ends[keystroke.client] = (_last_id(keystroke), keystroke.right)

    def record(self, parsed: update_decoder.DecodedUpdate) -> None:
        """Record an update that is merged."""
        for struct, jumps in _with_jumps(parsed, self.client_ends):
            if jumps or struct.kind != update_decoder.STRING or not _follows_own_item(struct):
                self.items += 1 + SPLIT_ITEMS * jumps
            if struct.origin is not None:
                if jumps and _is_inside_run(struct):
                    self.split_insertions[struct.origin] = self.split_insertions.get(struct.origin, 0) + 1
                if self.client_ends.get(struct.origin[0], _NO_NEIGHBOURS)[0] == struct.origin:
                    del self.client_ends[struct.origin[0]]
            self.client_ends[struct.client] = (_last_id(struct), struct.right)
        new_starts = {(client, clock) for client, clock, _ in parsed.deletes} - self.deletion_starts
        self.deletion_starts |= new_starts
        self.items += SPLIT_ITEMS * len(new_starts)


def _with_jumps(
    parsed: update_decoder.DecodedUpdate, client_ends: dict[int, Neighbours]
) -> Iterator[tuple[update_decoder.ItemStruct, bool]]:
    """Each run, and whether it jumps, which means: does not directly follow an item that nothing else follows."""
    rights_of_ends: dict[update_decoder.Id, update_decoder.Id | None] = {}
    used_origins: set[update_decoder.Id] = set()
    new_types: set[update_decoder.Id] = set()
    filled_positions: set[tuple[update_decoder.Id, str | None]] = set()
    for struct in parsed.structs:
        if struct.kind in (update_decoder.GC, update_decoder.SKIP):
            continue
        if struct.origin is not None:
            right = rights_of_ends.get(struct.origin, _NO_ID)
            known = right == struct.right or client_ends.get(struct.origin[0], _NO_NEIGHBOURS) == (
                struct.origin,
                struct.right,
            )
            follows = known and struct.origin not in used_origins
            used_origins.add(struct.origin)
        else:
            position = (struct.parent or _NO_ID, struct.key)
            follows = struct.right is None and struct.parent in new_types and position not in filled_positions
            filled_positions.add(position)
        if struct.kind == update_decoder.TYPE:
            new_types.add((struct.client, struct.clock))
        rights_of_ends[_last_id(struct)] = struct.right
        yield struct, not follows


def _last_id(struct: update_decoder.ItemStruct) -> update_decoder.Id:
    return struct.client, struct.clock + struct.length - 1


def _follows_own_item(struct: update_decoder.ItemStruct) -> bool:
    return struct.origin == (struct.client, struct.clock - 1)


def _is_inside_run(struct: update_decoder.ItemStruct) -> bool:
    return struct.origin is not None and struct.right == (struct.origin[0], struct.origin[1] + 1)
