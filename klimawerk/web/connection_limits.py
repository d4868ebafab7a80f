"""Time limits and caps for incoming HTTP connections (slow requests, "slowloris"), for gunicorn's gevent worker.

gunicorn's worker waits without a limit for the rest of a request, and for the client to read a response; with
`worker_connections` such clients no one else is served. Here a request line with its headers has a deadline, bodies and
responses have a lowest rate, and the number of connections that wait for their client is capped: beyond the cap the
connection with the least progress is closed, never one that has just begun. Once a WebSocket has taken over a
connection, these limits no longer apply to it.
"""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

HEADER_SECONDS = 10.0  # from the first byte of a request (or the start of the connection) to the end of its headers
HEADER_RATE = 32_768
BODY_GRACE, BODY_RATE = 30.0, 2_000.0  # seconds, and bytes a second, that the server waits for a body
MAX_DRAIN_BYTES = 20_000_000  # of a body that the application did not read; beyond that the connection ends
BODY_START_SECONDS = 5.0  # seconds in which a body counts as fast, even if nothing has arrived
PIECE, PIECE_SECONDS = 65_536, 60.0  # bytes of a response that the client has to read within so many seconds
MOST_HALF, MOST_IDLE, MOST_BODIES, MOST_ANSWERS = 1_000, 1_000, 400, 1_000
WANTED_FILES = 16_384  # open files and connections requested from the operating system


class ClientConnections:
    """The connections of this process that wait for their client, by what they wait for:

    the headers of a request (`half`), the next request (`idle`), a body, or the reading of a response (`answers`).
    """

    def __init__(self, files: int = WANTED_FILES) -> None:
        """`files`: how many files the process may have open at once; a small number lowers the caps."""
        share = files // 8
        self.half = WaitingConnections(min(MOST_HALF, share))
        self.idle = WaitingConnections(min(MOST_IDLE, share))
        self.bodies = WaitingConnections(min(MOST_BODIES, share), lambda connection: connection.rank)
        self.answers = WaitingConnections(min(MOST_ANSWERS, share))


class WaitingConnections:
    """Connections in one waiting state; beyond `most` the one with the lowest `rank` (default: the oldest) closes."""

    def __init__(self, most: int, rank: Callable[[ClientConnection], tuple[float, float]] | None = None) -> None:
        self._most, self._rank = most, rank
        self._connections: dict[ClientConnection, None] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: ClientConnection) -> None:
        self._connections[connection] = None
        while len(self._connections) > self._most:
            evicted = min(self._connections, key=self._rank) if self._rank else next(iter(self._connections))
            self.drop(evicted)
            evicted.cut()

    def drop(self, connection: ClientConnection) -> None:
        self._connections.pop(connection, None)


class ClientConnection:
    """A client's socket, wrapped for gunicorn. After `cut` it looks as if the client had closed it."""

    def __init__(self, line: Any, connections: ClientConnections) -> None:
        self.line = line
        self._waiting = connections
        self._served = self._ended = False
        self._begin_head()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)

    @property
    def rank(self) -> tuple[float, float]:
        """Sort key for eviction: bytes a second of the current body, and its start time; slow first, then older."""
        seconds = time.monotonic() - self._body_at
        return (self._body_bytes / seconds if seconds > BODY_START_SECONDS else float("inf")), self._body_at

    def begin_body(self) -> None:
        """Note that the headers of a request are complete."""
        self._stop_waiting()
        self._reading_head = False
        self._body_bytes, self._body_waited, self._body_at = 0, 0.0, time.monotonic()

    def read_rest(self, body: Any) -> None:
        """Drain what the application did not read of a request's body (a form that is too large, for example), so that
        it is not parsed as the next request. A connection with more than MAX_DRAIN_BYTES left is closed.
        """
        left = MAX_DRAIN_BYTES
        while left > 0 and (data := body.read(PIECE)):
            left -= len(data)
        if left <= 0:
            self.cut()

    def end_request(self) -> None:
        """Note that the response is sent; the next request may follow."""
        self._served = True
        self._begin_head()

    def cut(self) -> None:
        """Shut the connection down, also while a greenlet waits for it."""
        self._ended = True
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Remove the connection from all waiting states."""
        self._stop_waiting()
        self._waiting.bodies.drop(self)
        self._waiting.answers.drop(self)

    def recv(self, size: int, *_flags: int) -> bytes:
        """At most `size` bytes that the client has sent; b"" when it has closed or its time limit is over."""
        if self._ended:
            return b""
        return self._recv_head(size) if self._reading_head else self._recv_body(size)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """Send everything. Raises ConnectionResetError when the client reads nothing for too long."""
        view = memoryview(data)
        for at in range(0, len(view), PIECE):
            self._waiting.answers.add(self)
            self.line.settimeout(PIECE_SECONDS)
            try:
                self.line.sendall(view[at : at + PIECE], flags)
            except TimeoutError:
                self.cut()
                raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from None
            finally:
                self.line.settimeout(None)
                self._waiting.answers.drop(self)

    def _begin_head(self) -> None:
        self._reading_head, self._head_bytes = True, 0
        self._head_until = float("inf") if self._served else time.monotonic() + HEADER_SECONDS
        (self._waiting.idle if self._served else self._waiting.half).add(self)

    def _stop_waiting(self) -> None:
        self._waiting.half.drop(self)
        self._waiting.idle.drop(self)

    def _recv_head(self, size: int) -> bytes:
        if self._head_bytes > HEADER_RATE:
            return self._reject("431 Request Header Fields Too Large")
        data = self._recv_within(size, self._head_until - time.monotonic())
        if data is None:
            return self._reject("408 Request Timeout")
        if data and not self._head_bytes:
            self._head_until = time.monotonic() + HEADER_SECONDS
            if self._served:
                self._waiting.idle.drop(self)
                self._waiting.half.add(self)
        self._head_bytes += len(data)
        return data

    def _recv_body(self, size: int) -> bytes:
        started = time.monotonic()
        self._waiting.bodies.add(self)
        data = self._recv_within(size, BODY_GRACE + self._body_bytes / BODY_RATE - self._body_waited)
        self._waiting.bodies.drop(self)
        self._body_waited += time.monotonic() - started
        if data is None:
            self._ended = True
            return b""
        self._body_bytes += len(data)
        return data

    def _recv_within(self, size: int, seconds: float) -> bytes | None:
        """The data that arrives within `seconds`; None on a timeout."""
        self.line.settimeout(max(seconds, 0.001) if seconds < float("inf") else None)
        try:
            data: bytes = self.line.recv(size)
            return data
        except TimeoutError:
            return self._recv_available(size)
        finally:
            self.line.settimeout(None)

    def _recv_available(self, size: int) -> bytes | None:
        """Data that the client sent in time while this process was busy; None when there is none."""
        self.line.settimeout(0.0)
        try:
            data: bytes = self.line.recv(size)
            return data
        except BlockingIOError:
            return None

    def _reject(self, status: str) -> bytes:
        """Send the status if a request has begun; a connection without any data is closed without a response."""
        if self._head_bytes:
            with contextlib.suppress(OSError):
                self.line.send(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._ended = True
        return b""


def raise_file_limit() -> int:
    """Raise the limit of open files to WANTED_FILES or to the hard limit; returns the limit now in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return WANTED_FILES if soft == resource.RLIM_INFINITY else soft
