"""Chromium as people use it, and a watch on what must never happen in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from klimawerk.accounts.models import Person
from tests import factories

expect.set_options(timeout=30_000)  # a busy machine is no failure

# Expected when a server is killed (nginx then answers 502) or answers 4xx: the browser says so in its console, and so
# does the page.
_EXPECTED = re.compile(
    r"Failed to load resource: (the server responded with a status of (4\d\d|50[24])|net::ERR_)"
    r"|WebSocket connection to .* failed|net::ERR_"
)


def program() -> str:
    """Debian's Chromium. Its shell without windows is the same browser, and takes a third of the processor time."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert found, "The tests need Debian's Chromium; please run: sudo apt install chromium-headless-shell"
    return found


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """Debian's Chromium without a window, and without a word to its maker; `options` beside the usual ones."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program(),
            args=[
                "--no-sandbox",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                *options,
            ],
        )
        yield browser
        browser.close()


class Windows:
    """Opens windows onto one server and remembers what went wrong in any of them (`faults`)."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def open(self, person: Person | None = None, *, path: str = "/", **options: Any) -> Page:
        """A page in a context of its own, signed in as `person`; `options` as for `new_context`.

        Each person's window speaks their language and lives in their time zone.
        """
        defaults: dict[str, Any] = {
            "locale": "en-GB",
            "viewport": {"width": 1280, "height": 900},
            "base_url": self._url,
            "ignore_https_errors": self._url.startswith("https"),  # the tests' own certificate
            "service_workers": "block",  # it would stand between the page and what a test does to its requests
        }
        if person is not None:
            defaults |= {
                "locale": {"de": "de-DE"}.get(person.language, "en-GB"),
                "timezone_id": person.timezone,
            }
        context = self._browser.new_context(**(defaults | options))
        context.set_default_timeout(30_000)  # a busy machine is no failure
        self._contexts.append(context)
        context.on("request", self._look_at_request)
        context.on("console", self._look_at_console)
        context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        page = context.new_page()
        if person is not None:
            self._sign_in(page, person)
        page.goto(path)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _sign_in(self, page: Page, person: Person) -> None:
        """As the form does, without drawing it: two pages less in each of hundreds of windows."""
        form = page.request.get("/login").text()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert token is not None, f"no CSRF token on the login page:\n{form[:2000]}"
        answer = page.request.post(
            "/login",
            form={"email": person.email, "password": factories.PASSWORD, "csrf_token": token[1]},
            headers={"Referer": self._url},
            max_redirects=0,
        )
        assert answer.status == 302, f"signing in as {person.email}: {answer.status}"

    def _look_at_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != urlsplit(self._url).netloc:
            self.faults.append(f"a request left the host: {request.url}")

    def _look_at_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            self.faults.append(f"console: {message.text} {message.location}")


def begin_to_write(text: Locator) -> None:
    """Press the Edit button of a <kw-text>; the caret then stands at its end and may be moved."""
    text.locator(".text-edit").click()
    caret_may_move(text)


def caret_may_move(text: Locator) -> None:
    """Returns when a text that was just entered takes a caret that goes to its start for meant.

    Within 200 ms of the focus ProseMirror takes it for a mistake of the browser's and puts it back; nothing in the page
    tells when they are over.
    """
    text.locator("[role=textbox]:focus").wait_for()
    text.page.wait_for_timeout(250)


def move_caret(page: Page, key: str) -> None:
    """Press a key that moves the caret or marks words, until the page has read where it is."""
    page.keyboard.press(key)
    selection_read(page)


def selection_read(page: Page) -> None:
    """Returns when the page has been told of the selection as it is now.

    Chromium tells it in a task of its own, and in a page that computes the next key, or a script of the test, comes
    before it: an editor takes that key at the place before. After a frame and a timer all that was due has been told.
    """
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def sign_in(page: Page, person: Person, password: str = factories.PASSWORD) -> None:
    """Through the form, with the keyboard."""
    page.goto("/login")
    page.locator("input[name=email]").fill(person.email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
