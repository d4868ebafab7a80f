"""Yjs in browsers against pycrdt on the server: after any update that the validator accepts both have the same
document.

In one process, without a server, so thousands of mutated updates take seconds. The seed is printed; TEST_SEED sets it.
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

from klimawerk.collab import rich_text
from klimawerk.collab.document_log import DocumentLog
from klimawerk.collab.room.relay import _encoded
from klimawerk.collab.room.replica import Replica, ReplicaBroken
from klimawerk.collab.validation import update_decoder
from klimawerk.live.handlers import EventRefused
from tests.collab.yjs import YjsDoc
from tests.faults.hostile_updates import number
from tests.faults.update_mutations import Mutations
from tests.live.engine_server import FRAGMENT, paragraph
from tests.long_runs import steps

EACH, LIFE = 15, 30  # mutants of one update, and updates of one replica
LIVES = steps(4, 60)


class ReplicaSet:
    """A server's document with a log, a browser that has it open, and a reader that receives several edits in one
    frame.
    """

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
        """Whether it was accepted; then the browser receives it, and sends what Yjs tidied up after it."""
        try:
            new = self.server.apply(update)
        except EventRefused as refused:
            self.answers[refused.code] += 1
            if isinstance(refused, ReplicaBroken):  # as a room does: drop it, and read the log again
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
        """What waits for the reader is delivered, in one frame."""
        for update in _encoded(self._unread):
            self.reader.apply_update(base64.b64decode(update))
        self._unread.clear()

    def close(self) -> None:
        self.browser.close()
        self.reader.close()

    def texts(self) -> dict[str, str]:
        """The text in each replica that should have the same."""
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
def replicas() -> Iterator[ReplicaSet]:
    replicas = ReplicaSet()
    yield replicas
    replicas.close()


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("TEST_SEED") or random.randrange(2**31))
    print(f"seed {seed}: TEST_SEED={seed} repeats its decisions, but for the names that Yjs gives its clients")
    return random.Random(seed)


def test_whatever_is_taken_becomes_the_same_text_in_both_libraries(replicas: ReplicaSet, dice: random.Random) -> None:
    mutations = Mutations(dice)
    for _ in range(LIVES):
        attacker = YjsDoc()
        attacker.apply_update(replicas.server.doc.get_update())
        for _ in range(LIFE):
            update = attacker.scribble(dice.randrange(2**31))
            for _ in range(EACH):
                replicas.send(mutations.of(update))
            if not replicas.send(update):
                break
        attacker.close()
        texts = replicas.texts()
        assert set(texts.values()) == {texts["the server"]}, json.dumps(texts, indent=1)
    print(dict(replicas.answers))
    assert all(replicas.answers[kind] for kind in ("taken", "invalid", "resync"))


def test_ordinary_edits_of_yjs_are_all_taken(replicas: ReplicaSet, dice: random.Random) -> None:
    writers = [YjsDoc() for _ in range(3)]
    for writer in writers:
        writer.apply_update(replicas.log[0])
    for _ in range(60):
        made = [
            writer.scribble(dice.randrange(2**31)) for writer in writers
        ]  # all at once, no one has the others' edits
        assert all(replicas.send(update) for update in made), replicas.answers
        for writer in writers:
            for update in made:
                writer.apply_update(update)
    for writer in writers:
        writer.close()
    texts = replicas.texts()
    assert set(texts.values()) == {texts["the server"]}
    assert texts["the server"] != _text(_copy(replicas.log[0]))


def test_deletions_in_whatever_order_reach_those_who_hear_several_edits_at_once(replicas: ReplicaSet) -> None:
    """pycrdt's own merging loses what stands in an update behind something later."""
    text = update_decoder.decode_update(replicas.log[0]).structs[-1]
    assert text.kind == update_decoder.STRING

    def deleted(*characters: int) -> bytes:
        ranges = b"".join(number(text.clock + letter) + number(1) for letter in characters)
        return b"\0" + number(1) + number(text.client) + number(len(characters)) + ranges

    assert all(replicas.send(update) for update in (deleted(8, 0), deleted(9), deleted(1)))
    texts = replicas.texts()
    assert set(texts.values()) == {texts["the server"]}
    assert "een bi" in texts["the server"]
    assert "Green" not in texts["the server"]


def test_nothing_may_be_said_of_known_letters_that_browsers_would_stumble_over(replicas: ReplicaSet) -> None:
    """Yjs looks for what stands beside an item before it sees that it has that item already."""
    last = update_decoder.decode_update(replicas.log[0]).structs[-1]
    end = last.clock + last.length

    def letters(*runs: tuple[update_decoder.Id, update_decoder.Id | None, str]) -> bytes:
        out = number(1) + number(len(runs)) + number(9) + number(0)
        for left, right, words in runs:
            beside = [one for id_ in (left, right) if id_ for one in id_]
            out += bytes([0xC4 if right else 0x84]) + b"".join(map(number, beside))
            out += number(len(words.encode())) + words.encode()
        return out + b"\0"

    first, after = (last.client, end - 1), (9, 0)
    assert replicas.send(letters((first, None, "a")))
    assert not replicas.send(letters((first, (9, 1), "a"), (after, None, "b"))), "its neighbour comes with it"
    assert replicas.send(letters((first, None, "a"), (after, None, "😀")))
    assert not replicas.send(letters((first, (9, 2), "a"), (after, None, "xx"), ((9, 2), None, "c"))), "half a letter"
    assert replicas.send(letters((first, None, "a"), (after, None, "😀"), ((9, 2), None, "c")))
    texts = replicas.texts()
    assert set(texts.values()) == {texts["the server"]}
    assert json.dumps("a😀c").strip('"') in texts["the server"]


def _text(document: Doc[XmlFragment]) -> str:
    return json.dumps(rich_text.read_fragment(document.get(FRAGMENT, type=XmlFragment)))


def _copy(update: bytes) -> Doc[XmlFragment]:
    copy: Doc[XmlFragment] = Doc()
    copy.apply_update(update)
    return copy
