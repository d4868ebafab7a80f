"""The shaped line is as slow as configured, shares its rate, stalls, breaks, and is reproducible."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from tests.live.engine_server import until
from tests.thin.shaped_line import FIRST_WINDOW, PACKET, ShapedLine, Weather, thin

SIZE = 20_000


@contextmanager
def server() -> Iterator[int]:
    """Answers every connection with as many bytes as it asks for; yields its port."""

    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while (asked := self.rfile.readline().split()) and (size := int(asked[1][1:])) >= 0:
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Answers) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_address[1]
        made.shutdown()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with server() as port:
        yield port


def took(line: ShapedLine, size: int = SIZE, session: requests.Session | None = None) -> float:
    began = time.monotonic()
    assert len((session or requests).get(f"{line.url}/{size}", timeout=30).content) == size
    return time.monotonic() - began


def test_a_new_connection_costs_a_round_trip_and_every_byte_its_time(port: int) -> None:
    with thin(port, rate=100_000, delay=0.1) as line, requests.Session() as known:
        assert took(line, session=known) >= 0.2 + 0.2 + SIZE / 100_000
        again = took(line, 1, session=known)
        assert again >= 0.2
        assert line.connections == 1
        up, down = line.carried
        assert SIZE < down < SIZE * 1.1
        assert 0 < up < 1_000
    with thin(port, rate=1e9, delay=0) as line:
        assert min(took(line) for _ in range(5)) < 0.6, "what is slow above is the line"


def test_connections_share_the_line(port: int) -> None:
    with thin(port, rate=100_000, delay=0) as line, ThreadPoolExecutor(4) as pool:
        each = list(pool.map(lambda _: took(line), range(4)))
        assert max(each) >= 4 * SIZE / 100_000
        assert min(each) >= 2 * SIZE / 100_000, "none of them has it to itself"
        assert line.connections == 4


def test_a_connection_begins_slowly(port: int) -> None:
    """More than the first congestion window takes one more round trip, whatever the rate."""
    with thin(port, rate=1e9, delay=0.2) as line:
        assert took(line, FIRST_WINDOW * PACKET * 2) >= 3 * 0.4


def test_nothing_moves_while_the_line_stalls(port: int) -> None:
    with thin(port, rate=1e6, delay=0) as line:
        line.stall(0.7)
        assert took(line, 1) >= 0.6
        assert line.stalls == 1


def test_a_reset_breaks_what_is_open_and_nothing_else(port: int) -> None:
    with thin(port, rate=10_000, delay=0.01) as line, ThreadPoolExecutor() as pool:
        loading = pool.submit(took, line)
        until(lambda: line.carried[1] > 3_000)
        assert line.reset() == 1
        with pytest.raises(requests.RequestException):
            loading.result()
        assert took(line, 1) >= 0
        assert line.resets == 1


def test_the_weather_repeats_itself() -> None:
    def year(seed: int) -> list[float | None]:
        weather = Weather(seed)
        return [weather.after(PACKET) for _ in range(2_000)]

    assert year(7) == year(7)
    assert year(7) != year(8)
    assert {0, 1, None} == {one and 1 for one in year(7)}, "there are resets, stalls, and hours without either"
