"""The server is killed while a page loads a large text for the first time: in the end the page has all of it."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.measures.models import Measure
from tests import servers
from tests.browsers import move_caret
from tests.editor.conftest import SheetWindow
from tests.factories import Team
from tests.faults.socket_client import FRAGMENT
from tests.live.engine_server import until
from tests.offline.browser_store import text_on_disk, wait_until
from tests.servers import free_port

BEGUN = 5_000  # bytes of the text that the page receives before the transfer stops
_GET, _JOINED = b"GET /live/documents/", b'"u":"'


class StoppingProxy:
    """Forwards everything, but stops the first large text in the middle (`stopped`).

    With `stalls` its connection then stays open silently, as where the network does not report that the server is gone;
    else it closes with the server. `url` is the address for browsers.
    """

    def __init__(self, port: int, *, stalls: bool) -> None:
        self._port, self._stalls = port, stalls
        self._listener = socket.create_server(("127.0.0.1", free_port()), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.stopped, self._over = threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        asked = threading.Event()
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as server:
            threading.Thread(target=self._up, args=(client, server, asked), daemon=True).start()
            self._down(server, client, asked)
        _end(client)

    def _up(self, client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                if _GET in data:
                    asked.set()
                server.sendall(data)
        _end(server)

    def _down(self, server: socket.socket, client: socket.socket, asked: threading.Event) -> None:
        while data := server.recv(1_000_000):
            if not self.stopped.is_set() and (asked.is_set() or _JOINED in data):
                client.sendall(data[:BEGUN])
                self.stopped.set()
                while server.recv(65_536):  # until the server is gone
                    pass
                if self._stalls:
                    self._over.wait()
                return
            client.sendall(data)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def stalls() -> bool:
    return False


@pytest.fixture
def proxy(live_server: servers.KlimawerkServer, stalls: bool) -> Iterator[StoppingProxy]:
    proxy = StoppingProxy(live_server.port, stalls=stalls)
    live_server.url = proxy.url
    yield proxy
    proxy.close()


@pytest.mark.parametrize(
    ("words", "stalls"),
    [(25_000, True), pytest.param(6_000, False, marks=pytest.mark.slow)],
    ids=["by GET, and the line stalls", "in the answer of the join"],
)
def test_a_page_whose_first_text_was_cut_off_ends_with_all_of_it(
    words: int,
    team: Team,
    measure: Measure,
    proxy: StoppingProxy,
    live_server: servers.KlimawerkServer,
    page_for: Callable[..., Page],
) -> None:
    whole = _fill(measure, words)
    page = page_for(team.de["editor"], path=f"/measures/{measure.id}")
    wait_until(page, proxy.stopped.is_set)
    live_server.kill()
    live_server.start()
    sheet = SheetWindow(page, measure.id)
    expect(sheet.state).to_have_attribute("data-state", "saved")
    sheet.edit()
    move_caret(page, "Control+End")
    page.keyboard.type(" To the end.")
    until(lambda: text_on_disk(measure) == f"{whole} To the end.")
    assert page.evaluate(_LENGTH, measure.id) == len(whole) + len(" To the end.")


_LENGTH = "(item) => document.querySelector(`#t-${item}-description-en .text-body p`).textContent.length"


def _fill(measure: Measure, words: int) -> str:
    """That many words that do not compress."""
    dice = random.Random(3)
    whole = " ".join("".join(dice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6)) for _ in range(words))
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": whole}]}
    with writing():
        document_store.replace_contents(measure.name, {FRAGMENT: {"type": "doc", "content": [paragraph]}})
    return whole
