"""What the Socket.IO stack leaves open, closed: limits on what a connection may make the server hold."""

from __future__ import annotations

import importlib
from typing import Any

from engineio.payload import Payload

LONGEST_QUEUE = 2_000
"""Packets that may wait for one slow socket; past that it is closed and catches up when it returns."""


def prepare(async_mode: str, max_message_size: int) -> None:
    """To be called before the Socket.IO server is made. `max_message_size` in bytes.

    A WebSocket message is counted while it is read, not after; no per-message compression (it costs more processor
    time than everything else together); a long-polling client on a slow line may send many packets at once.
    """
    Payload.max_decode_packets = 128
    driver = importlib.import_module(f"engineio.async_drivers.{async_mode}")
    ours = _websocket(driver._async["websocket"], max_message_size)
    driver._async["websocket"] = ours


def _websocket(base: Any, max_message_size: int) -> Any:
    original = getattr(base, "original", base)

    class WebSocket(original):  # type: ignore[misc, valid-type]
        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            self.server_args["max_message_size"] = max_message_size
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            for key in ("gunicorn.socket", "werkzeug.socket"):
                if key in environ:
                    environ[key] = _WholeFrames(environ[key])
            return super().__call__(environ, start_response)

    WebSocket.original = original
    return WebSocket


class _WholeFrames:
    """A network socket that sends all or raises: plain `send` may stop half-way in a long frame on a slow line."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def send(self, data: bytes) -> int:
        self._socket.sendall(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def waiting(server: Any, sid: str) -> int:
    """How many packets wait for the socket."""
    socket = _socket(server, sid)
    return socket.queue.qsize() if socket is not None else 0


def silent_since(server: Any, sid: str) -> float | None:
    """When the ping was sent (epoch seconds) that the socket has not answered yet; None when it has."""
    socket = _socket(server, sid)
    return socket.last_ping if socket is not None else None


def hang_up(server: Any, sid: str) -> None:
    """Close the connection itself, without waiting for what is queued; the browser comes back by its own."""
    socket = _socket(server, sid)
    if socket is not None:
        socket.close(wait=False, abort=True, reason=server.reason.TRANSPORT_ERROR)


def _socket(server: Any, sid: str) -> Any:
    return server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
