"""The validator refuses what pycrdt or Yjs would fail on, and accepts what people type."""

from __future__ import annotations

import gc
import weakref

import pytest
from pycrdt import Doc, XmlElement, XmlFragment

from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.room.replica import Replica
from klimawerk.collab.validation import update_decoder
from klimawerk.collab.validation.validator import UpdateValidator
from klimawerk.live.handlers import EventRefused
from tests.faults.hostile_updates import number
from tests.live.engine_server import FRAGMENT, append, element, paragraph, run


def typed(document: Doc[XmlFragment], text: str) -> bytes:
    before = document.get_state()
    append(document.get(FRAGMENT, type=XmlFragment), text)
    return document.get_update(before)


@pytest.fixture
def document() -> Doc[XmlFragment]:
    """Two paragraphs, of which the first is deleted, and a character behind a deleted one."""
    document: Doc[XmlFragment] = Doc(client_id=5)
    fragment = document.get(FRAGMENT, type=XmlFragment)
    fragment.children.append(paragraph("gone"))
    fragment.children.append(paragraph("here"))
    del fragment.children[0]
    del run(element(fragment))[3:4]
    return document


def validator_of(document: Doc[XmlFragment]) -> UpdateValidator:
    validator = UpdateValidator({FRAGMENT})
    validator.learn(document.get_update())
    return validator


def insertion(client: int, clock: int, left: update_decoder.Id, text: str = "x") -> bytes:
    head = bytes([1, 1]) + number(client) + number(clock) + bytes([0x84]) + number(left[0]) + number(left[1])
    return head + number(len(text.encode())) + text.encode() + b"\0"


@pytest.mark.parametrize(
    "update",
    [
        bytes([1, 0, 9, 0, 0]),
        bytes([2, 1, 9, 0, 0, 1, 1, 9, 1, 0, 1, 0]),
        bytes([0, 2, 9, 1, 0, 1, 9, 1, 1, 1]),
        bytes([1, 1]) + number(2**53) + bytes([0, 0, 1, 0]),
        bytes([0, 1, 9, 1, 0, 0]),
    ],
    ids=[
        "a run of nothing",
        "a client twice",
        "deletions of a client twice",
        "a number too large for browsers",
        "a deletion of nothing",
    ],
)
def test_what_no_client_writes_is_malformed(update: bytes) -> None:
    with pytest.raises(update_decoder.MalformedUpdate):
        update_decoder.decode_update(update)


def test_typing_behind_a_deleted_letter_is_taken_and_letters_beside_a_deleted_paragraph_are_not(
    document: Doc[XmlFragment],
) -> None:
    structs = update_decoder.decode_update(document.get_update()).structs
    node = next(s for s in structs if s.kind == update_decoder.DELETED and s.root)
    last = next(s for s in reversed(structs) if s.kind == update_decoder.DELETED and not s.root)
    assert validator_of(document).judge(insertion(9, 0, (last.client, last.clock)))
    with pytest.raises(EventRefused, match="invalid"):
        validator_of(document).judge(insertion(9, 0, (node.client, node.clock)))


def test_what_is_known_in_part_is_to_be_sent_anew_without_that_part(document: Doc[XmlFragment]) -> None:
    validator = validator_of(document)
    clock = validator.clocks[5]
    with pytest.raises(EventRefused, match="resync"):
        validator.judge(insertion(5, clock - 1, (5, clock - 2), "two"))
    assert validator.judge(typed(document, "two"))


def test_what_somebody_says_anew_of_known_words_is_not_believed(document: Doc[XmlFragment]) -> None:
    first = typed(document, "word")
    validator = validator_of(document)
    clock = update_decoder.decode_update(first).structs[0].clock
    assert validator.judge(insertion(5, clock, (5, clock - 1), "😀😀"))  # as long as the word, so nothing new
    assert validator.low_surrogates == set()


Neighbours = tuple[update_decoder.Id | None, update_decoder.Id | None]


def between(client: int, clock: int, *positions: Neighbours) -> bytes:
    """A run of one client: a character for each position, which is (left neighbour, right neighbour)."""
    out = number(len(positions)) + number(client) + number(clock)
    for left, right in positions:
        out += bytes([4 | 0x80 * (left is not None) | 0x40 * (right is not None)])
        out += b"".join(number(n) for side in (left, right) if side for n in side) + b"\x01x"
    return out


