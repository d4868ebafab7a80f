"""What is known of a document, enough to judge an update before it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from klimawerk.collab import content, wire
from klimawerk.collab.effort import Effort
from klimawerk.live import events
from klimawerk.live.doors import Refused

DEEPEST = 40  # levels of nested elements
LONGEST = 10_000_000  # items in one run
MOST_RUNS = 40_000  # in one update of a client: as many letters typed one by one without a line
MOST_STEPS = 8_000_000  # of merging one update, about a second at worst
_HARMLESS = {wire.GC, wire.DELETED}
_ATTRIBUTE = wire.ANY


@dataclass
class Knowledge:
    """`clocks`: how far each client is known; `depths`: of every element (> 0) and text (< 0) by its id.

    `lows`: second halves of letters that take two units. Yjs and this library disagree on what remains when one is cut
    in two, and replicas would drift apart, so nothing may come between.
    """

    fragments: set[str]
    clocks: dict[int, int] = field(default_factory=dict)
    depths: dict[wire.Id, int] = field(default_factory=dict)
    lows: set[wire.Id] = field(default_factory=set)
    deepest: int = 1
    effort: Effort = field(default_factory=Effort)

    def learn(self, update: bytes) -> wire.Parsed:
        """Take note of an update that is in the log, so was judged before (or was made by the server)."""
        parsed = wire.parse(update)
        self.fragments.update(struct.root for struct in parsed.structs if struct.root)
        self.effort.note(parsed)
        self._note(parsed.structs, self._depths(parsed.structs))
        return parsed

    def judge(self, update: bytes, affordable: Callable[[int], bool] = lambda _steps: True) -> wire.Parsed:
        """Whether a client's update may be applied, and note it. Raises Refused: invalid, resync, too_large or rate.

        `affordable(steps)`: whether so much work for merging it is granted now.
        """
        try:
            parsed = wire.parse(update, MOST_RUNS)
        except wire.Malformed:
            raise Refused(events.INVALID) from None
        except wire.TooMany:
            raise Refused(events.TOO_LARGE) from None
        if not all(0 < struct.length < LONGEST for struct in parsed.structs):
            raise Refused(events.INVALID)
        reach = self._reach(parsed.structs)
        if not self._builds_on_known(parsed, reach):
            raise Refused(events.RESYNC)
        depths = self._depths(parsed.structs)
        if not all(self._fits(struct, depths) for struct in parsed.structs) or self._cuts(parsed):
            raise Refused(events.INVALID)
        steps = self.effort.of(parsed)
        if steps > MOST_STEPS:
            raise Refused(events.TOO_LARGE)
        if not affordable(steps):
            raise Refused(events.RATE)
        self.effort.note(parsed)
        self._note(parsed.structs, depths)
        return parsed

    def _reach(self, structs: Iterable[wire.Struct]) -> dict[int, int]:
        """How far each client would be known afterwards; Refused("resync") where a run begins beyond its start."""
        reach: dict[int, int] = {}
        for struct in structs:
            known = reach.get(struct.client, self.clocks.get(struct.client, 0))
            if struct.kind == wire.SKIP or struct.clock > known:
                raise Refused(events.RESYNC)
            reach[struct.client] = max(known, struct.clock + struct.length)
        return reach

    def _builds_on_known(self, parsed: wire.Parsed, reach: dict[int, int]) -> bool:
        def known(client: int, end: int) -> bool:
            return end <= reach.get(client, self.clocks.get(client, 0))

        return all(
            known(ref[0], ref[1] + 1) for s in parsed.structs for ref in (s.origin, s.right, s.parent) if ref
        ) and all(known(client, clock + length) for client, clock, length in parsed.deletes)

    def _cuts(self, parsed: wire.Parsed) -> bool:
        """Whether the update comes between the two halves of a letter."""
        new = {(s.client, low) for s in parsed.structs for low in s.lows}

        def low(client: int, clock: int) -> bool:
            return (client, clock) in self.lows or (client, clock) in new

        return any(
            low(s.client, s.clock)
            or (s.origin is not None and low(s.origin[0], s.origin[1] + 1))
            or (s.right is not None and low(*s.right))
            for s in parsed.structs
        ) or any(low(client, clock) or low(client, clock + length) for client, clock, length in parsed.deletes)

    def _fits(self, struct: wire.Struct, depths: dict[wire.Id, int]) -> bool:
        """The schema, as far as one item shows it: elements in fragments and elements, letters in texts."""
        if struct.kind in _HARMLESS:
            return struct.root is None or struct.root in self.fragments
        parent = depths.get(struct.parent, self.depths.get(struct.parent)) if struct.parent else None
        if struct.kind == wire.TYPE:
            return self._node_fits(struct, parent, depths)
        if struct.root is not None:
            return False
        if struct.kind == _ATTRIBUTE:
            return struct.parent is None or (struct.key in content.ATTRIBUTES and (parent is None or parent > 0))
        if struct.kind == wire.FORMAT and struct.name.partition("--")[0] not in content.MARKS:
            return False
        beside = next((i for i in (struct.origin, struct.right) if i in self.depths or i in depths), None)
        return (
            struct.kind in (wire.STRING, wire.FORMAT)
            and struct.key is None
            and beside is None
            and (parent is None or parent < 0)
        )

    def _node_fits(self, struct: wire.Struct, parent: int | None, depths: dict[wire.Id, int]) -> bool:
        if struct.key is not None or (struct.root is not None and struct.root not in self.fragments):
            return False
        if struct.type == wire.XML_TEXT:
            known = struct.root is None
        else:
            known = struct.type == wire.XML_ELEMENT and struct.name in content.NODES
        return known and (parent is None or parent > 0) and abs(depths[struct.client, struct.clock]) <= DEEPEST

    def _depths(self, structs: Iterable[wire.Struct]) -> dict[wire.Id, int]:
        """Depths of the new nodes. One beside or inside something unknown (deleted) counts as the deepest so far."""
        new = {(s.client, s.clock): s for s in structs if s.kind == wire.TYPE}
        depths: dict[wire.Id, int] = {}
        for start in new:
            path = [start]
            while path:
                here = new[path[-1]]
                above = here.parent or here.origin or here.right
                if above in new and above not in depths and above not in path[-1:] and len(path) <= len(new):
                    path.append(above)
                    continue
                depths[path.pop()] = self._depth(here, above, depths)
        return depths

    def _depth(self, struct: wire.Struct, above: wire.Id | None, depths: dict[wire.Id, int]) -> int:
        if above is None:
            level = 1
        else:
            level = abs(depths.get(above, self.depths.get(above, self.deepest))) + (struct.parent is not None)
        return -level if struct.type == wire.XML_TEXT else level

    def _note(self, structs: Iterable[wire.Struct], depths: dict[wire.Id, int]) -> None:
        self.depths.update(depths)
        self.deepest = max([self.deepest, *map(abs, depths.values())])
        for struct in structs:
            self.lows.update((struct.client, low) for low in struct.lows)
            if struct.kind != wire.SKIP:
                end = struct.clock + struct.length
                self.clocks[struct.client] = max(end, self.clocks.get(struct.client, 0))
