"""What is known of a document, enough to judge an update before it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from klimawerk import safe_json
from klimawerk.collab import rich_text, update_decoder
from klimawerk.collab.merge_cost import MergeCost
from klimawerk.collab.parents import NO_PARENT, CircularOrigins, Clocks, ItemParent, ItemParents, in_dependency_order
from klimawerk.link_rule import is_allowed_link
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused
from klimawerk.text import is_all_text, is_text

MAX_DEPTH = 40  # levels of nested elements
MAX_RUN_LENGTH = 10_000_000  # items in one run
MAX_RUNS = 40_000  # in one update of a client: as many letters typed one by one without a line
MAX_MERGE_STEPS = 8_000_000  # of merging one update, about a second at worst
_NO_CONTENT = {update_decoder.GC, update_decoder.DELETED}
_ATTRIBUTE = update_decoder.ANY


@dataclass
class UpdateValidator:
    """`clocks`: how far each client is known; `places`: where each item stands.

    `lows`: second halves of letters that take two units. Yjs and this library disagree on what remains when one is cut
    in two, and replicas would drift apart, so nothing may come between.
    """

    fragments: set[str]
    clocks: Clocks = field(default_factory=dict)
    places: ItemParents = field(default_factory=ItemParents)
    low_surrogates: set[update_decoder.Id] = field(default_factory=set)
    effort: MergeCost = field(default_factory=MergeCost)

    def learn(self, update: bytes) -> update_decoder.DecodedUpdate:
        """Take note of an update that is in the log, so was judged before (or was made by the server)."""
        stroke = update_decoder.keystroke(update)
        if stroke is not None and self._goes_on(stroke):
            return self._note_stroke(stroke)
        parsed = update_decoder.decode_update(update)
        self.fragments.update(struct.root for struct in parsed.structs if struct.root)
        self.effort.note(parsed)
        news = list(self._news(parsed.structs))
        with suppress(CircularOrigins):  # documents do not take it in either
            for struct in in_dependency_order(news, self.clocks):
                self.places.put(struct, self.places.of(struct) or NO_PARENT)
        self._note(news)
        return parsed

    def judge(
        self, update: bytes, affordable: Callable[[int], bool] = lambda _steps: True
    ) -> update_decoder.DecodedUpdate:
        """Whether a client's update may be applied, and note it. Raises Refused: invalid, resync, too_large or rate.

        `affordable(steps)`: whether so much work for merging it is granted now.
        """
        stroke = update_decoder.keystroke(update)
        if stroke is not None and self._goes_on(stroke):
            return self._take_stroke(stroke, affordable)
        try:
            parsed = update_decoder.decode_update(update, MAX_RUNS)
        except update_decoder.MalformedUpdate:
            raise EventRefused(events.INVALID) from None
        except update_decoder.TooManyRuns:
            raise EventRefused(events.TOO_LARGE) from None
        if not all(0 < struct.length < MAX_RUN_LENGTH and _is_in_schema(struct) for struct in parsed.structs):
            raise EventRefused(events.INVALID)
        reach, news = self._reach(parsed.structs), list(self._news(parsed.structs))
        if not self._builds_on_known(parsed, news, reach):
            raise EventRefused(events.RESYNC)
        if self._cuts(parsed):
            raise EventRefused(events.INVALID)
        parsed = update_decoder.DecodedUpdate(news, parsed.deletes)
        places = self._placed(parsed.structs)
        steps = self.effort.of(parsed)
        if steps > MAX_MERGE_STEPS:
            raise EventRefused(events.TOO_LARGE)
        if not affordable(steps):
            raise EventRefused(events.RATE)
        self.effort.note(parsed)
        self.places.take(places)
        self._note(parsed.structs)
        return parsed

    def _goes_on(self, stroke: update_decoder.ItemStruct) -> bool:
        """Whether it stands directly behind what its client typed last, in a text, where nobody has put anything since:
        then all that is asked of an update was asked before."""
        client, clock = stroke.client, stroke.clock
        return (
            self.clocks.get(client) == clock
            and self.effort.goes_on(stroke)
            and self.places.is_in_text(client, clock - 1)
        )

    def _take_stroke(
        self, stroke: update_decoder.ItemStruct, affordable: Callable[[int], bool]
    ) -> update_decoder.DecodedUpdate:
        if not affordable(1):
            raise EventRefused(events.RATE)
        return self._note_stroke(stroke)

    def _note_stroke(self, stroke: update_decoder.ItemStruct) -> update_decoder.DecodedUpdate:
        self.effort.go_on(stroke)
        self.places.go_on(stroke)
        self.clocks[stroke.client] = stroke.clock + stroke.length
        return update_decoder.DecodedUpdate([stroke], [])

    def _placed(self, structs: Iterable[update_decoder.ItemStruct]) -> ItemParents:
        """Where new items go. Refused("invalid") where one stands nowhere, in two places, or does not fit in."""
        trial = ItemParents(self.places)
        try:
            for struct in in_dependency_order(structs, self.clocks):
                place = trial.of(struct)
                if place is None or not self._fits(struct, place, trial.depth(place)):
                    raise EventRefused(events.INVALID)
                trial.put(struct, place)
        except CircularOrigins:
            raise EventRefused(events.INVALID) from None
        return trial

    def _reach(self, structs: Iterable[update_decoder.ItemStruct]) -> Clocks:
        """How far each client would be known afterwards. Refused("resync") where a run begins beyond its start, or is
        known in part: if that part is gone already, browsers stumble over the rest."""
        reach: Clocks = {}
        for struct in structs:
            known, end = reach.get(struct.client, self.clocks.get(struct.client, 0)), struct.clock + struct.length
            if struct.kind == update_decoder.SKIP or struct.clock > known or struct.clock < known < end:
                raise EventRefused(events.RESYNC)
            reach[struct.client] = max(known, end)
        return reach

    def _builds_on_known(
        self, parsed: update_decoder.DecodedUpdate, news: list[update_decoder.ItemStruct], reach: Clocks
    ) -> bool:
        """Whether everything that is spoken of is there then; what is beside a known item has to be there already: Yjs
        looks for it before it sees that it has that item."""
        new = set(map(id, news))

        def known(client: int, end: int, among: Clocks) -> bool:
            return end <= among.get(client, self.clocks.get(client, 0))

        return all(
            known(ref[0], ref[1] + 1, reach if id(s) in new else self.clocks)
            for s in parsed.structs
            for ref in (s.origin, s.right, s.parent)
            if ref
        ) and all(known(client, clock + length, reach) for client, clock, length in parsed.deletes)

    def _news(self, structs: Iterable[update_decoder.ItemStruct]) -> Iterator[update_decoder.ItemStruct]:
        """What is known already is not taken over again, so whatever is said of it now must not count as known."""
        reach: Clocks = {}
        for struct in structs:
            end = struct.clock + struct.length
            if end > reach.get(struct.client, self.clocks.get(struct.client, 0)):
                reach[struct.client] = end
                yield struct

    def _cuts(self, parsed: update_decoder.DecodedUpdate) -> bool:
        """Whether the update comes between the two halves of a letter."""
        new = {(s.client, low) for s in parsed.structs for low in s.low_surrogates}

        def low(client: int, clock: int) -> bool:
            return (client, clock) in self.low_surrogates or (client, clock) in new

        return any(
            low(s.client, s.clock)
            or (s.origin is not None and low(s.origin[0], s.origin[1] + 1))
            or (s.right is not None and low(*s.right))
            for s in parsed.structs
        ) or any(low(client, clock) or low(client, clock + length) for client, clock, length in parsed.deletes)

    def _fits(self, struct: update_decoder.ItemStruct, place: ItemParent, depth: int) -> bool:
        """The schema, as far as one item shows it: elements in fragments and elements, letters in texts."""
        if place == NO_PARENT:
            return True
        if isinstance(place.parent, str) and place.parent not in self.fragments:
            return False
        if struct.kind in _NO_CONTENT:
            return True
        if struct.kind == _ATTRIBUTE:
            return struct.length == 1 and place.key in rich_text.ATTRIBUTES and depth > 0
        if place.key is not None:
            return False
        if struct.kind == update_decoder.TYPE:
            return 0 <= depth < MAX_DEPTH and (depth > 0 or struct.type == update_decoder.XML_ELEMENT)
        return depth < 0

    def _note(self, structs: Iterable[update_decoder.ItemStruct]) -> None:
        for struct in structs:
            self.low_surrogates.update((struct.client, low) for low in struct.low_surrogates)
            self.clocks[struct.client] = struct.clock + struct.length


def _is_in_schema(struct: update_decoder.ItemStruct) -> bool:
    """Whether it is of the schema, as far as it shows by itself, and can be read by both implementations."""
    if not struct.is_text:
        return False
    if struct.kind == update_decoder.TYPE:
        return struct.type == update_decoder.XML_TEXT or (
            struct.type == update_decoder.XML_ELEMENT and struct.name in rich_text.NODES
        )
    if struct.kind == update_decoder.FORMAT:
        return _is_mark(struct)
    return struct.kind in (*_NO_CONTENT, update_decoder.STRING, _ATTRIBUTE, update_decoder.SKIP)


def _is_mark(struct: update_decoder.ItemStruct) -> bool:
    """A name of the schema, and a value that both implementations can read: attributes, or null for the end. A link's
    address is one that readers would be shown."""
    kind = struct.name.partition("--")[0]
    if kind not in rich_text.MARKS:
        return False
    try:
        value = safe_json.loads(struct.value, parse_constant=_is_no_json)
    except ValueError:
        return False
    if kind == "link" and value is not None and not (isinstance(value, dict) and is_allowed_link(value.get("href"))):
        return False
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_text(struct.name) and not any(isinstance(one, dict | list) for one in inside) and is_all_text(value)


def _is_no_json(name: str) -> None:
    raise ValueError(name)