def update_of(*runs: bytes) -> bytes:
    return number(len(runs)) + b"".join(runs) + b"\0"


@pytest.fixture
def two_texts() -> tuple[Doc[XmlFragment], update_decoder.Id, update_decoder.Id]:
    """A document, and the ids of the first characters of two paragraphs, "here" and "there"."""
    document: Doc[XmlFragment] = Doc(client_id=5)
    fragment = document.get(FRAGMENT, type=XmlFragment)
    fragment.children.append(paragraph("here"))
    fragment.children.append(paragraph("there"))
    here, there = (
        s for s in update_decoder.decode_update(document.get_update()).structs if s.kind == update_decoder.STRING
    )
    return document, (here.client, here.clock), (there.client, there.clock)


def answer(document: Doc[XmlFragment], update: bytes) -> str:
    """The error code of a refused update; "" for an accepted one."""
    try:
        validator_of(document).judge(update)
    except EventRefused as refused:
        return refused.code
    return ""


def after(first: update_decoder.Id, letters: int) -> update_decoder.Id:
    return first[0], first[1] + letters


def test_a_letter_stands_between_two_neighbours_of_one_text(
    two_texts: tuple[Doc[XmlFragment], update_decoder.Id, update_decoder.Id],
) -> None:
    document, here, there = two_texts
    positions: dict[str, Neighbours] = {
        "between two texts": (here, there),
        "behind a letter and before the same": (here, here),
        "behind a letter and before the one that leads to it": (after(here, 2), here),
        "behind itself": ((9, 0), None),
    }
    answers = {name: answer(document, update_of(between(9, 0, place))) for name, place in positions.items()}
    assert answers == dict.fromkeys(positions, "invalid")
    assert validator_of(document).judge(update_of(between(9, 0, (here, after(here, 1)))))
    assert validator_of(document).judge(update_of(between(9, 0, (None, here), ((9, 0), here))))


def test_no_letter_stands_half_in_a_text_that_is_gone(
    two_texts: tuple[Doc[XmlFragment], update_decoder.Id, update_decoder.Id],
) -> None:
    """Yjs deletes it, pycrdt keeps it."""
    document, here, there = two_texts
    del document.get(FRAGMENT, type=XmlFragment).children[1]
    with pytest.raises(EventRefused, match="invalid"):
        validator_of(document).judge(update_of(between(9, 0, (here, there))))
    assert validator_of(document).judge(update_of(between(9, 0, (there, after(there, 1)))))


def test_letters_of_two_people_that_stand_beside_each_other_in_turns_are_taken(
    two_texts: tuple[Doc[XmlFragment], update_decoder.Id, update_decoder.Id],
) -> None:
    document, here, _there = two_texts
    turns = update_of(
        between(9, 0, (here, None), ((8, 0), None), ((8, 1), None)), between(8, 0, ((9, 0), None), ((9, 1), None))
    )
    assert validator_of(document).judge(turns)
    circle = update_of(between(9, 0, ((8, 0), None)), between(8, 0, ((9, 0), None)))
    with pytest.raises(EventRefused, match="invalid"):
        validator_of(document).judge(circle)


@pytest.mark.parametrize(("value", "fits"), [("{}", True), ("null", True), ("{", False), ("NaN", False), ("", False)])
def test_a_mark_has_a_value_that_can_be_read(document: Doc[XmlFragment], value: str, fits: bool) -> None:
    clock = next(
        s for s in update_decoder.decode_update(document.get_update()).structs if s.kind == update_decoder.STRING
    ).clock
    mark = (
        bytes([1, 1, 9, 0, 0x86]) + number(5) + number(clock) + b"\x02em" + number(len(value)) + value.encode() + b"\0"
    )
    if fits:
        assert validator_of(document).judge(mark)
    else:
        with pytest.raises(EventRefused, match="invalid"):
            validator_of(document).judge(mark)


def test_a_document_that_nobody_has_open_any_more_is_let_go(document: Doc[XmlFragment]) -> None:
    replica = Replica(DocumentLog(1, "gen", 0, 0, document.get_update(), []), {FRAGMENT})
    assert replica.apply(typed(document, "new"))
    refs = weakref.ref(replica), weakref.ref(replica.doc)
    assert all(ref() is not None for ref in refs)
    del replica
    gc.collect()
    assert [ref() for ref in refs] == [None, None]
    assert isinstance(document.get(FRAGMENT, type=XmlFragment).children[0], XmlElement)
