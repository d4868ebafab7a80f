"""Socket clients at the real server: one that also measures latency, and one for malicious messages."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import Any

import psutil
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from klimawerk.accounts.models import Person
from klimawerk.collab import rich_text
from tests.collab.yjs import Stumbled, YjsDoc
from tests.live.engine_server import append, b64, paragraph
from tests.servers import KlimawerkServer

FRAGMENT = "description.en"


class SocketClient:
    """A signed-in socket client with a replica of one document.

    `heard`: [(event, payload)]; `yjs`: a Yjs replica instead of the pycrdt one; `own`: the updates by which it has
    tidied up since; `stumbled`: it could not apply what it received.
    """

    def __init__(self, server: KlimawerkServer, person: Person, name: str = "", **options: Any) -> None:
        self.name = name
        self.heard: list[tuple[str, Any]] = []
        self.own: list[bytes] = []
        self.stumbled = False
        self.socket = server.socket(person, **options)
        self.socket.on("*", self._on_event)
        self.doc: Doc[XmlFragment] = Doc()
        self.yjs: YjsDoc | None = None
        self.lock = threading.Lock()

    def ask(self, event: str, payload: Any, patience: float = 20) -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.call(event, payload, timeout=patience)
        return answer

    def join(self, **more: Any) -> dict[str, Any]:
        answer = self.ask("doc:join", {"doc": self.name, **more})
        if "u" in answer:
            with self.lock:
                self._apply(answer["u"])
        return answer

    def tidy(self) -> None:
        """Send the updates by which Yjs tidied up, as a browser does."""
        while self.own:
            self.send(self.own.pop(0))

    def edit(self, words: str) -> bytes:
        """Type into the replica only; returns the update."""
        with self.lock:
            before = self.doc.get_state()
            _write(self.doc.get(FRAGMENT, type=XmlFragment), words)
            return self.doc.get_update(before)

    def send(self, update: bytes, **more: Any) -> dict[str, Any]:
        """The acknowledgement; like any client it tries again after the error "rate"."""
        payload = {"doc": self.name, "u": b64(update), **more}
        while (answer := self.ask("doc:update", payload)).get("error") == "rate":
            time.sleep(0.5)
        return answer

    def type(self, words: str) -> dict[str, Any]:
        return self.send(self.edit(words))

    def plain(self) -> str:
        with self.lock:
            return rich_text.to_plain_text(self.doc.get(FRAGMENT, type=XmlFragment))

    def told(self, event: str) -> list[Any]:
        return [payload for name, payload in self.heard if name == event]

    def raw(self, text: str) -> None:
        """Send raw text on the WebSocket, past every check of the client library."""
        self.socket.eio.ws.send(text)

    def close(self) -> None:
        if self.socket.connected:
            self.socket.disconnect()

    def _on_event(self, event: str, payload: Any = None) -> None:
        self.heard.append((event, payload))
        if event == "doc:update":
            with self.lock:
                try:
                    for update in payload["u"]:
                        self._apply(update)
                except Stumbled:
                    self.stumbled = True

    def _apply(self, update: str) -> None:
        if self.yjs is None:
            self.doc.apply_update(base64.b64decode(update))
        elif own := self.yjs.apply_update(base64.b64decode(update)):
            self.own.append(own)


class LatencyProbe(threading.Thread):
    """Types a character every 50 ms until the block ends; `waits`: seconds until each was acknowledged."""

    def __init__(self, client: SocketClient) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.waits: list[float] = []
        self.refused: list[str] = []
        self._over = threading.Event()

    def __enter__(self) -> LatencyProbe:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self.join(30)

    def run(self) -> None:
        while not self._over.wait(0.05):
            began = time.monotonic()
            answer = self.client.type("x")
            self.waits.append(time.monotonic() - began)
            if not answer["ok"]:
                self.refused.append(answer["error"])

    def expect_responsive(self, at_most: float = 15.0) -> None:
        """AssertionError unless everything was acknowledged, and within a generous time: no test judges speed."""
        print(json.dumps({"letters": len(self.waits), "worst": round(max(self.waits), 3)}))
        assert self.refused == []
        assert max(self.waits) < at_most


def _write(fragment: XmlFragment, words: str) -> None:
    """At the end; in a paragraph of its own if the last one has other content."""
    last = fragment.children[len(fragment.children) - 1] if len(fragment.children) else None
    if isinstance(last, XmlElement) and last.tag == "paragraph" and _has_only_text(last):
        append(fragment, words)
    else:
        fragment.children.append(paragraph(words))


def _has_only_text(element: XmlElement) -> bool:
    return all(isinstance(child, XmlText) for child in element.children)


def memory(server: KlimawerkServer) -> float:
    """Resident memory of the server in MB."""
    assert server._process is not None
    one = psutil.Process(server._process.pid)
    return sum(process.memory_info().rss for process in (one, *one.children(recursive=True))) / 1e6
