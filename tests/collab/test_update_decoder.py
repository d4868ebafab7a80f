"""Updates are decoded without being applied."""

from __future__ import annotations

import random

import pytest
from pycrdt import Doc, XmlFragment

from klimawerk.collab.validation import update_decoder
from klimawerk.collab.validation.validator import UpdateValidator
from klimawerk.live.handlers import EventRefused
from tests.live.engine_server import FRAGMENT, random_edit


def documents(seed: int) -> tuple[Doc[XmlFragment], list[bytes]]:
    """A document after random edits, and the update of each."""
    dice, updates = random.Random(seed), list[bytes]()
    document: Doc[XmlFragment] = Doc()
    for _ in range(40):
        before = document.get_state()
        random_edit(document.get(FRAGMENT, type=XmlFragment), dice)
        updates.append(document.get_update(before))
    return document, updates


@pytest.mark.parametrize("seed", range(5))
def test_what_an_update_says_adds_up_to_the_documents_own_count(seed: int) -> None:
    document, updates = documents(seed)
    clocks: dict[int, int] = {}
    for update in [*updates, document.get_update()]:
        for struct in update_decoder.decode_update(update).structs:
            assert struct.clock <= clocks.get(struct.client, 0)
            clocks[struct.client] = max(clocks.get(struct.client, 0), struct.clock + struct.length)
    assert clocks == update_decoder.decode_state_vector(document.get_state())


def test_damage_is_either_read_or_malformed_and_never_anything_else() -> None:
    dice = random.Random(7)
    _, updates = documents(7)
    refused = 0
    for _ in range(2_000):
        update = bytearray(dice.choice(updates))
        for _ in range(dice.randint(1, 3)):
            update[dice.randrange(len(update))] = dice.randrange(256)
        try:
            update_decoder.decode_update(bytes(update))
        except update_decoder.MalformedUpdate:
            refused += 1
    assert 200 < refused < 2_000


@pytest.mark.parametrize("length", [0, 2**40])
def test_runs_of_impossible_length_are_refused(length: int) -> None:
    number = b""
    while length >= 0x80:
        number, length = number + bytes([length & 0x7F | 0x80]), length >> 7
    update = bytes([1, 1, 5, 0, 0]) + number + bytes([length, 0])
    assert update_decoder.decode_update(update).structs[0].kind == update_decoder.GC
    with pytest.raises(EventRefused, match="invalid"):
        UpdateValidator({FRAGMENT}).judge(update)
    assert UpdateValidator({FRAGMENT}).judge(bytes([1, 1, 5, 0, 0, 1, 0]))


@pytest.mark.parametrize("data", [b"", b"\xff" * 12, b"\x00", b"\x00\x00\x00", b"\x01\x01\x01\x00\x1f"])
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(update_decoder.MalformedUpdate):
        update_decoder.decode_update(data)
    assert update_decoder.decode_update(b"\x00\x00") == update_decoder.DecodedUpdate([], [])
