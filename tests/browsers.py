"""Chromium windows for tests, which record script errors and requests to other hosts."""

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

# Console messages that are expected when a server is killed (nginx then answers 502) or answers 4xx.
_EXPECTED = re.compile(
    r"Failed to load resource: (the server responded with a status of (4\d\d|50[24])|net::ERR_)"
    r"|WebSocket connection to .* failed|net::ERR_"
)


def program() -> str:
    """The path of Debian's Chromium; chromium-headless-shell, the same browser, takes a third of the processor time."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path, "The tests need Debian's Chromium; please run: sudo apt install chromium-headless-shell"
    return path


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """Debian's Chromium, headless and without background requests; `options` are added to the usual ones."""
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
    """Opens windows onto one server and records errors of all of them in `faults`."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def open(self, person: Person | None = None, *, path: str = "/", **options: Any) -> Page:
        """A page in a context of its own, signed in as `person`; `options` as for `new_context`.

        Each person's window has their locale and time zone.
        """
        defaults: dict[str, Any] = {
            "locale": "en-GB",
            "viewport": {"width": 1280, "height": 900},
            "base_url": self._url,
            "ignore_https_errors": self._url.startswith("https"),  # a self-signed certificate
            "service_workers": "block",  # it would intercept requests that a test intercepts
        }
        if person is not None:
            defaults |= {
                "locale": {"de": "de-DE"}.get(person.language, "en-GB"),
                "timezone_id": person.timezone,
            }
        context = self._browser.new_context(**(defaults | options))
        context.set_default_timeout(30_000)  # a busy machine is no failure
        self._contexts.append(context)
        context.on("request", self._check_request)
        context.on("console", self._check_console)
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
        """Send the sign-in form without rendering it, which saves two pages in each of hundreds of windows."""
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

    def _check_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != urlsplit(self._url).netloc:
            self.faults.append(f"a request left the host: {request.url}")

    def _check_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            self.faults.append(f"console: {message.text} {message.location}")


def begin_to_write(text: Locator) -> None:
    """Press the Edit button of a <kw-text>; the caret is then at its end and may be moved."""
    text.locator(".text-edit").click()
    caret_may_move(text)


def caret_may_move(text: Locator) -> None:
    """Wait until ProseMirror accepts a caret at the start of a text that has just been focused.

    Within 200 ms after the focus it takes such a move for a browser's fault and reverts it; no event tells when that
    time is over.
    """
    text.locator("[role=textbox]:focus").wait_for()
    text.page.wait_for_timeout(250)


def move_caret(page: Page, key: str) -> None:
    """Press a key that moves the caret or selects, and wait until the page has read the selection."""
    page.keyboard.press(key)
    selection_read(page)


def selection_read(page: Page) -> None:
    """Wait until the page has received the current selection.

    Chromium reports it in a separate task. In a busy page, the next key or a script of the test may run before it, and
    the editor uses the previous position. After a frame and a timer every pending task has run.
    """
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def account_menu(page: Page) -> Locator:
    """The account menu in the bar (language, data saver, shortcuts, sign out), opened."""
    menu = page.locator("details.account")
    if not menu.evaluate("menu => menu.open"):
        menu.locator("summary").click()
    return menu


def sign_in(page: Page, person: Person, password: str = factories.PASSWORD) -> None:
    """Sign in through the form, with the keyboard."""
    page.goto("/login")
    page.locator("input[name=email]").fill(person.email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
