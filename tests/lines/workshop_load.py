"""A simulated workshop in one measure: users who type with real replicas and carets, and users who only read."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
from functools import partial

from klimawerk.accounts.models import Person
from klimawerk.measures.models import Measure
from tests.live.engine_server import ReplicaClient, append
from tests.servers import KlimawerkServer

KEYS_A_SECOND = 4.0
MOVES_EVERY = 30.0  # seconds until a reader moves to another field
FIELDS = ("priority", "period_start", "period_end", "status")


class SimulatedUser:
    """A simulated user with a page of their own. `start` makes them type, or only move, until `leave`."""

    def __init__(
        self, server: KlimawerkServer, person: Person, measure: Measure, programme: int, *, types: bool
    ) -> None:
        self._types, self._measure, self._programme = types, measure, programme
        self._dice = random.Random(person.id)
        self._stop = threading.Event()
        self.socket = server.socket(person)
        self._writer = ReplicaClient(self, measure.name)  # type: ignore[arg-type]
        self._writer.join()
        self.ask("watch", topics=[f"programme:{programme}", measure.name])
        self._move("")
        self._thread = threading.Thread(target=self._type if types else self._look_around, daemon=True)

    def ask(self, event: str, **payload: object) -> dict[str, object]:
        answer: dict[str, object] = self.socket.call(event, payload, timeout=15)
        return answer

    def _hear(self, event: str, payload: object = None) -> None:
        """What they receive is ignored."""

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.socket.disconnect()

    def _type(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            update = self._writer.edit(partial(append, words=self._dice.choice("enirstad ")))
            self._writer.send(update)
            self.socket.emit("doc:awareness", {"doc": self._measure.name, "a": self._caret()})
            due += self._dice.uniform(0.5, 1.5) / KEYS_A_SECOND
            self._stop.wait(max(0.0, due - time.monotonic()))

    def _look_around(self) -> None:
        while not self._stop.wait(self._dice.uniform(0.5, 1.5) * MOVES_EVERY):
            self._move(f"f-{self._measure.id}-{self._dice.choice(FIELDS)}")

    def _move(self, field: str) -> None:
        self.ask("here", programme=self._programme, item=self._measure.name, **({"field": field} if field else {}))

    def _caret(self) -> str:
        """As the browser encodes it: one client, its clock, and its caret."""
        client = self._writer.doc.client_id
        place = {"type": None, "tname": "description.en", "item": {"client": client, "clock": 99}, "assoc": 0}
        text = json.dumps({"cursor": {"anchor": place, "head": place}}, separators=(",", ":")).encode()
        numbers = [1, client, int(time.monotonic()), len(text)]
        return base64.b64encode(b"".join(_varint(number) for number in numbers) + text).decode()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
