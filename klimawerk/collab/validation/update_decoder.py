"""Decodes a Yjs update (binary format, version 1) without applying it: which items it inserts where, what it deletes.

A CRDT takes in everything and cannot undo it, so an update is judged by its content before any document gets it.
Lengths of text are in UTF-16 units, as Yjs counts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from klimawerk.text import is_text

Id = tuple[int, int]  # client, clock

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOC, SKIP = range(11)
XML_ELEMENT, XML_TEXT = 3, 6
_NAMED_TYPES = (3, 5)
_MAX_SAFE_INTEGER = 2**53 - 1  # of a whole number in a browser
_ONE_STRUCT, _STRING_WITH_ORIGIN, _STRING_WITH_ORIGIN_AND_RIGHT = b"\x01\x01", 0x80 | STRING, 0xC0 | STRING
_MAX_KEYSTROKE_BYTES = 200  # bytes of the longest that is typed at once


class MalformedUpdate(ValueError):
    """The bytes are no update of this format."""


class TooManyRuns(ValueError):
    """The update has more runs than the caller wants to read."""


@dataclass(slots=True)
class ItemStruct:
    """One run of items of one client. `root`: name of the root type that is its parent, where it says so; `name`: of an
    element, or of a mark with its `value` (JSON).

    `low_surrogates`: clocks of the second halves of characters that take two units (emoji). `is_text`: whether all
    strings in it are text (`klimawerk.text.is_text`).
    """

    client: int
    clock: int
    length: int
    kind: int
    origin: Id | None = None
    right: Id | None = None
    root: str | None = None
    parent: Id | None = None
    key: str | None = None
    type: int = -1
    name: str = ""
    value: str = ""
    low_surrogates: tuple[int, ...] = ()
    is_text: bool = True


@dataclass(slots=True)
class DecodedUpdate:
    """The content of an update. `deletes`: (client, clock, length)."""

    structs: list[ItemStruct]
    deletes: list[tuple[int, int, int]]


def decode_update(update: bytes, max_runs: int = sys.maxsize) -> DecodedUpdate:
    """Decode an update. Raises MalformedUpdate, also for trailing bytes; TooManyRuns at `max_runs` runs or more."""
    reader = _ByteReader(update)
    try:
        structs = list(islice(_structs(reader), max_runs))
        deletes = list(islice(_deletes(reader), max_runs)) if len(structs) < max_runs else []
    except (IndexError, UnicodeDecodeError) as error:
        raise MalformedUpdate(str(error)) from error
    if max(len(structs), len(deletes)) >= max_runs:
        raise TooManyRuns(f"{max_runs} runs or more")
    if reader.at != len(update):
        raise MalformedUpdate("something follows the update")
    return DecodedUpdate(structs, deletes)


def keystroke(update: bytes) -> ItemStruct | None:
    """The update as one run, if it is a keystroke: a few characters typed directly behind the last ones of the same
    client.

    Most updates are. None for all others, and for whatever differs from that form.
    """
    if update[:2] != _ONE_STRUCT or len(update) > _MAX_KEYSTROKE_BYTES or update[-1]:
        return None
    reader = _ByteReader(update)
    reader.at = len(_ONE_STRUCT)
    try:
        client, clock, info = reader.number(), reader.number(), reader.byte()
        if (
            info not in (_STRING_WITH_ORIGIN, _STRING_WITH_ORIGIN_AND_RIGHT)
            or reader.number() != client
            or reader.number() != clock - 1
        ):
            return None
        right = (reader.number(), reader.number()) if info == _STRING_WITH_ORIGIN_AND_RIGHT else None
        text = reader.text()
    except (IndexError, UnicodeDecodeError, MalformedUpdate):
        return None
    if reader.at != len(update) - 1 or not text or max(text) > "\uffff" or not is_text(text):
        return None
    return ItemStruct(client, clock, len(text), STRING, (client, clock - 1), right)


def decode_state_vector(state: bytes) -> dict[int, int]:
    """Decode a state vector: {client: number of known items}. Raises MalformedUpdate."""
    reader = _ByteReader(state)
    try:
        clocks = {reader.number(): reader.number() for _ in range(reader.number())}
    except IndexError as error:
        raise MalformedUpdate(str(error)) from error
    if reader.at != len(state):
        raise MalformedUpdate("something follows the state")
    return clocks


def _structs(reader: _ByteReader) -> Iterator[ItemStruct]:
    """All runs. What is refused here is written by no client; pycrdt panics on it or corrupts its memory, and replicas
    differ."""
    clients: set[int] = set()
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        if not count or client in clients:
            raise MalformedUpdate("a run of nothing, or two of one client")
        clients.add(client)
        for _ in range(count):
            struct = _struct(reader, client, clock)
            clock += struct.length
            yield struct


def _deletes(reader: _ByteReader) -> Iterator[tuple[int, int, int]]:
    clients: set[int] = set()
    for _ in range(reader.number()):
        client = reader.number()
        if client in clients:
            raise MalformedUpdate("the deletions of one client in two places")
        clients.add(client)
        for _ in range(reader.number()):
            clock, length = reader.number(), reader.number()
            if not length:
                raise MalformedUpdate("a deletion of nothing")
            yield client, clock, length


def _struct(reader: _ByteReader, client: int, clock: int) -> ItemStruct:
    info = reader.byte()
    kind = info & 0x1F
    if kind in (GC, SKIP):
        return ItemStruct(client, clock, reader.number(), kind)
    struct = ItemStruct(client, clock, 0, kind)
    if info & 0x80:
        struct.origin = (reader.number(), reader.number())
    if info & 0x40:
        struct.right = (reader.number(), reader.number())
    if not info & 0xC0:
        if reader.number() == 1:
            struct.root = reader.text()
        else:
            struct.parent = (reader.number(), reader.number())
        if info & 0x20:
            struct.key = reader.text()
    _content(reader, struct)
    return struct


def _content(reader: _ByteReader, struct: ItemStruct) -> None:
    struct.length = 1
    if struct.kind == DELETED:
        struct.length = reader.number()
    elif struct.kind == STRING:
        text = reader.text()
        struct.length = len(text.encode("utf-16-le")) // 2
        struct.is_text = is_text(text)
        if struct.length != len(text):
            struct.low_surrogates = tuple(_low_surrogates(text, struct.clock))
    elif struct.kind == FORMAT:
        struct.name, struct.value = reader.text(), reader.text()
    elif struct.kind == TYPE:
        struct.type = reader.number()
        if struct.type in _NAMED_TYPES:
            struct.name = reader.text()
    elif struct.kind == ANY:
        struct.length = reader.number()
        for _ in range(struct.length):
            struct.is_text = reader.any() and struct.is_text
    elif struct.kind == EMBED:
        reader.text()
    elif struct.kind == BINARY:
        reader.skip(reader.number())
    elif struct.kind == JSON:
        struct.length = reader.number()
        for _ in range(struct.length):
            reader.text()
    elif struct.kind == DOC:
        reader.text()
        reader.any()
    else:
        raise MalformedUpdate(f"content {struct.kind} is unknown")


def _low_surrogates(text: str, clock: int) -> Iterator[int]:
    for character in text:
        clock += 1
        if character > "\uffff":
            yield clock
            clock += 1


class _ByteReader:
    """Reads numbers and texts one after the other; IndexError at the end of the bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def byte(self) -> int:
        value = self._data[self.at]
        self.at += 1
        return value

    def number(self) -> int:
        data, at = self._data, self.at
        byte = data[at]
        value, shift = byte & 0x7F, 7
        while byte >= 0x80:
            if shift > 63:
                raise MalformedUpdate("a number is too long")
            at += 1
            byte = data[at]
            value |= (byte & 0x7F) << shift
            shift += 7
        self.at = at + 1
        if value > _MAX_SAFE_INTEGER:
            raise MalformedUpdate("a number that browsers cannot read")
        return value

    def skip(self, length: int) -> bytes:
        start, self.at = self.at, self.at + length
        if self.at > len(self._data):
            raise IndexError("the end came too early")
        return self._data[start : self.at]

    def text(self) -> str:
        return self.skip(self.number()).decode()

    def any(self, depth: int = 0) -> bool:
        """Skip one value of lib0's "any" encoding. Returns whether all strings in it are text."""
        if depth > 8:
            raise MalformedUpdate("a value is nested too deeply")
        kind = self.byte()
        all_text = True
        if kind in (127, 126, 121, 120):
            return all_text
        if kind == 125:
            start = self.at
            while self.byte() >= 0x80:
                pass
            if self.at - start > 7:  # 48 bits
                raise MalformedUpdate("a number that browsers cannot read")
        elif kind in (124, 123, 122):
            self.skip(4 if kind == 124 else 8)
        elif kind == 119:
            all_text = is_text(self.text())
        elif kind == 116:
            self.skip(self.number())
        elif kind == 118:
            for _ in range(self.number()):
                all_text = is_text(self.text()) and all_text
                all_text = self.any(depth + 1) and all_text
        elif kind == 117:
            for _ in range(self.number()):
                all_text = self.any(depth + 1) and all_text
        else:
            raise MalformedUpdate(f"value {kind} is unknown")
        return all_text
