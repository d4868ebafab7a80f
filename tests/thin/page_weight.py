"""Bytes on the wire for one page, as the browser counts them: compressed bodies and headers of responses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

EDITOR = ("klimawerk-editor", "/js/editor.js", "/js/later.js", "/words/", "/css/writing.css")
"""Files loaded when a text is opened or the page is idle."""
FORMS = re.compile(r"/items/\d+/forms")
"""The forms of a sheet, which come when the page is idle."""
THREADS = re.compile(r"/items/\d+/comments/panel|.*/css/comments\.css")
"""The threads in the panel and their style, which come when the page is idle and the panel is in sight."""


@dataclass
class Load:
    """One loading of a page by a browser with an empty cache; sizes are bytes by path."""

    sizes: dict[str, int] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    asked_by: dict[str, str] = field(default_factory=dict)
    """Path of a request: path of the file that requested it ("" for the page itself)."""
    frames: list[tuple[bool, str]] = field(default_factory=list)
    """Messages on the page's WebSocket without heartbeats: (whether it was sent, the message)."""
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
        """What the first paint needs: everything but what comes when the page is idle (editor, forms, threads)."""
        later = (FORMS, THREADS)
        return {
            path: size
            for path, size in self.sizes.items()
            if not (is_editor(path) or any(pattern.fullmatch(path) for pattern in later))
        }

    @property
    def threads(self) -> dict[str, int]:
        return {path: size for path, size in self.sizes.items() if THREADS.fullmatch(path)}

    @property
    def forms(self) -> dict[str, int]:
        return {path: size for path, size in self.sizes.items() if FORMS.fullmatch(path)}

    @property
    def editor(self) -> dict[str, int]:
        return {path: size for path, size in self.sizes.items() if is_editor(path)}

    def depth(self, path: str) -> int:
        """The number of dependent responses until that file is loaded: 1 for the page itself."""
        by = self.asked_by.get(path, "")
        return 1 + (self.depth(by) if by and by != path else 0)

    def turns(self, word: str) -> int:
        """How many responses on its WebSocket the page awaited before it sent a message that contains `word`."""
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
    """A browser with an empty cache, signed in like `known`."""
    return browser.new_context(storage_state=known.storage_state(), **options)


def load(context: BrowserContext, address: str, *, ready: str) -> tuple[Page, Load]:
    """Open `address` and wait for the element `ready`."""
    page = context.new_page()
    seen = Load()
    seen.watch(context.new_cdp_session(page))
    page.goto(address)
    page.locator(ready).first.wait_for()
    return page, seen
