"""A replica held by the browser's own Yjs, in a node process of its own."""

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
    """Yjs threw, and its process is no more; what it said is on the error output."""


class YjsDoc:
    """Speaks like a pycrdt Doc, as far as a Writer asks."""

    def __init__(self) -> None:
        script = Path(__file__).parent / "replica.mjs"
        self._process = subprocess.Popen([NODE, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lock = threading.Lock()

    def apply_update(self, update: bytes) -> bytes:
        """What Yjs tidied up by itself after it, as an update that a browser would send; empty mostly."""
        return base64.b64decode(self._do("apply", u=b64(update)))

    def get_state(self) -> bytes:
        return base64.b64decode(self._do("state"))

    def get_update(self, state: bytes | None = None) -> bytes:
        return base64.b64decode(self._do("update", **({"sv": b64(state)} if state else {})))

    def scribble(self, seed: int) -> bytes:
        """One random edit of a person; its update."""
        return base64.b64decode(self._do("scribble", seed=seed))

    def mark(self, place: int, length: int) -> bytes:
        """So many letters of the first paragraph become strong; the update."""
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
    """A Writer whose replica is Yjs itself."""

    def __init__(self, client: SocketTestClient, doc: str) -> None:
        super().__init__(client, doc)
        self.doc: Any = YjsDoc()

    def close(self) -> None:
        self.client.close()
        with self.lock:
            self.doc.close()
