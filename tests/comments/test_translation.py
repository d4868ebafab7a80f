"""Machine translation of comments, if the operator has configured a service and it responds."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from klimawerk import config as configuration
from klimawerk.comments import translation
from klimawerk.versions import redaction
from tests.comments.conftest import Table, said

KEY = "key-that-nobody-reads"


class Service:
    """A server with LibreTranslate's API on loopback. `asked`: its requests; `answer(handler)` may be replaced."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[BaseHTTPRequestHandler, dict[str, Any]], None] = self.translate
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append({"path": self.path, **json.loads(body)})
                outer.answer(self, outer.asked[-1])

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def translate(self, handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        send(handler, json.dumps({"translatedText": f"[{asked['target']}] <b>{asked['q']}"}).encode())

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def service(table: Table) -> Iterator[Service]:
    made = Service()
    known = table.app.extensions["klimawerk"]
    table.app.extensions["klimawerk"] = dataclasses.replace(known, translate_url=made.url, translate_key=KEY)
    yield made
    made.stop()


def test_it_stands_below_the_original_and_says_that_a_machine_made_it(
    any_database: str, table: Table, service: Service
) -> None:
    table.voice().begin("Wer zahlt?", language="de")
    reader = table.voice("reviewer", "partner")
    assert "Translate into English" in reader.page()
    assert reader.do("/comments/1/translation").headers["Location"] == "/threads/1#comment-1"
    page = reader.page()
    assert service.asked == [
        {"path": "/translate", "q": "Wer zahlt?", "source": "de", "target": "en", "format": "text", "api_key": KEY}
    ]
    assert "Machine translation from German" in page
    assert "[en] &lt;b&gt;Wer zahlt?" in page
    assert page.index("Wer zahlt?") < page.index("[en]")
    assert "Translate into English" not in page


def test_it_is_asked_for_once(table: Table, service: Service) -> None:
    table.voice().begin("Wer zahlt?", language="de")
    for _ in range(2):
        table.voice("reviewer", "partner").do("/comments/1/translation")
        table.voice("editor", "partner").do("/comments/1/translation")
    assert len(service.asked) == 1


def test_a_changed_comment_has_no_old_translation(any_database: str, table: Table, service: Service) -> None:
    table.voice().begin("Wer zahlt?", language="de")
    reader = table.voice("reviewer", "partner")
    reader.do("/comments/1/translation")
    table.voice().do("/comments/1", words="Wer zahlt wann?")
    assert "[en]" not in reader.page()
    reader.do("/comments/1/translation")
    assert "Wer zahlt wann?" in reader.page().partition("[en]")[2]
    redaction.redact(table.measure, "zahlt wann", "Not for everybody")
    assert "[en]" not in reader.page()


def test_nobody_is_offered_what_is_in_their_language_or_not_set_up(table: Table, service: Service) -> None:
    table.voice().begin("Wer zahlt?", language="de")
    assert "Translate into" not in table.voice("reviewer").page()
    known = table.app.extensions["klimawerk"]
    table.app.extensions["klimawerk"] = dataclasses.replace(known, translate_url=None)
    reader = table.voice("reviewer", "partner")
    assert "Translate into" not in reader.page()
    assert reader.do("/comments/1/translation").status_code == 404


def test_what_one_side_keeps_to_itself_nobody_else_can_have_translated(table: Table, service: Service) -> None:
    table.thread("Unter uns.", side="de", by=table.member())
    assert table.voice("editor", "partner").do("/comments/1/translation").status_code == 404
    assert service.asked == []


ANSWERS = {
    "an error": lambda handler, _: send(handler, b"{}", 500),
    "no JSON": lambda handler, _: send(handler, b"<html>"),
    "nothing": lambda handler, _: send(handler, b"{}"),
    "a redirect": lambda handler, _: send(handler, b"", 302, Location="http://127.0.0.1:1/translate"),
    "too much": lambda handler, _: send(handler, b'{"translatedText": "' + b"x" * 300_000 + b'"}'),
    "nested": lambda handler, _: send(handler, b"[" * 100_000),
    "silence": lambda handler, _: handler.connection.close(),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_when_there_is_no_translation_one_calm_sentence_says_so(
    table: Table, service: Service, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.answer = ANSWERS[kind]
    table.voice().begin("Wer zahlt?", language="de")
    reader = table.voice("reviewer", "partner")
    answer = reader.do("/comments/1/translation")
    assert answer.status_code == 409
    assert "There is no translation at the moment." in said(answer.get_data(as_text=True))
    assert "Wer zahlt?" in reader.page()
    assert "was not translated" in caplog.text
    assert KEY not in caplog.text
    assert "Wer zahlt" not in caplog.text
    service.answer = service.translate
    assert reader.do("/comments/1/translation").status_code == 303


def test_a_service_that_is_down_or_too_slow_is_not_waited_for(
    table: Table, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.voice().begin("Wer zahlt?", language="de")
    monkeypatch.setattr(translation, "TOTAL_TIMEOUT", 0.3)
    held = threading.Event()

    def late(_handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        held.wait(5)

    service.answer = late
    reader = table.voice("reviewer", "partner")
    assert reader.do("/comments/1/translation").status_code == 409
    held.set()
    service.stop()
    assert reader.do("/comments/1/translation").status_code == 409


def test_only_web_addresses_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLIMAWERK_TRANSLATE_URL", "file:///etc/passwd")
    with pytest.raises(configuration.BadConfiguration, match="KLIMAWERK_TRANSLATE_URL"):
        configuration.load()
