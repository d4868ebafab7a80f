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
    _paths: dict[str, str] = field(default_factory=dict)

    def watch(self, session: CDPSession) -> None:
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    @property
    def first(self) -> dict[str, int]:
        """What the first paint needs: all but the editor."""
        return {path: size for path, size in self.sizes.items() if not is_editor(path)}

    @property
    def editor(self) -> dict[str, int]:
        return {path: size for path, size in self.sizes.items() if is_editor(path)}

    def _sent(self, event: dict[str, Any]) -> None:
        path = urlsplit(event["request"]["url"]).path
        self._paths[event["requestId"]] = path
        initiator = event["initiator"]
        by = initiator.get("url") or next((f["url"] for f in initiator.get("stack", {}).get("callFrames", [])), "")
        self.asked_by.setdefault(path, urlsplit(by).path)

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
