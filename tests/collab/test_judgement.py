"""What the library would stumble over is refused before it sees it; what people type is not."""

from __future__ import annotations

import gc
import weakref

import pytest
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from klimawerk.collab import wire
from klimawerk.collab.knowledge import Knowledge
from klimawerk.collab.log import Log
from klimawerk.collab.replica import Replica
from klimawerk.live.doors import Refused
from tests.faults.hostile import number
from tests.live.house import FRAGMENT, append, paragraph


def typed(document: Doc[XmlFragment], words: str) -> bytes:
    before = document.get_state()
    append(document.get(FRAGMENT, type=XmlFragment), words)
    return document.get_update(before)


@pytest.fixture
def document() -> Doc[XmlFragment]:
    """Two paragraphs, of which the first has been deleted, and a letter behind a deleted one."""
    document: Doc[XmlFragment] = Doc(client_id=5)
    fragment = document.get(FRAGMENT, type=XmlFragment)
    fragment.children.append(paragraph("gone"))
    fragment.children.append(paragraph("here"))
    del fragment.children[0]
    text = fragment.children[0].children[0]
    assert isinstance(text, XmlText)
    del text[3:4]
    return document


def knowing(document: Doc[XmlFragment]) -> Knowledge:
    knowledge = Knowledge({FRAGMENT})
    knowledge.learn(document.get_update())
    return knowledge


def letter(client: int, clock: int, left: wire.Id, words: str = "x") -> bytes:
    head = bytes([1, 1]) + number(client) + number(clock) + bytes([0x84]) + number(left[0]) + number(left[1])
    return head + number(len(words.encode())) + words.encode() + b"\0"


@pytest.mark.parametrize(
    "update",
    [
        bytes([1, 0, 9, 0, 0]),
        bytes([2, 1, 9, 0, 0, 1, 1, 9, 1, 0, 1, 0]),
        bytes([0, 2, 9, 1, 0, 1, 9, 1, 1, 1]),
        bytes([1, 1]) + number(2**53) + bytes([0, 0, 1, 0]),
    ],
    ids=["a run of nothing", "a client twice", "deletions of a client twice", "a number too large for browsers"],
)
def test_what_no_client_writes_is_malformed(update: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.parse(update)


def test_typing_behind_a_deleted_letter_is_taken_and_letters_beside_a_deleted_paragraph_are_not(
    document: Doc[XmlFragment],
) -> None:
    structs = wire.parse(document.get_update()).structs
    node = next(s for s in structs if s.kind == wire.DELETED and s.root)
    last = next(s for s in reversed(structs) if s.kind == wire.DELETED and not s.root)
    assert knowing(document).judge(letter(9, 0, (last.client, last.clock)))
    with pytest.raises(Refused, match="invalid"):
        knowing(document).judge(letter(9, 0, (node.client, node.clock)))


def test_what_is_known_in_part_is_to_be_sent_anew_without_that_part(document: Doc[XmlFragment]) -> None:
    knowledge = knowing(document)
    clock = knowledge.clocks[5]
    with pytest.raises(Refused, match="resync"):
        knowledge.judge(letter(5, clock - 1, (5, clock - 2), "two"))
    assert knowledge.judge(typed(document, "two"))


def test_what_somebody_says_anew_of_known_words_is_not_believed(document: Doc[XmlFragment]) -> None:
    first = typed(document, "word")
    knowledge = knowing(document)
    clock = wire.parse(first).structs[0].clock
    assert knowledge.judge(letter(5, clock, (5, clock - 1), "😀😀"))  # as long as the word, and nothing new
    assert knowledge.lows == set()


@pytest.mark.parametrize(("value", "fits"), [("{}", True), ("null", True), ("{", False), ("NaN", False), ("", False)])
def test_a_mark_has_a_value_that_can_be_read(document: Doc[XmlFragment], value: str, fits: bool) -> None:
    clock = next(s for s in wire.parse(document.get_update()).structs if s.kind == wire.STRING).clock
    mark = (
        bytes([1, 1, 9, 0, 0x86]) + number(5) + number(clock) + b"\x02em" + number(len(value)) + value.encode() + b"\0"
    )
    if fits:
        assert knowing(document).judge(mark)
    else:
        with pytest.raises(Refused, match="invalid"):
            knowing(document).judge(mark)


def test_a_document_that_nobody_has_open_any_more_is_let_go(document: Doc[XmlFragment]) -> None:
    replica = Replica(Log(1, "gen", 0, 0, document.get_update(), []), {FRAGMENT})
    assert replica.apply(typed(document, "new"))
    refs = weakref.ref(replica), weakref.ref(replica.doc)
    assert all(ref() is not None for ref in refs)
    del replica
    gc.collect()
    assert [ref() for ref in refs] == [None, None]
    assert isinstance(document.get(FRAGMENT, type=XmlFragment).children[0], XmlElement)
