"""What the Socket.IO stack leaves open, closed: limits on what a connection may make the server hold."""

from __future__ import annotations

import importlib
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

LONGEST_QUEUE, HEAVIEST_QUEUE = 2_000, 16_000_000
"""Packets and characters that may wait for one slow socket; past that it takes no more, is closed, and catches up when
it returns. The heaviest single packet is a document of 4 MB."""
TALK_A_SECOND, TALK_AT_ONCE = 300.0, 3_000.0  # packets of any kind from one socket; past that it is read more slowly
DRAIN_SECONDS = 20  # packets in a row after which a socket lets the others in between
HEAVIEST_OF_PERSON, HEAVIEST_OF_ALL = 40_000_000, 200_000_000
"""Characters that may wait for all sockets of one person, and for all of this process; past that those for whom most
waits are closed."""
MAX_ANONYMOUS = 300  # connections of which nobody signed in is known to be behind them; the oldest gives way
ANONYMOUS_MESSAGE_SIZE = 16_000  # bytes of one message from them
MAX_POLLS = 3  # requests of one long-polling client that may wait at the same time: browsers have one
SLOW_READER_SECONDS = 0.5  # seconds that the end of a connection waits for its last words to be taken
GRACE = 3.0  # seconds between the end of a connection and the cut of its line

_connections: weakref.WeakSet[_WebSocketLink] = weakref.WeakSet()


class EngineSocket(engineio.socket.Socket):  # type: ignore[misc, unused-ignore]
    """An Engine.IO connection. `known`: a signed-in person's page is behind it."""

    known = False

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.since = time.monotonic()
        self._polls = 0
        strangers = [other for other in list(server.sockets.values()) if not other.known]
        for oldest in strangers[: max(0, len(strangers) - MAX_ANONYMOUS + 1)]:
            _disconnect(oldest)

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request for what waits. Raises EngineIOError, which ends the connection, for one too many."""
        if self._polls >= MAX_POLLS:
            raise EngineIOError("too many requests wait for one connection")
        self._polls += 1
        try:
            return super().handle_get_request(environ, start_response)
        finally:
            self._polls -= 1
            if self.closed and self._polls:
                self.queue.put(None)  # whoever else waits


def configure_engine(async_mode: str, max_message_size: int) -> None:
    """To be called before the Socket.IO server is made. `max_message_size` in bytes.

    A WebSocket message is counted while it is read, not after; no per-message compression (it costs more processor
    time than everything else together); a jump of the wall clock ends no connection.
    """
    Payload.max_decode_packets = MAX_PACKETS
    engineio.socket.payload = types.SimpleNamespace(Payload=StrictPayload)
    steady = types.SimpleNamespace(time=time.monotonic)
    engineio.socket.time = engineio.base_socket.time = steady
    engineio.socket.Socket = EngineSocket
    driver = importlib.import_module(f"engineio.async_drivers.{async_mode}")
    driver._async["websocket"] = _websocket(max_message_size)
    driver._async["queue"] = _queue(driver._async["queue"])


def intercept_messages(server: Any, take: Callable[[Any, str], bool]) -> None:
    """From now on a WebSocket's messages are first offered to `take(Engine.IO socket, message)`: what it takes is no
    concern of Socket.IO's."""
    server.eio.shortcut = take


def _websocket(max_message_size: int) -> Any:
    class Transport:
        """What Engine.IO takes for its WebSocket: it waits, sends and closes."""

        def __init__(self, handler: Any, _server: Any) -> None:
            self._handler, self._owner = handler, handler.__self__
            self._talk = TokenBucket(TALK_A_SECOND, TALK_AT_ONCE)

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            try:
                self._line = _WebSocketLink(environ, min(ANONYMOUS_MESSAGE_SIZE, max_message_size), self._paced)
            except BadHandshake:
                start_response("400 Bad Request", [])
                return []
            self._line.owner = self._owner
            _connections.add(self._line)
            self._at_once = "gunicorn.socket" in environ
            try:
                self._handler(self)
            finally:
                _release(self._line)
                del self._line  # which refers to us
            if self._at_once:
                raise StopIteration  # which tells gunicorn that the line is not its own any more
            raise ConnectionError  # and this werkzeug

        def wait(self) -> Any:
            """The next message; None, which ends the connection, for one that is none."""
            if self._at_once and self._owner.upgraded:
                self._owner.queue.line = self._line
            if self._owner.known:
                self._line.most = max_message_size
            while True:
                message = self._line.receive()
                if message is None or not is_readable_message(message):
                    return None
                if not self._taken(message):
                    return message

        def _taken(self, message: str | bytes) -> bool:
            take = getattr(self._owner.server, "shortcut", None)
            return bool(take and self._owner.upgraded and take(self._owner, message))

        def send(self, message: str | bytes) -> None:
            self._line.send(message)

        def close(self) -> None:
            self._line.close()

        def _paced(self) -> None:
            while not self._talk.take(1):
                time.sleep(0.02)
            if self._talk.level < TALK_AT_ONCE - DRAIN_SECONDS:
                cooperative.yield_if_due()

    return Transport


