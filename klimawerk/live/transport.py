"""Transport limits for Engine.IO and Socket.IO: bounded queues, message sizes, long-polling requests and dead
connections."""

from __future__ import annotations

import time
import types
import weakref
from collections.abc import Callable
from typing import Any

import engineio.base_socket
import engineio.socket
from engineio.exceptions import EngineIOError
from engineio.payload import Payload

from klimawerk import cooperative
from klimawerk.live.packet_filter import MAX_PACKETS, StrictPayload, is_readable_message
from klimawerk.live.rate_limits import TokenBucket
from klimawerk.live.websocket import TEXT, BadHandshake, WebSocket, frame

MAX_QUEUED_PACKETS, MAX_QUEUED_CHARACTERS = 2_000, 16_000_000
"""Packets and characters queued for one slow socket; above that it is closed, and its page catches up when it returns.
The largest single packet is a document of 4 MB."""
PACKET_RATE, PACKET_BURST = 300.0, 3_000.0  # packets of any type from one socket; above that it is read more slowly
YIELD_AFTER_PACKETS = 20  # packets in a row after which reading a socket yields
MAX_QUEUED_OF_PERSON, MAX_QUEUED_TOTAL = 40_000_000, 200_000_000
"""Characters queued for all sockets of one person, and of this process; above that the sockets with the longest queues
are closed."""
MAX_ANONYMOUS = 300  # connections that are not signed in; for one more, the oldest is closed
ANONYMOUS_MESSAGE_SIZE = 16_000  # bytes of one message from these
MAX_POLLS = 3  # requests of one long-polling client that wait at the same time; browsers have one
SLOW_READER_SECONDS = 0.5  # seconds for which closing waits until queued packets are taken
CLOSE_GRACE = 3.0  # seconds between the end of a connection and the abort of its network socket


class EngineSocket(engineio.socket.Socket):  # type: ignore[misc, unused-ignore]
    """An Engine.IO connection. `known`: the page of a signed-in person uses it."""

    known = False

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.opened_at = time.monotonic()
        self._polls = 0
        anonymous = [other for other in list(server.sockets.values()) if not other.known]
        for oldest in anonymous[: max(0, len(anonymous) - MAX_ANONYMOUS + 1)]:
            _disconnect(oldest)

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a long-polling request. Raises EngineIOError, which ends the connection, when too many wait."""
        if self._polls >= MAX_POLLS:
            raise EngineIOError("too many requests wait for one connection")
        self._polls += 1
        try:
            return super().handle_get_request(environ, start_response)
        finally:
            self._polls -= 1
            if self.closed and self._polls:
                self.queue.put(None)  # wakes the other waiting requests


def configure_engine(server: Any, max_message_size: int) -> None:
    """Configure the Engine.IO of a Socket.IO server, before it has any connection. `max_message_size` in bytes.

    A WebSocket message is measured while it is read, not after; no per-message compression (it costs more processor
    time than everything else together); a jump of the wall clock ends no connection. What is replaced in the library's
    modules is the same for all servers of the process; limits and connections belong to the server.
    """
    Payload.max_decode_packets = MAX_PACKETS
    engineio.socket.payload = types.SimpleNamespace(Payload=StrictPayload)
    monotonic_time = types.SimpleNamespace(time=time.monotonic)
    engineio.socket.time = engineio.base_socket.time = monotonic_time
    engineio.socket.Socket = EngineSocket
    engine = server.eio
    engine.connections = weakref.WeakSet()
    driver = engine._async
    engine._async = {**driver, "websocket": _websocket(max_message_size), "queue": _queue(driver["queue"])}


def intercept_messages(server: Any, handle_message: Callable[[Any, str], bool]) -> None:
    """Offer each WebSocket message to `handle_message(Engine.IO socket, message)` first; Socket.IO gets those that
    return False."""
    server.eio.shortcut = handle_message


def _websocket(max_message_size: int) -> Any:
    class WebSocketTransport:
        """The WebSocket class that Engine.IO uses: waits for messages, sends, closes."""

        def __init__(self, handler: Any, _server: Any) -> None:
            self._handler, self._owner = handler, handler.__self__
            self._packet_budget = TokenBucket(PACKET_RATE, PACKET_BURST)

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            try:
                self._connection = _EngineWebSocket(
                    environ, min(ANONYMOUS_MESSAGE_SIZE, max_message_size), self._throttle
                )
            except BadHandshake:
                start_response("400 Bad Request", [])
                return []
            self._connection.owner = self._owner
            self._owner.server.connections.add(self._connection)
            self._writes_directly = "gunicorn.socket" in environ
            try:
                self._handler(self)
            finally:
                _release(self._connection)
                del self._connection  # it refers to this object
            if self._writes_directly:
                raise StopIteration  # tells gunicorn that it no longer owns the network socket
            raise ConnectionError  # tells werkzeug the same

        def wait(self) -> Any:
            """The next message; None, which ends the connection, for a message that cannot be parsed."""
            if self._writes_directly and self._owner.upgraded:
                self._owner.queue.connection = self._connection
            if self._owner.known:
                self._connection.max_size = max_message_size
            while True:
                message = self._connection.receive()
                if message is None or not is_readable_message(message):
                    return None
                if not self._is_intercepted(message):
                    return message

        def _is_intercepted(self, message: str | bytes) -> bool:
            handle_message = getattr(self._owner.server, "shortcut", None)
            return bool(handle_message and self._owner.upgraded and handle_message(self._owner, message))

        def send(self, message: str | bytes) -> None:
            self._connection.send(message)

        def close(self) -> None:
            self._connection.close()

        def _throttle(self) -> None:
            while not self._packet_budget.take(1):
                time.sleep(0.02)
            if self._packet_budget.level < PACKET_BURST - YIELD_AFTER_PACKETS:
                cooperative.yield_if_due()

    return WebSocketTransport


class _EngineWebSocket(WebSocket):
    """A WebSocket with its Engine.IO socket; `ended_since`: when that socket was first seen closed (monotonic
    seconds)."""

    owner: Any = None
    ended_since = 0.0


class _FrameRest:
    """The part of a frame that the network did not take; stands for the packet in the queue."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def encode(self) -> bytes:
        return self.data


