"""What a log has forgotten of deleted items: where they stood, so that nothing of another kind comes beside them."""

from __future__ import annotations

from bisect import bisect_right, insort

from klimawerk.collab import wire

NODE, LETTER, VALUE, NOTHING = "node", "letter", "value", "nothing"
"""Among elements, among letters, among an attribute's values; nothing is left at all, what comes beside it goes too."""
Where = str | wire.Id  # one of the above, or the id of the item beside


class Gone:
    """Deleted items by client and clock. `depths`, `values`: ids of elements and texts, and of attributes' values."""

    def __init__(self, depths: dict[wire.Id, int], values: set[wire.Id]) -> None:
        self._depths, self._values = depths, values
        self._of: dict[int, list[tuple[int, int, Where]]] = {}
        self._known: dict[wire.Id, str] = {}

    def add(self, struct: wire.Struct) -> None:
        """Note a run that says of itself that it is deleted."""
        ranges, where = self._of.setdefault(struct.client, []), self._place(struct)
        insort(ranges, (struct.clock, struct.clock + struct.length, where), key=lambda one: one[0])

    def level(self, id_: wire.Id) -> str | None:
        """Among what it stood; None for an item that is not known as deleted."""
        path: list[wire.Id] = []
        place: Where | None = self._find(id_)
        if place is None:
            return None
        while isinstance(place, tuple) and place not in self._known:
            path.append(place)
            if place in self._depths or place in self._values:
                place = NODE if place in self._depths else VALUE
                break
            place = self._find(place) or LETTER
        level = self._known[place] if isinstance(place, tuple) else place
        self._known.update(dict.fromkeys(path, level))
        return level

    def _place(self, struct: wire.Struct) -> Where:
        if struct.kind == wire.GC:
            return NOTHING
        if struct.key is not None:
            return VALUE
        if beside := struct.origin or struct.right:
            return beside
        return NODE if struct.root is not None or self._depths.get(struct.parent or (-1, 0), 0) > 0 else LETTER

    def _find(self, id_: wire.Id) -> Where | None:
        ranges = self._of.get(id_[0], [])
        at = bisect_right(ranges, id_[1], key=lambda one: one[0]) - 1
        if at < 0 or not ranges[at][0] <= id_[1] < ranges[at][1]:
            return None
        return ranges[at][2]
