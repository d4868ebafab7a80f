"""What goes over the line for one page, as the browser counts it: packed bodies and headers of answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

EDITOR = ("klimawerk-editor", "/js/later.js", "/words/", "/css/writing.css")
"""What comes when a text is touched or the line is idle."""


@dataclass
class Load:
    """One loading of a page by a browser that has never been here; sizes are bytes by path."""

    sizes: dict[str, int] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    asked_by: dict[str, str] = field(default_factory=dict)
    """Path of a request: path of the file that asked for it ("" for the page itself)."""
    frames: list[tuple[bool, str]] = field(default_factory=list)
    """What went over the page's WebSocket: (whether it was sent, the message), without signs of life."""
    _paths: dict[str, str] = field(default_factory=dict)

    def watch(self, session: CDPSession) -> None:
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.webSocketFrameSent", lambda event: self._frame(True, event))
        session.on("Network.webSocketFrameReceived", lambda event: self._frame(False, event))
        session.send("Network.enable")

    @property
    def first(self) -> dict[str, int]:
        """What the first paint needs: all but the editor."""
        return {path: size for path, size in self.sizes.items() if not is_editor(path)}

    @property
    def editor(self) -> dict[str, int]:
        return {path: size for path, size in self.sizes.items() if is_editor(path)}

    def depth(self, path: str) -> int:
        """How many answers, one because of the other, it takes until that file is here: 1 for the page itself."""
        by = self.asked_by.get(path, "")
        return 1 + (self.depth(by) if by and by != path else 0)

    def turns(self, word: str) -> int:
        """How often the page waited for an answer on its WebSocket before it sent a message with `word` in it."""
        waited = 0
        before = True
        for sent, message in self.frames:
            waited += sent and not before
            if sent and word in message:
                return waited
            before = sent
        raise AssertionError(f"{word} was never sent: {self.frames}")

    def _sent(self, event: dict[str, Any]) -> None:
        path = urlsplit(event["request"]["url"]).path
        self._paths[event["requestId"]] = path
        initiator = event["initiator"]
        by = initiator.get("url") or next((f["url"] for f in initiator.get("stack", {}).get("callFrames", [])), "")
        self.asked_by.setdefault(path, urlsplit(by).path)

    def _frame(self, sent: bool, event: dict[str, Any]) -> None:
        message = event["response"]["payloadData"]
        if message not in ("2", "3"):
            self.frames.append((sent, message))

    def _received(self, event: dict[str, Any]) -> None:
        path = self._paths.get(event["requestId"], "")
        self.headers[path] = {name.lower(): value for name, value in event["response"]["headers"].items()}

    def _finished(self, event: dict[str, Any]) -> None:
        path = self._paths.get(event["requestId"])
        if path and not path.startswith("/socket.io"):
            self.sizes[path] = self.sizes.get(path, 0) + int(event["encodedDataLength"])


def is_editor(path: str) -> bool:
    return any(part in path for part in EDITOR)


def fresh(browser: Browser, known: BrowserContext, **options: Any) -> BrowserContext:
    """A browser with nothing in its cache, signed in as `known` is."""
    return browser.new_context(storage_state=known.storage_state(), **options)


def load(context: BrowserContext, address: str, *, ready: str) -> tuple[Page, Load]:
    """Open `address` and wait for the element `ready`."""
    page = context.new_page()
    seen = Load()
    seen.watch(context.new_cdp_session(page))
    page.goto(address)
    page.locator(ready).first.wait_for()
    return page, seen