def _queue(base: Any) -> Any:
    class Bounded(base):  # type: ignore[misc]
        """Bounded queue of packets for one socket. Once it was too full (`overflowed`) it takes nothing more.

        Where the socket has a `connection` and nothing is queued, a packet is written at once: no other greenlet has to
        wake for it. Its frame is made once for all receivers.
        """

        connection: _EngineWebSocket | None = None
        queued_characters = 0
        overflowed = False

        def put(self, item: Any, *args: Any, **options: Any) -> None:
            if item is not None:
                if self.overflowed:
                    return
                if self.connection is not None and not self.qsize():
                    item = _send_now(self.connection, item)
                    if item is None:
                        return
                characters_then = self.queued_characters + _queued_size(item)
                if self.qsize() >= MAX_QUEUED_PACKETS or (
                    self.queued_characters and characters_then > MAX_QUEUED_CHARACTERS
                ):
                    self.overflowed = True
                    return
                self.queued_characters = characters_then
            super().put(item, *args, **options)

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            # Direct writes leave the queue empty as long as all is well.
            item = super().get(block, timeout if self.connection is None else None)
            if item is not None:
                self.queued_characters -= _queued_size(item)
            return item

        def join(self, *_args: Any, **_options: Any) -> None:
            """Wait until queued packets are taken, but not for a client that takes none."""
            until = time.monotonic() + SLOW_READER_SECONDS
            while self.unfinished_tasks and time.monotonic() < until:
                time.sleep(0.01)

    return Bounded


def _send_now(connection: _EngineWebSocket, packet: Any) -> Any:
    """What is left of a packet after a direct write: the packet itself, the rest of its frame, or None."""
    data = getattr(packet, "frame", None)
    if data is None:
        data = packet.frame = frame(TEXT, packet.encode().encode())
    rest = connection.write_now(data)
    if not rest:
        return None
    return packet if len(rest) == len(data) else _FrameRest(rest)


def _queued_size(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 0


def mark_signed_in(server: Any, sid: str, known: bool = True) -> None:
    """Set whether the page of a signed-in person uses the socket."""
    socket = _socket(server, sid)
    if socket is not None:
        socket.known = known


def overloaded_sockets(server: Any, people: dict[str, int]) -> list[str]:
    """Sockets to be closed because too much is queued for them; `people`: {socket: its person}."""
    queued = {sid: socket.queue.queued_characters for sid in people if (socket := _socket(server, sid))}
    overloaded = {sid for sid in queued if _socket(server, sid).queue.overflowed}
    per_person: dict[int, int] = {}
    for sid, characters in queued.items():
        per_person[people[sid]] = per_person.get(people[sid], 0) + characters
    total = sum(queued.values())
    for sid in sorted(queued, key=lambda sid: queued[sid], reverse=True):
        if per_person[people[sid]] > MAX_QUEUED_OF_PERSON or total > MAX_QUEUED_TOTAL:
            overloaded.add(sid)
            per_person[people[sid]] -= queued[sid]
            total -= queued[sid]
    return list(overloaded)


def silent_since(server: Any, sid: str) -> float | None:
    """When the ping was sent (monotonic seconds) that the socket has not answered; None when it has."""
    socket = _socket(server, sid)
    return socket.last_ping if socket is not None else None


def disconnect_anonymous(server: Any, seconds: float) -> None:
    """Close connections that have not been signed in for so many seconds."""
    for socket in list(server.eio.sockets.values()):
        if socket.known:
            socket.opened_at = time.monotonic()
        elif time.monotonic() - socket.opened_at > seconds:
            _disconnect(socket)


def disconnect_now(server: Any, sid: str) -> None:
    """Close a connection without waiting for queued packets; the browser reconnects by itself."""
    socket = _socket(server, sid)
    if socket is not None:
        _disconnect(socket)


def _disconnect(socket: Any) -> None:
    socket.close(wait=False, abort=True, reason=socket.server.reason.TRANSPORT_ERROR)
    for connection in list(socket.server.connections):
        if connection.owner is socket:
            connection.abort()
    _forget(socket)


def abort_dead_connections(server: Any) -> None:
    """Abort ended connections whose client neither reads nor closes; they and their queue would stay for ever."""
    now = time.monotonic()
    for connection in list(server.eio.connections):
        if connection.owner is None or not connection.owner.closed:
            continue
        connection.ended_since = connection.ended_since or now
        if now - connection.ended_since > CLOSE_GRACE:
            connection.abort()
            server.eio.connections.discard(connection)


def _release(connection: _EngineWebSocket) -> None:
    """Remove all references to an ended connection and its socket, so that both are freed without the garbage
    collector."""
    owner, connection.owner = connection.owner, None
    owner.queue.connection = None
    owner.server.connections.discard(connection)
    _forget(owner)


def _forget(socket: Any) -> None:
    """Remove an ended socket from Engine.IO's table, which would keep it until its next round."""
    if socket.closed:
        socket.server.sockets.pop(socket.sid, None)


def _socket(server: Any, sid: str) -> Any:
    return server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
