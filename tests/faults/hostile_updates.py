"""Malicious Yjs updates, encoded byte by byte as no library would."""

from __future__ import annotations

from klimawerk.collab.validation import update_decoder
from tests.faults.socket_client import FRAGMENT

NEST = 11  # the client that sends nested elements; characters come from others


def number(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def empty_runs(count: int) -> bytes:
    """An update of that many empty runs: two bytes each."""
    return bytes([1]) + number(count) + number(5) + number(0) + bytes([0, 1]) * count + b"\0"


def crossing(state: bytes, count: int) -> bytes:
    """Characters that are all inserted at one place, each with a distant right origin of its own.

    Merging compares every pair, in the server and in every browser.
    """
    text = next(
        s for s in update_decoder.decode_update(state).structs if s.kind == update_decoder.STRING and s.length > 1
    )
    left, right = (text.client, text.clock), (text.client, text.clock + 1)
    letters = [_character(left, right)] * count + [_character(left, (7, index)) for index in range(count)]
    return bytes([1]) + number(2 * count) + number(7) + number(0) + b"".join(letters) + b"\0"


def _character(left: update_decoder.Id, right: update_decoder.Id) -> bytes:
    return bytes([0xC4]) + b"".join(map(number, (*left, *right))) + bytes([1]) + b"x"


def nested(levels: int) -> bytes:
    """Nested elements."""
    name = number(9) + b"list_item"
    first = bytes([7, 1]) + number(len(FRAGMENT)) + FRAGMENT.encode() + bytes([3]) + name
    deeper = [bytes([7, 0]) + number(NEST) + number(level) + bytes([3]) + name for level in range(levels - 1)]
    return bytes([1]) + number(levels) + number(NEST) + number(0) + first + b"".join(deeper) + b"\0"
