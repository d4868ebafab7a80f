"""A replica in the browser's own Yjs, in a node process."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.live.engine_server import ReplicaClient, SocketTestClient, b64
from tests.node import NODE


class Stumbled(Exception):
    """Yjs threw an error and its process has ended; the message is on the error output."""


class YjsDoc:
    """The part of pycrdt's Doc that ReplicaClient uses."""

    def __init__(self) -> None:
        script = Path(__file__).parent / "replica.mjs"
        self._process = subprocess.Popen([NODE, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lock = threading.Lock()

    def apply_update(self, update: bytes) -> bytes:
        """Apply an update. Returns what Yjs cleans up by itself afterwards, as an update that a browser would send;
        usually empty."""
        return base64.b64decode(self._do("apply", u=b64(update)))

    def get_state(self) -> bytes:
        return base64.b64decode(self._do("state"))

    def get_update(self, state: bytes | None = None) -> bytes:
        return base64.b64decode(self._do("update", **({"sv": b64(state)} if state else {})))

    def scribble(self, seed: int) -> bytes:
        """One random edit; returns its update."""
        return base64.b64decode(self._do("scribble", seed=seed))

    def mark(self, place: int, length: int) -> bytes:
        """Make so many characters of the first paragraph bold; returns the update."""
        return base64.b64decode(self._do("mark", place=place, length=length))

    def close(self) -> None:
        with self._lock:
            self._process.kill()
            self._process.communicate()

    def _do(self, op: str, **more: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                self._process.stdin.write(json.dumps({"op": op, **more}).encode() + b"\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                raise Stumbled(op) from None
            answer = self._process.stdout.readline()
        if not answer:
            raise Stumbled(op)
        return json.loads(answer)


class YjsWriter(ReplicaClient):
    """A ReplicaClient whose replica is Yjs itself."""

    def __init__(self, client: SocketTestClient, doc: str) -> None:
        super().__init__(client, doc)
        self.doc: Any = YjsDoc()

    def close(self) -> None:
        self.client.close()
        with self.lock:
            self.doc.close()
