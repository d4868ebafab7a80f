"""Browsers hold Yjs, the server its Rust cousin: whatever the judgement lets through, both make the same of it.

In one process, without a server, so thousands of changed updates take seconds. The seed is printed; TEST_SEED sets it.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from pycrdt import Doc, XmlFragment

from klimawerk.collab import rich_text, update_decoder
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.relay import _encoded
from klimawerk.collab.replica import Replica, ReplicaBroken
from klimawerk.live.handlers import EventRefused
from tests.collab.yjs import YjsDoc
from tests.faults.hostile_updates import number
from tests.faults.update_mutations import Mutations
from tests.live.engine_server import FRAGMENT, paragraph
from tests.long_runs import steps

EACH, LIFE = 15, 30  # mutants of one update, and updates of one replica
LIVES = steps(4, 60)


class House:
    """A server's document with a log, a browser that has it open all the time, and one that hears several edits in one
    frame, as those who only read do."""

    def __init__(self) -> None:
        start: Doc[XmlFragment] = Doc(client_id=1)
        start.get(FRAGMENT, type=XmlFragment).children.append(paragraph("Green bins"))
        self.log = [start.get_update()]
        self.server = Replica(DocumentLog(1, "gen", 0, 0, self.log[0], []), {FRAGMENT})
        self.browser = YjsDoc()
        self.reader = YjsDoc()
        for one in (self.browser, self.reader):
            one.apply_update(self.log[0])
        self._unread: list[bytes] = []
        self.answers: Counter[str] = Counter()

    def send(self, update: bytes) -> bool:
        """Whether it was taken; then the browser hears of it, and sends what Yjs tidied up after it."""
        try:
            new = self.server.apply(update)
        except EventRefused as refused:
            self.answers[refused.code] += 1
            if isinstance(refused, ReplicaBroken):  # as a room does: forget it, and read the log again
                self.server = Replica(
                    DocumentLog(1, "gen", 0, 0, self.log[0], list(enumerate(self.log[1:], 1))), {FRAGMENT}
                )
            return False
        self.answers["taken"] += 1
        if new:
            self.log.append(update)
            self._unread.append(update)
            if len(self._unread) > 6:
                self.read()
            if own := self.browser.apply_update(update):
                self.send(own)
        return True

    def read(self) -> None:
        """What waits for the reader comes, in one frame."""
        for update in _encoded(self._unread):
            self.reader.apply_update(base64.b64decode(update))
        self._unread.clear()

    def close(self) -> None:
        self.browser.close()
        self.reader.close()

    def texts(self) -> dict[str, str]:
        """The text as each of those has it who should have the same."""
        replayed: Doc[XmlFragment] = Doc()
        for update in self.log:
            replayed.apply_update(update)
        self.read()
        newcomer = YjsDoc()
        newcomer.apply_update(self.server.doc.get_update())
        found = {
            "the server": _text(self.server.doc),
            "the log": _text(replayed),
            "the open browser": _text(_copy(self.browser.get_update())),
            "the reader": _text(_copy(self.reader.get_update())),
            "a browser that comes now": _text(_copy(newcomer.get_update())),
        }
        newcomer.close()
        return found


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("TEST_SEED") or random.randrange(2**31))
    print(f"seed {seed}: TEST_SEED={seed} repeats its decisions, but for the names that Yjs gives its clients")
    return random.Random(seed)


def test_whatever_is_taken_becomes_the_same_text_in_both_libraries(house: House, dice: random.Random) -> None:
    mutations = Mutations(dice)
    for _ in range(LIVES):
        mallory = YjsDoc()
        mallory.apply_update(house.server.doc.get_update())
        for _ in range(LIFE):
            update = mallory.scribble(dice.randrange(2**31))
            for _ in range(EACH):
                house.send(mutations.of(update))
            if not house.send(update):
                break
        mallory.close()
        texts = house.texts()
        assert set(texts.values()) == {texts["the server"]}, json.dumps(texts, indent=1)
    print(dict(house.answers))
    assert all(house.answers[kind] for kind in ("taken", "invalid", "resync"))


def test_ordinary_edits_of_yjs_are_all_taken(house: House, dice: random.Random) -> None:
    writers = [YjsDoc() for _ in range(3)]
    for writer in writers:
        writer.apply_update(house.log[0])
    for _ in range(60):
        made = [writer.scribble(dice.randrange(2**31)) for writer in writers]  # all at once, nobody has the others'
        assert all(house.send(update) for update in made), house.answers
        for writer in writers:
            for update in made:
                writer.apply_update(update)
    for writer in writers:
        writer.close()
    texts = house.texts()
    assert set(texts.values()) == {texts["the server"]}
    assert texts["the server"] != _text(_copy(house.log[0]))


def test_deletions_in_whatever_order_reach_those_who_hear_several_edits_at_once(house: House) -> None:
    """The library's own merging loses what stands in an update behind something later."""
    text = update_decoder.decode_update(house.log[0]).structs[-1]
    assert text.kind == update_decoder.STRING

    def deleted(*letters: int) -> bytes:
        ranges = b"".join(number(text.clock + letter) + number(1) for letter in letters)
        return b"\0" + number(1) + number(text.client) + number(len(letters)) + ranges

    assert all(house.send(update) for update in (deleted(8, 0), deleted(9), deleted(1)))
    texts = house.texts()
    assert set(texts.values()) == {texts["the server"]}
    assert "een bi" in texts["the server"]
    assert "Green" not in texts["the server"]


def test_nothing_may_be_said_of_known_letters_that_browsers_would_stumble_over(house: House) -> None:
    """Yjs looks for what stands beside an item before it sees that it has that item already."""
    last = update_decoder.decode_update(house.log[0]).structs[-1]
    end = last.clock + last.length

    def letters(*runs: tuple[update_decoder.Id, update_decoder.Id | None, str]) -> bytes:
        out = number(1) + number(len(runs)) + number(9) + number(0)
        for left, right, words in runs:
            beside = [one for id_ in (left, right) if id_ for one in id_]
            out += bytes([0xC4 if right else 0x84]) + b"".join(map(number, beside))
            out += number(len(words.encode())) + words.encode()
        return out + b"\0"

    first, after = (last.client, end - 1), (9, 0)
    assert house.send(letters((first, None, "a")))
    assert not house.send(letters((first, (9, 1), "a"), (after, None, "b"))), "its neighbour comes with it"
    assert house.send(letters((first, None, "a"), (after, None, "😀")))
    assert not house.send(letters((first, (9, 2), "a"), (after, None, "xx"), ((9, 2), None, "c"))), "half a letter"
    assert house.send(letters((first, None, "a"), (after, None, "😀"), ((9, 2), None, "c")))
    texts = house.texts()
    assert set(texts.values()) == {texts["the server"]}
    assert json.dumps("a😀c").strip('"') in texts["the server"]


def _text(document: Doc[XmlFragment]) -> str:
    return json.dumps(rich_text.read_fragment(document.get(FRAGMENT, type=XmlFragment)))


def _copy(update: bytes) -> Doc[XmlFragment]:
    copy: Doc[XmlFragment] = Doc()
    copy.apply_update(update)
    return copy