class _WebSocketLink(WebSocket):
    """A WebSocket with its Engine.IO socket; `over_since`: when it was first seen to outlive that one."""

    owner: Any = None
    over_since = 0.0


class _UnsentRest:
    """What the network did not take of a frame; in the queue it stands for the packet."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def encode(self) -> bytes:
        return self.data


def _queue(base: Any) -> Any:
    original = getattr(base, "original", base)

    class Bounded(original):  # type: ignore[misc, valid-type]
        """Packets for one socket. Once too much has waited (`overflowed`) it takes nothing more.

        Where the socket has a `line` of its own and nothing waits, a packet is written at once and never waits here:
        no other greenlet has to wake for it. Its frame is made once for all who get it.
        """

        line: _WebSocketLink | None = None
        heavy = 0
        overflowed = False

        def put(self, item: Any, *args: Any, **options: Any) -> None:
            if item is not None:
                if self.overflowed:
                    return
                if self.line is not None and not self.qsize():
                    item = _send_now(self.line, item)
                    if item is None:
                        return
                heavier = self.heavy + _queued_size(item)
                if self.qsize() >= LONGEST_QUEUE or (self.heavy and heavier > HEAVIEST_QUEUE):
                    self.overflowed = True
                    return
                self.heavy = heavier
            super().put(item, *args, **options)

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            # Who writes at once leaves the queue empty for as long as all is well.
            item = super().get(block, timeout if self.line is None else None)
            if item is not None:
                self.heavy -= _queued_size(item)
            return item

        def join(self, *_args: Any, **_options: Any) -> None:
            """Wait for what is queued to be taken, but for no client that takes nothing."""
            until = time.monotonic() + SLOW_READER_SECONDS
            while self.unfinished_tasks and time.monotonic() < until:
                time.sleep(0.01)

    Bounded.original = original
    return Bounded


def _send_now(line: _WebSocketLink, packet: Any) -> Any:
    """What still has to wait of a packet that the line was offered: itself, its rest, or None."""
    data = getattr(packet, "frame", None)
    if data is None:
        data = packet.frame = frame(TEXT, packet.encode().encode())
    rest = line.offer(data)
    if not rest:
        return None
    return packet if len(rest) == len(data) else _UnsentRest(rest)


def _queued_size(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 0


def mark_signed_in(server: Any, sid: str, known: bool = True) -> None:
    """A signed-in person's page is behind the socket, or is so no more."""
    socket = _socket(server, sid)
    if socket is not None:
        socket.known = known


def overloaded_sockets(server: Any, people: dict[str, int]) -> list[str]:
    """Sockets that so much waits for that they are to be closed; `people`: {socket: its person}."""
    weights = {sid: socket.queue.heavy for sid in people if (socket := _socket(server, sid))}
    gone = {sid for sid in weights if _socket(server, sid).queue.overflowed}
    theirs: dict[int, int] = {}
    for sid, weight in weights.items():
        theirs[people[sid]] = theirs.get(people[sid], 0) + weight
    whole = sum(weights.values())
    for sid in sorted(weights, key=lambda sid: weights[sid], reverse=True):
        if theirs[people[sid]] > HEAVIEST_OF_PERSON or whole > HEAVIEST_OF_ALL:
            gone.add(sid)
            theirs[people[sid]] -= weights[sid]
            whole -= weights[sid]
    return list(gone)


def silent_since(server: Any, sid: str) -> float | None:
    """When the ping was sent (monotonic seconds) that the socket has not answered yet; None when it has."""
    socket = _socket(server, sid)
    return socket.last_ping if socket is not None else None


def disconnect_anonymous(server: Any, seconds: float) -> None:
    """Close the connections that have had nobody signed in behind them for so long."""
    for socket in list(server.eio.sockets.values()):
        if socket.known:
            socket.since = time.monotonic()
        elif time.monotonic() - socket.since > seconds:
            _disconnect(socket)


def disconnect_now(server: Any, sid: str) -> None:
    """Close the connection itself, without waiting for what is queued; the browser comes back by its own."""
    socket = _socket(server, sid)
    if socket is not None:
        _disconnect(socket)


def _disconnect(socket: Any) -> None:
    socket.close(wait=False, abort=True, reason=socket.server.reason.TRANSPORT_ERROR)
    for line in list(_connections):
        if line.owner is socket:
            line.cut()
    _forget(socket)


def cut_dead_connections() -> None:
    """A client that neither reads nor closes would keep its ended connection, and what waits in it, for ever."""
    now = time.monotonic()
    for line in list(_connections):
        if line.owner is None or not line.owner.closed:
            continue
        line.over_since = line.over_since or now
        if now - line.over_since > GRACE:
            line.cut()
            _connections.discard(line)


def _release(line: _WebSocketLink) -> None:
    """Nothing refers to an ended line any more, nor to its socket: both go at once, and not when somebody sweeps."""
    owner, line.owner = line.owner, None
    owner.queue.line = None
    _connections.discard(line)
    _forget(owner)


def _forget(socket: Any) -> None:
    """Engine.IO itself would keep the ended ones in its table until its next round."""
    if socket.closed:
        socket.server.sockets.pop(socket.sid, None)


def _socket(server: Any, sid: str) -> Any:
    return server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
