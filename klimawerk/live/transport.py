"""What the Socket.IO stack leaves open, closed: limits on what a connection may make the server hold."""

from __future__ import annotations

import contextlib
import importlib
import socket as network
import time
import types
import weakref
from typing import Any

import engineio.base_socket
import engineio.socket
from engineio.payload import Payload

from klimawerk.live.limits import Bucket
from klimawerk.live.speech import MOST_PACKETS, OurPayload, harmless

LONGEST_QUEUE, HEAVIEST_QUEUE = 2_000, 16_000_000
"""Packets and characters that may wait for one slow socket; past that it takes no more, is closed, and catches up when
it returns. The heaviest single packet is a document of 4 MB."""
MOST_UNREAD = 64  # messages read from the network that wait for the one before; past that the sender waits
TALK_A_SECOND, TALK_AT_ONCE = 300.0, 3_000.0  # packets of any kind from one socket; past that it is read more slowly
PATIENCE = 0.5  # seconds that the end of a connection waits for its last words to be taken
GRACE = 3.0  # seconds between the end of a connection and the cut of its line

_lines: weakref.WeakSet[_Line] = weakref.WeakSet()


def prepare(async_mode: str, max_message_size: int) -> None:
    """To be called before the Socket.IO server is made. `max_message_size` in bytes.

    A WebSocket message is counted while it is read, not after; no per-message compression (it costs more processor
    time than everything else together); a jump of the wall clock ends no connection.
    """
    Payload.max_decode_packets = MOST_PACKETS
    engineio.socket.payload = types.SimpleNamespace(Payload=OurPayload)
    steady = types.SimpleNamespace(time=time.monotonic)
    engineio.socket.time = engineio.base_socket.time = steady
    driver = importlib.import_module(f"engineio.async_drivers.{async_mode}")
    driver._async["websocket"] = _websocket(driver._async["websocket"], max_message_size)
    driver._async["queue"] = _queue(driver._async["queue"])


def _websocket(base: Any, max_message_size: int) -> Any:
    original = getattr(base, "original", base)

    class WebSocket(original):  # type: ignore[misc, valid-type]
        ws: Any = None

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            self.server_args["max_message_size"] = max_message_size
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            owner = getattr(self.app, "__self__", None)
            self._talk = Bucket(TALK_A_SECOND, TALK_AT_ONCE)
            for key in ("gunicorn.socket", "werkzeug.socket"):
                if key in environ:
                    environ[key] = _Line(environ[key], owner, self._unread)
                    _lines.add(environ[key])
            return super().__call__(environ, start_response)

        def wait(self) -> Any:
            """The next message; None, which ends the connection, for one that is none."""
            if self._unread():
                time.sleep(0)  # whoever says much at once lets the others in between
            message = super().wait()
            while not self._talk.take(1):
                time.sleep(0.02)
            return message if message is not None and harmless(message) else None

        def _unread(self) -> int:
            return len(self.ws.input_buffer) if self.ws is not None else 0

    WebSocket.original = original
    return WebSocket


class _Line:
    """A network socket that sends all or raises (plain `send` may stop half-way in a long frame on a slow line), and
    reads only as fast as what it read is dealt with."""

    def __init__(self, socket: Any, owner: Any, unread: Any) -> None:
        self._socket, self._unread = socket, unread
        self.owner, self.over_since = owner, 0.0

    def send(self, data: bytes) -> int:
        self._socket.sendall(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        while self._unread() > MOST_UNREAD and not self.owner.closed:
            time.sleep(0.02)
        received: bytes = self._socket.recv(size)
        return received

    def cut(self) -> None:
        """End it, whoever waits for it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(network.SHUT_RDWR)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def _queue(base: Any) -> Any:
    original = getattr(base, "original", base)

    class Bounded(original):  # type: ignore[misc, valid-type]
        """Packets for one socket. Once too much has waited (`overflowed`) it takes nothing more."""

        heavy = 0
        overflowed = False

        def put(self, item: Any, *args: Any, **options: Any) -> None:
            if item is not None:
                if self.overflowed:
                    return
                heavier = self.heavy + _weight(item)
                if self.qsize() >= LONGEST_QUEUE or (self.heavy and heavier > HEAVIEST_QUEUE):
                    self.overflowed = True
                    return
                self.heavy = heavier
            super().put(item, *args, **options)

        def get(self, *args: Any, **options: Any) -> Any:
            item = super().get(*args, **options)
            if item is not None:
                self.heavy -= _weight(item)
            return item

        def join(self, *_args: Any, **_options: Any) -> None:
            """Wait for what is queued to be taken, but for no client that takes nothing."""
            until = time.monotonic() + PATIENCE
            while self.unfinished_tasks and time.monotonic() < until:
                time.sleep(0.01)

    Bounded.original = original
    return Bounded


def _weight(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str) else 0


def overflowed(server: Any, sid: str) -> bool:
    """Whether so much waited for the socket that it is given up."""
    socket = _socket(server, sid)
    return socket is not None and socket.queue.overflowed


def silent_since(server: Any, sid: str) -> float | None:
    """When the ping was sent (monotonic seconds) that the socket has not answered yet; None when it has."""
    socket = _socket(server, sid)
    return socket.last_ping if socket is not None else None


def strangers(server: Any, sids: set[str]) -> set[str]:
    """Engine.IO ids of the connections that none of the sockets `sids` belongs to."""
    known = {server.manager.eio_sid_from_sid(sid, "/") for sid in sids}
    return set(server.eio.sockets) - known


def hang_up(server: Any, sid: str) -> None:
    """Close the connection itself, without waiting for what is queued; the browser comes back by its own."""
    hang_up_stranger(server, server.manager.eio_sid_from_sid(sid, "/"))


def hang_up_stranger(server: Any, eio_sid: str) -> None:
    """The same for a connection by its Engine.IO id."""
    socket = server.eio.sockets.get(eio_sid)
    if socket is not None:
        socket.close(wait=False, abort=True, reason=server.reason.TRANSPORT_ERROR)
        for line in list(_lines):
            if line.owner is socket:
                line.cut()


def cut_dead_lines() -> None:
    """A client that neither reads nor closes would keep its ended connection, and what waits in it, for ever."""
    now = time.monotonic()
    for line in list(_lines):
        if line.owner is None or not line.owner.closed:
            continue
        line.over_since = line.over_since or now
        if now - line.over_since > GRACE:
            line.cut()
            _lines.discard(line)


def _socket(server: Any, sid: str) -> Any:
    return server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
