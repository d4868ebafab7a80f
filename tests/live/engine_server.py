"""Test server for the engine alone: the real server in threading mode, without domain packages.

Identity comes from a header, access rights from a dictionary that a test may change.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, request
from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from werkzeug.serving import make_server

from klimawerk.collab import access, rich_text
from klimawerk.collab.access import DocumentAccess, Resolver
from klimawerk.live import events, identity, topic_access
from klimawerk.live.identity import Identity, LoginProvider
from tests.prompt_client import PromptClient

FRAGMENT = "description.en"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The result of `condition` as soon as it is true; AssertionError when that takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return result


class EngineServer:
    """`rights`: {(person, doc): DocumentAccess}; a person without an entry is an editor (`editor`)."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.rights: dict[tuple[int, str], DocumentAccess | None] = {}
        self.watchers: set[tuple[int, str]] = set()
        self.ended_logins: set[str] = set()
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._clients: list[SocketTestClient] = []
        replace_domains(app, self.access, self.may_watch, lambda logins: logins & self.ended_logins)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def access(self, person: int, doc: str) -> DocumentAccess | None:
        return self.rights.get((person, doc), editor(person))

    def may_watch(self, kind: str, person: int, number: int) -> bool:
        """False for those in `watchers`."""
        return (person, f"{kind}:{number}") not in self.watchers

    def client(self, person: int, **options: Any) -> SocketTestClient:
        client = SocketTestClient(self.url, person, **options)
        self._clients.append(client)
        return client

    def close(self) -> None:
        closing = [threading.Thread(target=client.close) for client in self._clients]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        self._server.shutdown()
        self.app.extensions["collab"].close()
        self.app.extensions["live"].close()


def editor(person: int) -> DocumentAccess:
    return DocumentAccess(True, True, name=f"Person {person}", side="de" if person % 2 else "partner", role="editor")


def replace_domains(
    app: Flask,
    document_access: Resolver,
    may_watch: Callable[[str, int, int], bool],
    ended: Callable[[set[str]], set[str]] = lambda _logins: set(),
) -> None:
    """Let these functions answer in place of the domains' own; `may_watch(kind, person, number)`."""
    identity.providers.of(app)[:] = [LoginProvider(_who, ended)]
    for kind in ("measure", "programme"):
        access.resolvers.of(app)[kind] = document_access
        topic_access.rules.of(app)[kind] = partial(may_watch, kind)


def _who() -> Identity | None:
    person = request.headers.get("X-Person")
    return Identity(int(person), request.headers.get("X-Login", "")) if person else None


class SocketTestClient:
    """A connected socket that records its events: `heard[event]` is a list of payloads."""

    def __init__(
        self,
        url: str,
        person: int | None,
        *,
        transport: str = "websocket",
        schema: int | None = events.SCHEMA,
        login: str = "",
    ) -> None:
        self.person = person
        self.heard: dict[str, list[Any]] = {}
        self.socket = PromptClient(reconnection=False, handle_sigint=False)
        self.socket.on("*", self._hear)
        headers = {"X-Person": str(person), "X-Login": login} if person else {}
        auth = {"v": 1, **({"schema": schema} if schema is not None else {})}
        self.socket.connect(url, transports=[transport], auth=auth, headers=headers, wait_timeout=10)

    def _hear(self, event: str, payload: Any = None) -> None:
        self.heard.setdefault(event, []).append(payload)

    def ask(self, event: str, **payload: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.call(event, payload, timeout=15)
        return answer

    def get(self, event: str) -> list[Any]:
        return self.heard.get(event, [])

    def wait_for(self, event: str, count: int = 1, seconds: float = 30.0) -> Any:
        """The last payload of the event, once it has arrived `count` times."""
        until(lambda: len(self.get(event)) >= count, seconds)
        return self.get(event)[-1]

    def close(self) -> None:
        if self.socket.connected:
            self.socket.disconnect()


class ReplicaClient:
    """A client with a replica of one document, as the browser has."""

    def __init__(self, client: SocketTestClient, doc: str) -> None:
        self.client, self.name = client, doc
        self.doc: Doc[XmlFragment] = Doc()
        self.lock = threading.Lock()
        self.sv = b"\x00"
        client.socket.on("doc:update", self._take)

    def _take(self, frame: dict[str, Any]) -> None:
        self.client._hear("doc:update", frame)
        with self.lock:
            for update in frame["u"]:
                self.doc.apply_update(base64.b64decode(update))

    def join(self, **more: Any) -> dict[str, Any]:
        with self.lock:
            mine = self.doc.get_state()
        answer = self.client.ask("doc:join", doc=self.name, sv=b64(mine), **more)
        if answer["ok"]:
            with self.lock:
                self.doc.apply_update(base64.b64decode(answer["u"]))
            self.sv = base64.b64decode(answer["sv"])
        return answer

    def edit(self, change: Callable[[XmlFragment], object], fragment: str = FRAGMENT) -> bytes:
        """Change the replica only; returns the update."""
        with self.lock:
            before = self.doc.get_state()
            change(self.doc.get(fragment, type=XmlFragment))
            return self.doc.get_update(before)

    def send(self, update: bytes) -> dict[str, Any]:
        return self.client.ask("doc:update", doc=self.name, u=b64(update))

    def type(self, text: str) -> dict[str, Any]:
        return self.send(self.edit(lambda fragment: append(fragment, text)))

    def plain(self, fragment: str = FRAGMENT) -> str:
        with self.lock:
            return rich_text.to_plain_text(self.doc.get(fragment, type=XmlFragment))


def element(parent: XmlFragment | XmlElement, index: int = 0) -> XmlElement:
    """The child element of `parent` at `index`. AssertionError where that is text."""
    child = parent.children[index]
    assert isinstance(child, XmlElement)
    return child


def run(parent: XmlFragment | XmlElement, index: int = 0) -> XmlText:
    """The text child of `parent` at `index`. AssertionError where that is an element."""
    child = parent.children[index]
    assert isinstance(child, XmlText)
    return child


def append(fragment: XmlFragment, words: str) -> None:
    """Append text to the last paragraph."""
    paragraph = element(fragment, len(fragment.children) - 1)
    if not len(paragraph.children):
        paragraph.children.append(XmlText())
    text = run(paragraph)
    text.insert(len(text), words)


def paragraph(text: str) -> XmlElement:
    return XmlElement("paragraph", {}, [XmlText(text)])


def random_edit(fragment: XmlFragment, dice: random.Random) -> None:
    """One random edit: a word, a new paragraph, a deletion, or bold text."""
    blocks = len(fragment.children)
    choice = dice.random()
    if choice < 0.15 or not blocks:
        fragment.children.insert(dice.randint(0, blocks), paragraph(f"Absatz {dice.randint(0, 999)} ä😀"))
        return
    if choice < 0.22 and blocks > 2:
        del fragment.children[dice.randrange(blocks)]
        return
    block = element(fragment, dice.randrange(blocks))
    text = next((child for child in block.children if isinstance(child, XmlText)), None)
    if text is None:
        fragment.children.insert(0, paragraph("oben"))
        return
    if choice < 0.4 and len(text) > 2:
        text.clear()
    elif choice < 0.5 and len(text):
        text.format(0, len(text), {"strong": {}})
    else:
        text.insert(len(text), f"wort{dice.randint(0, 99)} ")
