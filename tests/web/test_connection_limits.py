"""Connection limits: incomplete requests, slow requests and anonymous sockets are capped; other clients are served."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import select
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask

from klimawerk.live import transport
from klimawerk.web import connection_limits
from tests import factories
from tests.lines import nginx
from tests.lines.nginx import behind_nginx
from tests.live.engine_server import until
from tests.servers import KlimawerkServer

HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
LONG = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n" + FORM
UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@contextlib.contextmanager
def open_connections(server: KlimawerkServer, count: int, begin: bytes) -> Iterator[list[socket.socket]]:
    """`count` connections that have sent the beginning of a request."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count + 1_000)), hard))
    opened = []
    try:
        for _ in range(count):
            opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            opened[-1].sendall(begin)
        yield opened
    finally:
        for connection in opened:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def closed(opened: list[socket.socket]) -> int:
    """The number of these sockets that the server has closed."""
    poll = select.poll()
    for connection in opened:
        poll.register(connection, select.POLLIN)
    return len(poll.poll(0))


def count(server: KlimawerkServer, name: str) -> int:
    """A counter from the server's diagnostics (operations/diagnostics.py)."""

    def counters() -> list[str]:
        return re.findall(r"\bcounts (\{.*\})", server.log)

    before = len(counters())
    os.kill(server.pid, signal.SIGUSR1)
    until(lambda: len(counters()) > before, 15)
    return int(json.loads(counters()[-1])[name])


def ask(connection: socket.socket, request: bytes) -> bytes:
    """Send `request` and read the response of /healthz; of another one, all that arrives."""
    connection.sendall(request)
    received = b""
    with contextlib.suppress(OSError):
        while not received.endswith(b"}\n") and (piece := connection.recv(65_536)):
            received += piece
    return received


def test_of_half_requests_the_oldest_give_way_and_health_is_answered(live_server: KlimawerkServer) -> None:
    """4,100 of them kept /healthz from answering."""
    more = 60
    with open_connections(live_server, connection_limits.MOST_HALF + more, HALF) as half:
        until(lambda: closed(half) == more, 20)
        assert closed(half[:more]) == more
        assert live_server.answers()
        assert (
            count(live_server, "half") == connection_limits.MOST_HALF - 1
        )  # the request to /healthz before took one place
        newest = ask(half[-1], b": b\r\n\r\n")
        assert newest.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("size", [300, 20_000])
def test_slow_bodies_make_room_for_one_that_has_just_begun(live_server: KlimawerkServer, size: int) -> None:
    """A form whose body came after its head was closed, since nothing of it had come yet, and 400 slow ones stayed."""
    form = b"POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n" % size + FORM
    with open_connections(live_server, connection_limits.MOST_BODIES, LONG) as slow:
        for connection in slow:
            connection.sendall(b"a")
        with open_connections(live_server, 3, form) as new:
            until(lambda: closed(slow) == 3 or closed(new), 20)
            assert closed(new) == 0
            assert closed(slow[:3]) == 3
            assert [ask(connection, b"a" * size)[:12] for connection in new] == [b"HTTP/1.1 400"] * 3


@pytest.fixture
def some() -> Iterator[Callable[[connection_limits.ClientConnections, int], list[connection_limits.ClientConnection]]]:
    """Factory for connections, each with a real client socket."""
    opened: list[socket.socket] = []

    def make(all_: connection_limits.ClientConnections, number: int) -> list[connection_limits.ClientConnection]:
        pairs = [socket.socketpair() for _ in range(number)]
        opened.extend(end for pair in pairs for end in pair)
        return [connection_limits.ClientConnection(server, all_) for server, _client in pairs]

    yield make
    for end in opened:
        end.close()


Some = Callable[[connection_limits.ClientConnections, int], list[connection_limits.ClientConnection]]


def body(
    connection: connection_limits.ClientConnection, seconds: float, size: int
) -> connection_limits.ClientConnection:
    """Set when the body of a connection began, and how many bytes of it have arrived."""
    connection.begin_body()
    connection._body_at -= seconds
    connection._body_bytes = size
    return connection


@pytest.mark.parametrize(
    ("others", "given_up"),
    [
        ([(60, 120_000_000), (60, 60), (30, 60)], 1),  # the slowest, and not the upload that gets on
        ([(60, 0), (30, 0), (90, 0)], 2),  # of equals the one that waits for the longest
        ([(2, 1), (1, 1), (3, 1)], 2),  # all have just begun: the oldest
        ([(60, 120_000_000), (60, 60_000_000), (30, 90_000_000)], 1),  # all get on: the newcomer is still none of them
    ],
)
def test_of_bodies_the_slowest_gives_way_and_never_the_newest(
    some: Some, others: list[tuple[float, int]], given_up: int
) -> None:
    all_ = connection_limits.ClientConnections(files=8 * len(others))
    connections = [
        body(connection, *progress) for connection, progress in zip(some(all_, len(others)), others, strict=True)
    ]
    [newest] = some(all_, 1)
    body(newest, 0, 0)
    for connection in (*connections, newest):
        all_.bodies.add(connection)
    assert [connection._ended for connection in (*connections, newest)] == [
        number == given_up for number in range(len(others) + 1)
    ]


@pytest.mark.parametrize("what", ["half", "idle", "bodies", "answers"])
def test_in_no_list_the_newest_gives_way(some: Some, what: str) -> None:
    all_ = connection_limits.ClientConnections(files=8 * 3)
    waiting = getattr(all_, what)
    connections = [body(connection, 0, 0) for connection in some(connection_limits.ClientConnections(), 5)]
    for connection in connections:
        waiting.add(connection)
    assert [connection._ended for connection in connections] == [True, True, False, False, False]


