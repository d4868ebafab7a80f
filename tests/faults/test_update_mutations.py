"""Real updates, randomly mutated and sent as fast as the limits allow: no crash, and other users notice nothing.

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

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.collab.validation import update_decoder
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


class Attacker(threading.Thread):
    """Types with the browser's own Yjs, and sends each update in many malformed variants before the right one.

    `answers`: {what the server answered: how often}; `lives`: how many replicas it used, of which `stumbled` failed:
    what the server accepted of their mutants differs from their own text. `failed`: why it had to end.
    """

    def __init__(self, limited_server: LimitedServer, dice: random.Random, count: int) -> None:
        super().__init__(daemon=True)
        self._town, self._dice, self._count = limited_server, dice, count
        self._mutations = Mutations(dice)
        self._client = limited_server.client(joined=False)
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
        """With a new replica, since what was accepted of the mutants is not in the last one."""
        self.lives += 1
        taken = self.answers["taken"]
        try:
            with yjs(self._client) as replica:
                self._write(replica)
        except Stumbled:
            if self.answers["taken"] == taken:
                raise
            self.stumbled += 1

    def _write(self, replica: YjsDoc) -> None:
        for _ in range(LIFE):
            update = replica.scribble(self._dice.randrange(2**31))
            for _ in range(min(EACH, self._count - self.sent)):
                answer = self._client.send(self._mutations.of(update))
                self.answers["taken" if answer["ok"] else answer["error"]] += 1
            if self.sent == self._count or not self._client.send(update)["ok"]:
                return


@contextmanager
def yjs(client: SocketClient) -> Iterator[YjsDoc]:
    """The client's replica is one of the browser's own Yjs inside the block, and joined."""
    replica = YjsDoc()
    with client.lock:
        client.yjs = replica
    try:
        while not (answer := client.join())["ok"]:
            assert answer["error"] == "rate", answer
            time.sleep(0.5)
        yield replica
    finally:
        with client.lock:
            client.yjs = None
        replica.close()


@pytest.fixture
def settings() -> tuple[random.Random, int]:
    """(random generator, number of mutants)."""
    seed = int(os.environ.get("TEST_SEED") or random.randrange(2**31))
    print(f"seed {seed}: TEST_SEED={seed} repeats its decisions")
    return random.Random(seed), int(os.environ.get("TEST_MUTANTS") or steps(400, 10_000))


@pytest.mark.slow
def test_changed_updates_harm_nobody(limited_server: LimitedServer, settings: tuple[random.Random, int]) -> None:
    dice, count = settings
    attackers = [Attacker(limited_server, random.Random(dice.random()), count // MALLORIES) for _ in range(MALLORIES)]
    reader, began = limited_server.client(joined=False), time.monotonic()
    with yjs(reader) as replica:
        with LatencyProbe(limited_server.client()) as probe:
            for attacker in attackers:
                attacker.start()
            until(lambda: _sent(attackers) >= count // 10, 600)
            before = memory(limited_server.server)
            for attacker in attackers:
                attacker.join()
            seen = len(probe.waits)
            until(lambda: len(probe.waits) > seen + 3)
        _report(attackers, probe, began, before, memory(limited_server.server))
        assert [attacker.failed for attacker in attackers] == [""] * MALLORIES
        assert not reader.stumbled, "a browser could not take in what the server let through"
        assert all(_answers(attackers)[kind] for kind in ("taken", "invalid", "resync"))
        probe.expect_responsive()
        assert memory(limited_server.server) < before + MORE
        assert "Traceback" not in limited_server.server.log
        _all_have_the_same(limited_server, probe.client, reader, replica)


def _sent(attackers: list[Attacker]) -> int:
    assert not any(attacker.failed for attacker in attackers), [attacker.failed for attacker in attackers]
    return sum(attacker.sent for attacker in attackers)


def _answers(attackers: list[Attacker]) -> Counter[str]:
    return sum((attacker.answers for attacker in attackers), Counter[str]())


def _report(attackers: list[Attacker], probe: LatencyProbe, began: float, before: float, after: float) -> None:
    answers, waits = _answers(attackers), sorted(probe.waits)
    print(
        f"{answers.total()} in {time.monotonic() - began:.0f} s: {dict(answers)}; {len(waits)} letters of a bystander, "
        f"half within {waits[len(waits) // 2]:.3f} s, worst {waits[-1]:.3f} s; {before:.0f} MB, then {after:.0f} MB; "
        f"{sum(one.lives for one in attackers)} lives, {sum(one.stumbled for one in attackers)} stumbled over their own"
    )


def _all_have_the_same(
    limited_server: LimitedServer, writer: SocketClient, reader: SocketClient, heard: YjsDoc
) -> None:
    """Clients that received everything, new ones with either library, what is on disk, and what is projected."""
    fresh, late = limited_server.client(), limited_server.client(joined=False)
    with yjs(late) as browser:

        def everybody() -> list[Doc[XmlFragment]]:
            """As each has it; what Yjs tidies up meanwhile reaches the others too."""
            for client in (reader, late):
                client.tidy()
            stored = document_store.read_log(document_store.find_document(limited_server.name).id).document()
            return [_copy(one.get_update()) for one in (writer.doc, heard, fresh.doc, browser, stored)]

        until(lambda: _projected(limited_server) and len({_texts(copy) for copy in everybody()}) == 1)
        copies = everybody()
        assert heard._do("text") == browser._do("text")
    assert _texts(Doc()) != _texts(copies[0])
    columns = document_store.texts([limited_server.name])[limited_server.name]
    for fragment in FRAGMENTS:
        assert columns[fragment].plain == rich_text.to_plain_text(
            rich_text.read_fragment(copies[0].get(fragment, type=XmlFragment))
        )


def _projected(limited_server: LimitedServer) -> bool:
    db.session.rollback()
    document = document_store.find_document(limited_server.name)
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
