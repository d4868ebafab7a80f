"""Validates a client's update before it is applied: structure, schema, known predecessors, merge cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from klimawerk import safe_json
from klimawerk.collab import rich_text
from klimawerk.collab.validation import update_decoder
from klimawerk.collab.validation.merge_cost import MergeCost
from klimawerk.collab.validation.parents import (
    NO_PARENT,
    CircularOrigins,
    Clocks,
    ItemParent,
    ItemParents,
    in_dependency_order,
)
from klimawerk.link_rule import is_allowed_link
from klimawerk.live import events
from klimawerk.live.handlers import EventRefused
from klimawerk.text import is_all_text, is_text

MAX_DEPTH = 40  # levels of nested elements
MAX_RUN_LENGTH = 10_000_000  # items in one run
MAX_RUNS = 40_000  # in one update of a client, which is as many keystrokes made one by one without a connection
MAX_MERGE_STEPS = 8_000_000  # for merging one update; about a second at worst
_CONTENTLESS = {update_decoder.GC, update_decoder.DELETED}
_ATTRIBUTE = update_decoder.ANY


@dataclass
class UpdateValidator:
    """Validator of one document; it knows enough of the content to judge an update without applying it.

    `clocks`: how many items of each client are known; `parents`: where each item stands. `low_surrogates`: second
    halves of characters that take two UTF-16 units. Yjs and pycrdt disagree on what remains when one is cut in two, and
    replicas would diverge, so nothing may be inserted or deleted between the halves.
    """

    fragments: set[str]
    clocks: Clocks = field(default_factory=dict)
    parents: ItemParents = field(default_factory=ItemParents)
    low_surrogates: set[update_decoder.Id] = field(default_factory=set)
    merge_cost: MergeCost = field(default_factory=MergeCost)

    def learn(self, update: bytes) -> update_decoder.DecodedUpdate:
        """Record an update of the log without judging it: it was judged before, or the server made it."""
        keystroke = update_decoder.keystroke(update)
        if keystroke is not None and self._is_consecutive(keystroke):
            return self._record_keystroke(keystroke)
        parsed = update_decoder.decode_update(update)
        self.fragments.update(struct.root for struct in parsed.structs if struct.root)
        self.merge_cost.record(parsed)
        new_structs = list(self._new_structs(parsed.structs))
        with suppress(CircularOrigins):  # documents ignore such updates, too
            for struct in in_dependency_order(new_structs, self.clocks):
                self.parents.add(struct, self.parents.parent_of(struct) or NO_PARENT)
        self._record(new_structs)
        return parsed

    def judge(
        self, update: bytes, affordable: Callable[[int], bool] = lambda _steps: True
    ) -> update_decoder.DecodedUpdate:
        """Judge a client's update and record it. Raises EventRefused: invalid, resync, too_large or rate.

        `affordable(steps)`: whether the rate limit of the client's person grants that much merge cost now.
        """
        keystroke = update_decoder.keystroke(update)
        if keystroke is not None and self._is_consecutive(keystroke):
            return self._validate_keystroke(keystroke, affordable)
        try:
            parsed = update_decoder.decode_update(update, MAX_RUNS)
        except update_decoder.MalformedUpdate:
            raise EventRefused(events.INVALID) from None
        except update_decoder.TooManyRuns:
            raise EventRefused(events.TOO_LARGE) from None
        if not all(0 < struct.length < MAX_RUN_LENGTH and _is_in_schema(struct) for struct in parsed.structs):
            raise EventRefused(events.INVALID)
        clocks_after, new_structs = self._clocks_after(parsed.structs), list(self._new_structs(parsed.structs))
        if not self._builds_on_known(parsed, new_structs, clocks_after):
            raise EventRefused(events.RESYNC)
        if self._splits_surrogate_pair(parsed):
            raise EventRefused(events.INVALID)
        parsed = update_decoder.DecodedUpdate(new_structs, parsed.deletes)
        parents = self._trial_parents(parsed.structs)
        steps = self.merge_cost.estimate(parsed)
        if steps > MAX_MERGE_STEPS:
            raise EventRefused(events.TOO_LARGE)
        if not affordable(steps):
            raise EventRefused(events.RATE)
        self.merge_cost.record(parsed)
        self.parents.commit_trial(parents)
        self._record(parsed.structs)
        return parsed

    def _is_consecutive(self, keystroke: update_decoder.ItemStruct) -> bool:
        """Whether a keystroke stands directly behind the last item of its client, in a text, and nothing was inserted
        there since. Every check of it was made with the item before."""
        client, clock = keystroke.client, keystroke.clock
        return (
            self.clocks.get(client) == clock
            and self.merge_cost.continues(keystroke)
            and self.parents.is_in_text(client, clock - 1)
        )

    def _validate_keystroke(
        self, keystroke: update_decoder.ItemStruct, affordable: Callable[[int], bool]
    ) -> update_decoder.DecodedUpdate:
        if not affordable(1):
            raise EventRefused(events.RATE)
        return self._record_keystroke(keystroke)

    def _record_keystroke(self, keystroke: update_decoder.ItemStruct) -> update_decoder.DecodedUpdate:
        self.merge_cost.record_keystroke(keystroke)
        self.parents.record_keystroke(keystroke)
        self.clocks[keystroke.client] = keystroke.clock + keystroke.length
        return update_decoder.DecodedUpdate([keystroke], [])

    def _trial_parents(self, structs: Iterable[update_decoder.ItemStruct]) -> ItemParents:
        """Parents of the new items. EventRefused("invalid") where one has no parent, contradictory ones, or one of the
        wrong kind."""
        trial = ItemParents(self.parents)
        try:
            for struct in in_dependency_order(structs, self.clocks):
                place = trial.parent_of(struct)
                if place is None or not self._fits(struct, place, trial.depth(place)):
                    raise EventRefused(events.INVALID)
                trial.add(struct, place)
        except CircularOrigins:
            raise EventRefused(events.INVALID) from None
        return trial

    def _clocks_after(self, structs: Iterable[update_decoder.ItemStruct]) -> Clocks:
        """Clocks of the clients after the update. EventRefused("resync") where a run begins beyond the known clock, or
        is known in part: if that part is deleted already, Yjs fails on the rest."""
        clocks_after: Clocks = {}
        for struct in structs:
            known, end = (
                clocks_after.get(struct.client, self.clocks.get(struct.client, 0)),
                struct.clock + struct.length,
            )
            if struct.kind == update_decoder.SKIP or struct.clock > known or struct.clock < known < end:
                raise EventRefused(events.RESYNC)
            clocks_after[struct.client] = max(known, end)
        return clocks_after

    def _builds_on_known(
        self, parsed: update_decoder.DecodedUpdate, new_structs: list[update_decoder.ItemStruct], clocks_after: Clocks
    ) -> bool:
        """Whether every item that is referred to is there after the update. What a known item refers to has to be there
        before it: Yjs looks it up before it notices that it has that item."""
        new_ids = set(map(id, new_structs))

        def known(client: int, end: int, among: Clocks) -> bool:
            return end <= among.get(client, self.clocks.get(client, 0))

        return all(
            known(ref[0], ref[1] + 1, clocks_after if id(s) in new_ids else self.clocks)
            for s in parsed.structs
            for ref in (s.origin, s.right, s.parent)
            if ref
        ) and all(known(client, clock + length, clocks_after) for client, clock, length in parsed.deletes)

    def _new_structs(self, structs: Iterable[update_decoder.ItemStruct]) -> Iterator[update_decoder.ItemStruct]:
        """Runs that are not known yet. Known ones are ignored by documents, so what the update says of them must not be
        recorded."""
        clocks_so_far: Clocks = {}
        for struct in structs:
            end = struct.clock + struct.length
            if end > clocks_so_far.get(struct.client, self.clocks.get(struct.client, 0)):
                clocks_so_far[struct.client] = end
                yield struct

    def _splits_surrogate_pair(self, parsed: update_decoder.DecodedUpdate) -> bool:
        """Whether the update inserts or deletes between the two halves of a character."""
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
        """Whether the schema allows an item at this place: elements in fragments and elements, characters in texts."""
        if place == NO_PARENT:
            return True
        if isinstance(place.parent, str) and place.parent not in self.fragments:
            return False
        if struct.kind in _CONTENTLESS:
            return True
        if struct.kind == _ATTRIBUTE:
            return struct.length == 1 and place.key in rich_text.ATTRIBUTES and depth > 0
        if place.key is not None:
            return False
        if struct.kind == update_decoder.TYPE:
            return 0 <= depth < MAX_DEPTH and (depth > 0 or struct.type == update_decoder.XML_ELEMENT)
        return depth < 0

    def _record(self, structs: Iterable[update_decoder.ItemStruct]) -> None:
        for struct in structs:
            self.low_surrogates.update((struct.client, low) for low in struct.low_surrogates)
            self.clocks[struct.client] = struct.clock + struct.length


def _is_in_schema(struct: update_decoder.ItemStruct) -> bool:
    """Whether kind and content of an item are of the schema, without its place, and can be read by Yjs and pycrdt."""
    if not struct.is_text:
        return False
    if struct.kind == update_decoder.TYPE:
        return struct.type == update_decoder.XML_TEXT or (
            struct.type == update_decoder.XML_ELEMENT and struct.name in rich_text.NODES
        )
    if struct.kind == update_decoder.FORMAT:
        return _is_mark(struct)
    return struct.kind in (*_CONTENTLESS, update_decoder.STRING, _ATTRIBUTE, update_decoder.SKIP)


def _is_mark(struct: update_decoder.ItemStruct) -> bool:
    """Whether a mark has a name of the schema and a value that Yjs and pycrdt can read: attributes, or null for its
    end. The address of a link has to be an allowed one."""
    kind = struct.name.partition("--")[0]
    if kind not in rich_text.MARKS:
        return False
    try:
        value = safe_json.loads(struct.value, parse_constant=_refuse_constant)
    except ValueError:
        return False
    if kind == "link" and value is not None and not (isinstance(value, dict) and is_allowed_link(value.get("href"))):
        return False
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_text(struct.name) and not any(isinstance(entry, dict | list) for entry in inside) and is_all_text(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
