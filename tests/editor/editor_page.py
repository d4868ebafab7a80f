"""The editor in a real browser without a server: what is pasted, and whether the server would accept the update."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask_babel import Babel
from playwright.sync_api import Browser, Page, Route
from pycrdt import Doc, XmlFragment

from klimawerk.collab import rich_text
from klimawerk.collab.rich_text import Node
from klimawerk.collab.validation.validator import UpdateValidator
from klimawerk.web.browser_messages import MESSAGES

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "static"
ADDRESS = "http://localhost"
FRAGMENT = "text.en"


@dataclass(frozen=True)
class EditorAnswer:
    """`shown`: the text in this browser, `elsewhere`: in another one, `stored`: on the server; `note`: the note at the
    text; `html`: the HTML shown.
    """

    shown: Node
    elsewhere: Node
    stored: Node
    note: str
    html: str


class EditorPage:
    """A page with the editor's modules; each text is opened in a document of its own."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def paste(self, html: str, text: Node | None = None, **options: Any) -> EditorAnswer:
        """`options`: multiline (False for a title), plain (text of the clipboard), files (names of pictures)."""
        state = _state(text)
        return _answer(
            state,
            self._page.evaluate("([state, html, options]) => paste(state, html, options)", [state, html, options]),
        )

    def paste_all(self, pieces: list[str]) -> list[EditorAnswer]:
        """Each is pasted into an empty text."""
        state = _state(None)
        answers = self._page.evaluate("([state, some]) => pasteAll(state, some)", [state, pieces])
        return [_answer(state, answer) for answer in answers]

    def type(self, words: str, text: Node) -> EditorAnswer:
        """Types at the end of the text."""
        state = _state(text)
        return _answer(state, self._page.evaluate("([state, words]) => type(state, words)", [state, words]))

    def drop(self, *files: str) -> tuple[EditorAnswer, bool]:
        """Drops pictures on an empty text; also returns whether the browser would open them instead of the page."""
        state = _state(None)
        answer = self._page.evaluate("([state, files]) => drop(state, files)", [state, files])
        opened = answer.pop("opened")
        return _answer(state, answer), opened

    def paste_into_field(self, **given: Any) -> str:
        """The note at a plain field after pasting. `given`: html, plain, files."""
        note, after = self._page.evaluate("(given) => pasteIntoField(given)", given)
        assert after == "", "it goes with the next letter"
        return str(note)


@contextmanager
def open_editor_page(browser: Browser) -> Iterator[EditorPage]:
    page = browser.new_page()
    page.route(f"{ADDRESS}/**", _serve)
    page.goto(ADDRESS)
    page.evaluate("import('/desk.mjs')")
    early = page.evaluate("pasteEarly('<p>keep <s>gone</s></p>')")
    assert early == ["", "keep"], "what is pasted before the reader of HTML is here goes in when it is"
    yield EditorPage(page)
    page.close()


def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(ADDRESS)
    if path == "/":
        route.fulfill(
            content_type="text/html", body=f'<script type="application/json" id="words">{_messages()}</script>'
        )
    elif path == "/desk.mjs":
        route.fulfill(content_type="text/javascript", body=(HERE / "editor_page.mjs").read_text())
    elif path.endswith(".js"):
        route.fulfill(content_type="text/javascript", body=(STATIC / path.lstrip("/")).read_text())
    else:
        route.fulfill(status=404)


def _messages() -> str:
    app = Flask("desk")
    Babel(app)
    with app.test_request_context():
        return json.dumps({key: str(sentence) for key, sentence in MESSAGES.items()})


def _state(text: Node | None) -> str:
    document: Doc[XmlFragment] = Doc()
    rich_text.write_fragment(document.get(FRAGMENT, type=XmlFragment), text or rich_text.empty_text())
    return base64.b64encode(document.get_update()).decode()


def _answer(state: str, answer: dict[str, Any]) -> EditorAnswer:
    """Validates the update as the server does; raises Refused where it would be refused."""
    before, update = base64.b64decode(state), base64.b64decode(answer.pop("update"))
    knowledge = UpdateValidator({FRAGMENT})
    knowledge.learn(before)
    knowledge.judge(update)
    document: Doc[XmlFragment] = Doc()
    fragment = document.get(FRAGMENT, type=XmlFragment)
    document.apply_update(before)
    document.apply_update(update)
    return EditorAnswer(stored=rich_text.read_fragment(fragment), **answer)