def test_a_connection_that_was_served_is_kept_before_half_requests(live_server: KlimawerkServer) -> None:
    with (
        open_connections(live_server, 1, b"") as [steady],
        open_connections(live_server, connection_limits.MOST_HALF // 2, HALF),
    ):
        assert ask(steady, HALF + b": b\r\n\r\n").startswith(b"HTTP/1.1 200")
        with open_connections(live_server, connection_limits.MOST_HALF, HALF):
            assert ask(steady, HALF + b": b\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_headers_without_an_end_are_refused_before_they_are_large(live_server: KlimawerkServer) -> None:
    with open_connections(live_server, 1, b"GET /healthz HTTP/1.1\r\n") as [connection]:
        for n in range(40):
            with contextlib.suppress(OSError):
                connection.sendall(b"X-%d: " % n + b"x" * 1_000 + b"\r\n")
        with contextlib.suppress(OSError):
            assert connection.recv(1_000).startswith(b"HTTP/1.1 431")
        until(lambda: closed([connection]), 10)
    with open_connections(live_server, 1, b"GET /healthz HTTP/1.1\r\nHost: x\r\n") as [connection]:
        assert ask(connection, b"X-A: " + b"x" * 8_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_connections_of_nobody_are_bounded_and_the_newest_is_heard(live_server: KlimawerkServer) -> None:
    address = f"{live_server.url}/socket.io/?EIO=4&transport=polling"
    with requests.Session() as session:
        sids = [
            json.loads(session.get(address, timeout=10).text[1:])["sid"] for _ in range(transport.MAX_ANONYMOUS + 20)
        ]
        assert count(live_server, "sockets") <= transport.MAX_ANONYMOUS
        assert session.get(f"{address}&sid={sids[0]}", timeout=10).status_code == 400
        assert session.post(f"{address}&sid={sids[-1]}", data='40{"v":1}', timeout=10).status_code == 200
        assert "login_required" in session.get(f"{address}&sid={sids[-1]}", timeout=10).text
    person = live_server.socket(factories.person())
    assert person.call("watch", {"topics": []}, timeout=10)["ok"]
    person.disconnect()


def test_a_stranger_sends_no_large_message(live_server: KlimawerkServer) -> None:
    """An incomplete message was kept without a time limit: a quarter of a megabyte for each anonymous connection."""
    with open_connections(live_server, 1, UPGRADE) as [connection]:
        assert b"101 Switching" in connection.recv(1_000)
        connection.sendall(b"\x81\xfe" + (transport.ANONYMOUS_MESSAGE_SIZE + 1).to_bytes(2, "big") + b"\0\0\0\0")
        received = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(1_000):
                received += piece
        assert b"\x88\x02\x03\xf1" in received  # closed: 1009, too big
    person = live_server.socket(factories.person())
    topics = [f"measure:{n}" for n in range(1, 1_990)]
    assert len(json.dumps(topics)) > transport.ANONYMOUS_MESSAGE_SIZE
    assert person.call("watch", {"topics": topics}, timeout=20)["ok"]
    person.disconnect()


def test_one_connection_holds_few_requests_that_wait(live_server: KlimawerkServer) -> None:
    address = "/socket.io/?EIO=4&transport=polling"
    sid = json.loads(requests.get(live_server.url + address, timeout=10).text[1:])["sid"]
    poll = f"GET {address}&sid={sid} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with open_connections(live_server, transport.MAX_POLLS, poll) as waiting:
        until(lambda: count(live_server, "half") == 0, 10)
        assert closed(waiting) == 0
        assert requests.get(f"{live_server.url}{address}&sid={sid}", timeout=10).status_code == 400
        until(lambda: closed(waiting) == transport.MAX_POLLS, 10)


@pytest.mark.slow
def test_four_thousand_and_more_half_requests_keep_nobody_from_being_answered(live_server: KlimawerkServer) -> None:
    with open_connections(live_server, 4_100, HALF):
        assert live_server.answers()
        assert live_server.session(factories.person())


@pytest.mark.slow
def test_who_does_not_finish_is_told_and_closed(live_server: KlimawerkServer) -> None:
    """Headers within ten seconds, however slowly they arrive; a body not slower than a bad connection."""
    post = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n" + FORM
    with (
        open_connections(live_server, 1, HALF) as [half],
        open_connections(live_server, 1, b"") as [silent],
        open_connections(live_server, 1, post) as [body],
    ):
        until(lambda: _trickle(half) or closed([half]), connection_limits.HEADER_SECONDS + 10)
        assert half.recv(100).startswith(b"HTTP/1.1 408")
        until(lambda: closed([silent]), 5)
        assert silent.recv(100) == b""
        until(lambda: _trickle(body) or closed([body]), connection_limits.BODY_GRACE + 15)
        assert live_server.answers()


@pytest.mark.slow
def test_nginx_as_the_readme_says_does_not_wait_for_half_requests_either(
    app: Flask, database_address: str, tmp_path: Path
) -> None:
    assert nginx.INSTALLED, nginx.MISSING
    with behind_nginx(tmp_path, database_address) as site:
        context = ssl.create_default_context(cafile=str(site.verify))
        port = int(site.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as half,
        ):
            half.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            half.settimeout(30)  # an open connection would raise TimeoutError
            with contextlib.suppress(ConnectionResetError):
                assert half.recv(1_000) == b"" or b"408" in half.recv(1_000)
        assert requests.get(f"{site.url}/healthz", timeout=5, verify=str(site.verify)).ok


def _trickle(connection: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        connection.sendall(b"x")
    select.select([], [], [], 0.5)
    return False
