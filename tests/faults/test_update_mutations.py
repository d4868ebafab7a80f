"""Real updates, changed by chance and sent as fast as the limits allow: no crash, and the others notice nothing.

The seed is printed; TEST_SEED sets it, and TEST_MUTANTS how many are sent.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pycrdt import Doc, XmlFragment

from klimawerk.collab import document_store, rich_text, update_decoder
from klimawerk.extensions import db
from tests.collab.yjs import Stumbled, YjsDoc
from tests.faults.conftest import LimitedServer
from tests.faults.socket_client import LatencyProbe, SocketClient, memory
from tests.faults.update_mutations import Mutations, read
from tests.live.engine_server import until
from tests.long_runs import steps

MALLORIES = steps(3, 8)
EACH, LIFE = 15, 30  # mutants of one update, and updates of one replica
MORE = 40.0  # MB that the server may hold more in the end than after the first tenth
FRAGMENTS = ("title.en", "title.de", "description.en", "description.de")


class Mallory(threading.Thread):
    """Types with the browser's own Yjs, and sends each update in many wrong forms before the right one.

    `answers`: {what the server said: how often}; `lives`: how many replicas it took, of which `stumbled` came to
    nothing: what was taken in of their letters is not what stands in them. `failed`: why it had to end.
    """

    def __init__(self, town: LimitedServer, dice: random.Random, count: int) -> None:
        super().__init__(daemon=True)
        self._town, self._dice, self._count = town, dice, count
        self._mutations = Mutations(dice)
        self._desk = town.desk(joined=False)
        self.answers: Counter[str] = Counter()
        self.lives = self.stumbled = 0
        self.failed = ""

    @property
    def sent(self) -> int:
        return self.answers.total()

    def run(self) -> None:
        try:
            while self.sent < self._count:
                self._live()
        except Exception as error:
            self.failed = f"{type(error).__name__}: {error}"

    def _live(self) -> None:
        """With a fresh replica, since what was taken in of the mutants is not what stands in this one."""
        self.lives += 1
        taken = self.answers["taken"]
        try:
            with yjs(self._desk) as replica:
                self._write(replica)
        except Stumbled:
            if self.answers["taken"] == taken:
                raise
            self.stumbled += 1

    def _write(self, replica: YjsDoc) -> None:
        for _ in range(LIFE):
            update = replica.scribble(self._dice.randrange(2**31))
            for _ in range(min(EACH, self._count - self.sent)):
                answer = self._desk.send(self._mutations.of(update))
                self.answers["taken" if answer["ok"] else answer["error"]] += 1
            if self.sent == self._count or not self._desk.send(update)["ok"]:
                return


@contextmanager
def yjs(desk: SocketClient) -> Iterator[YjsDoc]:
    """The desk's replica is one of the browser's own Yjs inside the block, and joined."""
    replica = YjsDoc()
    with desk.lock:
        desk.yjs = replica
    try:
        while not (answer := desk.join())["ok"]:
            assert answer["error"] == "rate", answer
            time.sleep(0.5)
        yield replica
    finally:
        with desk.lock:
            desk.yjs = None
        replica.close()


@pytest.fixture
def settings() -> tuple[random.Random, int]:
    """(dice, how many mutants)."""
    seed = int(os.environ.get("TEST_SEED") or random.randrange(2**31))
    print(f"seed {seed}: TEST_SEED={seed} repeats its decisions")
    return random.Random(seed), int(os.environ.get("TEST_MUTANTS") or steps(400, 10_000))


def test_changed_updates_harm_nobody(town: LimitedServer, settings: tuple[random.Random, int]) -> None:
    dice, count = settings
    mallories = [Mallory(town, random.Random(dice.random()), count // MALLORIES) for _ in range(MALLORIES)]
    reader, began = town.desk(joined=False), time.monotonic()
    with yjs(reader) as replica:
        with LatencyProbe(town.desk()) as bystander:
            for mallory in mallories:
                mallory.start()
            until(lambda: _sent(mallories) >= count // 10, 600)
            before = memory(town.server)
            for mallory in mallories:
                mallory.join()
            seen = len(bystander.waits)
            until(lambda: len(bystander.waits) > seen + 3)
        _report(mallories, bystander, began, before, memory(town.server))
        assert [mallory.failed for mallory in mallories] == [""] * MALLORIES
        assert not reader.stumbled, "a browser could not take in what the server let through"
        assert all(_answers(mallories)[kind] for kind in ("taken", "invalid", "resync"))
        bystander.calm()
        assert memory(town.server) < before + MORE
        assert "Traceback" not in town.server.log
        _all_have_the_same(town, bystander.desk, reader, replica)


def _sent(mallories: list[Mallory]) -> int:
    assert not any(mallory.failed for mallory in mallories), [mallory.failed for mallory in mallories]
    return sum(mallory.sent for mallory in mallories)


def _answers(mallories: list[Mallory]) -> Counter[str]:
    return sum((mallory.answers for mallory in mallories), Counter[str]())


def _report(mallories: list[Mallory], bystander: LatencyProbe, began: float, before: float, after: float) -> None:
    answers, waits = _answers(mallories), sorted(bystander.waits)
    print(
        f"{answers.total()} in {time.monotonic() - began:.0f} s: {dict(answers)}; {len(waits)} letters of a bystander, "
        f"half within {waits[len(waits) // 2]:.3f} s, worst {waits[-1]:.3f} s; {before:.0f} MB, then {after:.0f} MB; "
        f"{sum(one.lives for one in mallories)} lives, {sum(one.stumbled for one in mallories)} stumbled over their own"
    )


def _all_have_the_same(town: LimitedServer, writer: SocketClient, reader: SocketClient, heard: YjsDoc) -> None:
    """Those who heard it all, those who come now with either library, what is on disk, and what is shown."""
    fresh, late = town.desk(), town.desk(joined=False)
    with yjs(late) as browser:

        def everybody() -> list[Doc[XmlFragment]]:
            """As each has it; what Yjs tidies up meanwhile reaches the others, too."""
            for desk in (reader, late):
                desk.tidy()
            stored = document_store.read_log(document_store.find_document(town.name).id).document()
            return [_copy(one.get_update()) for one in (writer.doc, heard, fresh.doc, browser, stored)]

        until(lambda: _projected(town) and len({_texts(copy) for copy in everybody()}) == 1)
        copies = everybody()
        assert heard._do("text") == browser._do("text")
    assert _texts(Doc()) != _texts(copies[0])
    columns = document_store.texts([town.name])[town.name]
    for fragment in FRAGMENTS:
        assert columns[fragment].plain == rich_text.to_plain_text(
            rich_text.read_fragment(copies[0].get(fragment, type=XmlFragment))
        )


def _projected(town: LimitedServer) -> bool:
    db.session.rollback()
    document = document_store.find_document(town.name)
    return document.projected_seq == document.seq


def _copy(update: bytes) -> Doc[XmlFragment]:
    copy: Doc[XmlFragment] = Doc()
    copy.apply_update(update)
    return copy


def _texts(doc: Doc[XmlFragment]) -> str:
    return json.dumps([rich_text.read_fragment(doc.get(fragment, type=XmlFragment)) for fragment in FRAGMENTS])


@pytest.fixture
def real() -> Iterator[bytes]:
    """A real update of Yjs."""
    replica = YjsDoc()
    yield replica.scribble(7)
    replica.close()


def test_mutations_are_no_longer_what_they_were_and_many_keep_their_form(real: bytes) -> None:
    assert read(real).encode() == real
    mutations = Mutations(random.Random(5))
    made = {mutations.of(real) for _ in range(400)}
    assert len(made) > 300
    assert 50 < sum(_has_form(one) for one in made) < 350


def _has_form(update: bytes) -> bool:
    try:
        update_decoder.decode_update(update)
    except update_decoder.MalformedUpdate:
        return False
    return True
