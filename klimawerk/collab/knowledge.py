"""What is known of a document, enough to judge an update before it is applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from klimawerk.collab import content, wire
from klimawerk.collab.effort import Effort
from klimawerk.collab.gone import LETTER, NODE, NOTHING, VALUE, Gone
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
    """`clocks`: how far each client is known; `depths`: of every element (> 0) and text (< 0) by its id;
    `attributes`: their values.

    `lows`: second halves of letters that take two units. Yjs and this library disagree on what remains when one is cut
    in two, and replicas would drift apart, so nothing may come between.
    """

    fragments: set[str]
    clocks: dict[int, int] = field(default_factory=dict)
    depths: dict[wire.Id, int] = field(default_factory=dict)
    lows: set[wire.Id] = field(default_factory=set)
    attributes: set[wire.Id] = field(default_factory=set)
    deepest: int = 1
    effort: Effort = field(default_factory=Effort)

    def __post_init__(self) -> None:
        self.gone = Gone(self.depths, self.attributes)

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
        if not all(0 < struct.length < LONGEST and _is_ours(struct) for struct in parsed.structs):
            raise Refused(events.INVALID)
        reach = self._reach(parsed.structs)
        if not self._builds_on_known(parsed, reach):
            raise Refused(events.RESYNC)
        parsed = wire.Parsed(list(self._news(parsed.structs)), parsed.deletes)
        depths = self._depths(parsed.structs)
        attributes = set(_attributes(parsed.structs))
        if not all(self._fits(struct, depths, attributes) for struct in parsed.structs) or self._cuts(parsed):
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
        """How far each client would be known afterwards. Refused("resync") where a run begins beyond its start, or is
        known in part: if that part is gone already, browsers stumble over the rest."""
        reach: dict[int, int] = {}
        for struct in structs:
            known, end = reach.get(struct.client, self.clocks.get(struct.client, 0)), struct.clock + struct.length
            if struct.kind == wire.SKIP or struct.clock > known or struct.clock < known < end:
                raise Refused(events.RESYNC)
            reach[struct.client] = max(known, end)
        return reach

    def _builds_on_known(self, parsed: wire.Parsed, reach: dict[int, int]) -> bool:
        def known(client: int, end: int) -> bool:
            return end <= reach.get(client, self.clocks.get(client, 0))

        return all(
            known(ref[0], ref[1] + 1) for s in parsed.structs for ref in (s.origin, s.right, s.parent) if ref
        ) and all(known(client, clock + length) for client, clock, length in parsed.deletes)

    def _news(self, structs: Iterable[wire.Struct]) -> Iterator[wire.Struct]:
        """What is known already is not taken over again, so whatever is said of it now must not count as known."""
        reach: dict[int, int] = {}
        for struct in structs:
            end = struct.clock + struct.length
            if end > reach.get(struct.client, self.clocks.get(struct.client, 0)):
                reach[struct.client] = end
                yield struct

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

    def _fits(self, struct: wire.Struct, depths: dict[wire.Id, int], attributes: set[wire.Id]) -> bool:
        """The schema, as far as one item shows it: elements in fragments and elements, letters in texts."""
        if struct.kind in _HARMLESS:
            return struct.root is None or struct.root in self.fragments
        parent = depths.get(struct.parent, self.depths.get(struct.parent)) if struct.parent else None
        if struct.parent and parent is None and self.gone.level(struct.parent) is None:
            return False
        levels = {self._level(side, depths, attributes) for side in (struct.origin, struct.right) if side} - {NOTHING}
        if struct.kind == wire.TYPE:
            return levels <= {NODE} and self._node_fits(struct, parent, depths)
        if struct.root is not None:
            return False
        if struct.kind == _ATTRIBUTE:
            named = struct.parent is None or (struct.key in content.ATTRIBUTES and (parent is None or parent > 0))
            return struct.length == 1 and levels <= {VALUE} and named
        return struct.key is None and levels <= {LETTER} and (parent is None or parent < 0)

    def _level(self, side: wire.Id, depths: dict[wire.Id, int], attributes: set[wire.Id]) -> str:
        """Among what the item stands that this is an id of."""
        if side in self.depths or side in depths:
            return NODE
        if side in self.attributes or side in attributes:
            return VALUE
        return self.gone.level(side) or LETTER

    def _node_fits(self, struct: wire.Struct, parent: int | None, depths: dict[wire.Id, int]) -> bool:
        if struct.key is not None or (struct.root is not None and struct.root not in self.fragments):
            return False
        if struct.type == wire.XML_TEXT and struct.root is not None:
            return False
        return (parent is None or parent > 0) and abs(depths[struct.client, struct.clock]) <= DEEPEST

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
        structs = list(structs)
        self.depths.update(depths)
        self.attributes.update(_attributes(structs))
        self.deepest = max([self.deepest, *map(abs, depths.values())])
        for struct in structs:
            known, end = self.clocks.get(struct.client, 0), struct.clock + struct.length
            self.lows.update((struct.client, low) for low in struct.lows)
            if struct.kind in _HARMLESS:
                self.gone.add(struct)
            if struct.kind != wire.SKIP:
                self.clocks[struct.client] = max(end, known)


def _attributes(structs: Iterable[wire.Struct]) -> Iterator[wire.Id]:
    return ((struct.client, struct.clock) for struct in structs if struct.kind == _ATTRIBUTE)


def _is_ours(struct: wire.Struct) -> bool:
    """Whether it is of the schema, as far as it shows by itself, and can be read by both implementations."""
    if struct.kind == wire.TYPE:
        return struct.type == wire.XML_TEXT or (struct.type == wire.XML_ELEMENT and struct.name in content.NODES)
    if struct.kind == wire.FORMAT:
        return _is_mark(struct)
    return struct.kind in (*_HARMLESS, wire.STRING, _ATTRIBUTE, wire.SKIP)


def _is_mark(struct: wire.Struct) -> bool:
    """A name of the schema, and a value that both implementations can read: attributes, or null for the end."""
    if struct.name.partition("--")[0] not in content.MARKS:
        return False
    try:
        value = json.loads(struct.value, parse_constant=_is_no_json)
    except (ValueError, RecursionError):
        return False
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not any(isinstance(one, dict | list) for one in inside)


def _is_no_json(name: str) -> None:
    raise ValueError(name)
