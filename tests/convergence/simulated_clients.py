"""Simulated clients with real Yjs: one node process with the browser's own bundle and many pages in it."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.node import NODE

MAIN = Path(__file__).parent / "crowd" / "main.mjs"
EVENT_TIMEOUT = 150.0  # seconds without an event; at the end the clients may take two minutes to agree


class SimulatedClients:
    """`tell("begin", ...)`, then read `events()`; `tell("crash", count=2)` meanwhile. Ends with the block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([NODE, str(MAIN)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> SimulatedClients:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()

    def faults(self) -> list[str]:
        """Faults since the last call, as sentences; for clients that run without end."""
        sentences = []
        while not self._events.empty():
            event = self._events.get()
            assert event is not None, "the crowd's process ended"
            if event["event"] == "fault":
                sentences.append(event["sentence"])
        return sentences

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, op: str, **more: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"op": op, **more}).encode() + b"\n")
        self._process.stdin.flush()

    def events(self) -> Iterator[dict[str, Any]]:
        """All events of the clients, "done" last; AssertionError when none comes in time, or the process ends."""
        while True:
            event = self._events.get(timeout=EVENT_TIMEOUT)
            assert event is not None, "the crowd's process ended"
            yield event
            if event["event"] == "done":
                return

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)
