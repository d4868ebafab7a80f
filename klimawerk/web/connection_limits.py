"""Time limits and caps for incoming HTTP connections (slow requests, "slowloris"), for gunicorn's gevent worker.

gunicorn's worker waits as long as a client likes for the rest of a request, and for its reading of an answer; with
`worker_connections` such clients nobody else is served. Here a request line with its headers has a deadline, bodies and
answers have a lowest speed, and of the connections that wait for their client only so many are kept: one more, and the
one that got on least is closed, never the one that has just begun. Once a WebSocket has taken over a connection,
nothing here is in its way.
"""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

HEADER_SECONDS = 10.0  # from a request's first byte (or the connection's begin) to the end of its headers
HEADER_RATE = 32_768
BODY_GRACE, BODY_RATE = 30.0, 2_000.0  # seconds, and bytes a second, that a body may make us wait for
MAX_DRAIN_BYTES = 20_000_000  # of a body that the application did not read; past that the connection ends
BODY_START_SECONDS = 5.0  # seconds in which a body counts as fast: nothing of it need be here yet
PIECE, PIECE_SECONDS = 65_536, 60.0  # bytes of an answer that the client has to take within so many seconds
MOST_HALF, MOST_IDLE, MOST_BODIES, MOST_ANSWERS = 1_000, 1_000, 400, 1_000
WANTED_FILES = 16_384  # open files and connections that we ask the system for


class ClientConnections:
    """The connections of this process that wait for their client, by what they wait for."""

    def __init__(self, files: int = WANTED_FILES) -> None:
        """`files`: how many the process may have open at once; a small number makes the caps smaller."""
        part = files // 8
        self.half = WaitingConnections(min(MOST_HALF, part))
        self.idle = WaitingConnections(min(MOST_IDLE, part))
        self.bodies = WaitingConnections(min(MOST_BODIES, part), lambda connection: connection.rank)
        self.answers = WaitingConnections(min(MOST_ANSWERS, part))


class WaitingConnections:
    """Connections that wait for one thing; past `most` the one with the lowest `rank` is closed, else the first."""

    def __init__(self, most: int, rank: Callable[[ClientConnection], tuple[float, float]] | None = None) -> None:
        self._most, self._rank = most, rank
        self._here: dict[ClientConnection, None] = {}

    def __len__(self) -> int:
        return len(self._here)

    def add(self, connection: ClientConnection) -> None:
        self._here[connection] = None
        while len(self._here) > self._most:
            given_up = min(self._here, key=self._rank) if self._rank else next(iter(self._here))
            self.drop(given_up)
            given_up.cut()

    def drop(self, connection: ClientConnection) -> None:
        self._here.pop(connection, None)


class ClientConnection:
    """A client's network socket as gunicorn uses it. One that is cut looks as if the client had closed it."""

    def __init__(self, line: Any, connections: ClientConnections) -> None:
        self.line = line
        self._all = connections
        self._served = self._over = False
        self._begin_head()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)

    @property
    def rank(self) -> tuple[float, float]:
        """Bytes a second of the present body, and when it began: the slow come first, of equals the older."""
        seconds = time.monotonic() - self._body_at
        return (self._body_bytes / seconds if seconds > BODY_START_SECONDS else float("inf")), self._body_at

    def begin_body(self) -> None:
        """The headers of a request are complete."""
        self._leave()
        self._reading_head = False
        self._body_bytes, self._body_waited, self._body_at = 0, 0.0, time.monotonic()

    def read_rest(self, body: Any) -> None:
        """Read what the application has left of a request's body (a form that is too large, say), so that it does not
        count as the next request's head. A connection with more than REST_BYTES left ends.
        """
        left = MAX_DRAIN_BYTES
        while left > 0 and (data := body.read(PIECE)):
            left -= len(data)
        if left <= 0:
            self.cut()

    def end_request(self) -> None:
        """The request is answered; the next one may come."""
        self._served = True
        self._begin_head()

    def cut(self) -> None:
        """End it, whoever waits for it."""
        self._over = True
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._leave()
        self._all.bodies.drop(self)
        self._all.answers.drop(self)

    def recv(self, size: int, *_flags: int) -> bytes:
        """What the client has sent, at most `size` bytes; nothing when it has closed, or its time is over."""
        if self._over:
            return b""
        return self._recv_head(size) if self._reading_head else self._recv_body(size)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """Send everything. Raises ConnectionResetError when the client takes nothing for too long."""
        view = memoryview(data)
        for at in range(0, len(view), PIECE):
            self._all.answers.add(self)
            self.line.settimeout(PIECE_SECONDS)
            try:
                self.line.sendall(view[at : at + PIECE], flags)
            except TimeoutError:
                self.cut()
                raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from None
            finally:
                self.line.settimeout(None)
                self._all.answers.drop(self)

    def _begin_head(self) -> None:
        self._reading_head, self._head_bytes = True, 0
        self._head_until = float("inf") if self._served else time.monotonic() + HEADER_SECONDS
        (self._all.idle if self._served else self._all.half).add(self)

    def _leave(self) -> None:
        self._all.half.drop(self)
        self._all.idle.drop(self)

    def _recv_head(self, size: int) -> bytes:
        if self._head_bytes > HEADER_RATE:
            return self._refused("431 Request Header Fields Too Large")
        data = self._wait(size, self._head_until - time.monotonic())
        if data is None:
            return self._refused("408 Request Timeout")
        if data and not self._head_bytes:
            self._head_until = time.monotonic() + HEADER_SECONDS
            if self._served:
                self._all.idle.drop(self)
                self._all.half.add(self)
        self._head_bytes += len(data)
        return data

    def _recv_body(self, size: int) -> bytes:
        began = time.monotonic()
        self._all.bodies.add(self)
        data = self._wait(size, BODY_GRACE + self._body_bytes / BODY_RATE - self._body_waited)
        self._all.bodies.drop(self)
        self._body_waited += time.monotonic() - began
        if data is None:
            self._over = True
            return b""
        self._body_bytes += len(data)
        return data

    def _wait(self, size: int, seconds: float) -> bytes | None:
        """What comes within so many seconds; None when nothing does."""
        self.line.settimeout(max(seconds, 0.001) if seconds < float("inf") else None)
        try:
            data: bytes = self.line.recv(size)
            return data
        except TimeoutError:
            return self._at_once(size)
        finally:
            self.line.settimeout(None)

    def _at_once(self, size: int) -> bytes | None:
        """Where the process itself was late, what the client has sent in time is here."""
        self.line.settimeout(0.0)
        try:
            data: bytes = self.line.recv(size)
            return data
        except BlockingIOError:
            return None

    def _refused(self, status: str) -> bytes:
        """Tell a client that has begun a request; one that only opened a connection is told nothing."""
        if self._head_bytes:
            with contextlib.suppress(OSError):
                self.line.send(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._over = True
        return b""


def raise_file_limit() -> int:
    """Have the system allow this process as many open files as we want, or as it can; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return WANTED_FILES if soft == resource.RLIM_INFINITY else soft
