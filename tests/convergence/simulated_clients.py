"""Drives a crowd of real Yjs clients: one node process on the browser's own bundle, many pages in it."""

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
SILENCE = 150.0  # seconds without a word from the crowd; at the end it may take two minutes to agree


class SimulatedClients:
    """`begin(...)`, then read `events()`; `tell("crash", count=2)` meanwhile. Ends with the block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([NODE, str(MAIN)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._heard: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> SimulatedClients:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()

    def faults(self) -> list[str]:
        """What went wrong since the last question; for a crowd that goes on for ever."""
        found = []
        while not self._heard.empty():
            event = self._heard.get()
            assert event is not None, "the crowd's process ended"
            if event["event"] == "fault":
                found.append(event["sentence"])
        return found

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, op: str, **more: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"op": op, **more}).encode() + b"\n")
        self._process.stdin.flush()

    def events(self) -> Iterator[dict[str, Any]]:
        """Everything the crowd reports, the "done" last; AssertionError when it falls silent or ends."""
        while True:
            event = self._heard.get(timeout=SILENCE)
            assert event is not None, "the crowd's process ended"
            yield event
            if event["event"] == "done":
                return

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.put(json.loads(line))
        self._heard.put(None)
