"""WebSocket server side (RFC 6455) on the network socket that the WSGI server hands over.

Lean on purpose: no thread and no buffer of its own for input (a client is read only when the next message is asked
for), no compression, and the frame of a message for many receivers is made once.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket as network
import struct
import threading
from collections.abc import Callable
from typing import Any

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NORMAL, PROTOCOL_ERROR, NOT_TEXT, TOO_BIG = 1000, 1002, 1007, 1009
_HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_READ_SIZE = 65_536  # bytes per read


class BadHandshake(ValueError):
    """The request asks for no WebSocket of version 13."""


class _ConnectionClosed(Exception):
    """The connection ends; `code` is the close code for the other side, 0 for none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class WebSocket:
    """One WebSocket; `receive` is for one reader. `on_frame` is called for each incoming frame, and may wait."""

    def __init__(self, environ: dict[str, Any], max_size: int, on_frame: Callable[[], None] = lambda: None) -> None:
        """Answer the handshake. `max_size`: bytes of a message, can be set later. Raises BadHandshake, OSError."""
        taken_over = environ.get("gunicorn.socket") or environ["werkzeug.socket"]
        self._socket = getattr(
            taken_over, "line", taken_over
        )  # without the limits of HTTP requests (web/connection_limits.py)
        self.max_size, self._on_frame = max_size, on_frame
        self._buffer = bytearray()  # a bytes object would be copied with every read
        self._write_lock = threading.Lock()
        self._open = True
        self._socket.sendall(_handshake(environ))

    def receive(self) -> str | bytes | None:
        """The next message (bytes for a binary one); None at the end of the connection."""
        try:
            return self._message()
        except _ConnectionClosed as end:
            if end.code:
                self.close(end.code)
        except OSError:
            pass
        self._open = False
        return None

    def send(self, message: str | bytes) -> None:
        """Send a text, or `bytes` as they are: (the rest of) a frame. Waits until the network has all of it."""
        data = message if isinstance(message, bytes) else frame(TEXT, message.encode())
        with self._write_lock:
            self._socket.sendall(data)

    def write_now(self, data: bytes) -> bytes:
        """Write as much of a frame as the network takes at once; returns the rest. Only under gevent."""
        if self._write_lock.locked():  # no other greenlet runs between this check and the write
            return data
        try:
            return data[self._socket._sock.send(data) :]
        except BlockingIOError:
            return data
        except OSError:
            return b""  # the reader gets the same error and ends the connection

    def close(self, code: int = NORMAL) -> None:
        """Send a close frame, if that is still possible."""
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):
                self.send(frame(CLOSE, struct.pack("!H", code)))

    def abort(self) -> None:
        """End the connection at once; a waiting reader gets its end."""
        self._open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(network.SHUT_RDWR)

    def _message(self) -> str | bytes:
        kind, message = CONTINUATION, bytearray()
        while True:
            is_last, opcode, payload = self._frame()
            self._on_frame()
            if opcode >= CLOSE:
                self._control(opcode, payload)
                continue
            if (opcode == CONTINUATION) != (kind != CONTINUATION):
                raise _ConnectionClosed(PROTOCOL_ERROR)
            kind = kind or opcode
            if len(message) + len(payload) > self.max_size:
                raise _ConnectionClosed(TOO_BIG)
            message += payload
            if is_last:
                return _decode(kind, bytes(message))

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            raise _ConnectionClosed(NORMAL)
        if opcode == PING:
            self.send(frame(PONG, payload))

    def _frame(self) -> tuple[bool, int, bytes]:
        """(whether it is the message's last frame, its opcode, its payload)."""
        first, second = self._read_exactly(2)
        opcode, length = first & 15, second & 127
        if first & 112 or not second & 128 or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise _ConnectionClosed(PROTOCOL_ERROR)
        if opcode >= CLOSE and (length > 125 or not first & 128):
            raise _ConnectionClosed(PROTOCOL_ERROR)
        if length > 125:
            length = int.from_bytes(self._read_exactly(2 if length == 126 else 8), "big")
        if length > self.max_size:
            raise _ConnectionClosed(TOO_BIG)
        mask, masked = self._read_exactly(4), self._read_exactly(length)
        return bool(first & 128), opcode, _unmasked(masked, mask)

    def _read_exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            received = self._socket.recv(_READ_SIZE)
            if not received:
                raise _ConnectionClosed
            self._buffer += received
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def frame(kind: int, payload: bytes) -> bytes:
    """A whole message as one frame of the server."""
    length = len(payload)
    if length < 126:
        return bytes((128 | kind, length)) + payload
    if length < 65_536:
        return struct.pack("!BBH", 128 | kind, 126, length) + payload
    return struct.pack("!BBQ", 128 | kind, 127, length) + payload


def _decode(kind: int, payload: bytes) -> str | bytes:
    if kind == BINARY:
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise _ConnectionClosed(NOT_TEXT) from None


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    count = len(payload)
    key = int.from_bytes((mask * (count // 4 + 1))[:count], "little")
    return (int.from_bytes(payload, "little") ^ key).to_bytes(count, "little")


def _handshake(environ: dict[str, Any]) -> bytes:
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    try:
        is_valid = len(base64.b64decode(key, validate=True)) == 16 and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    except ValueError:
        is_valid = False
    if not is_valid:
        raise BadHandshake
    accept = base64.b64encode(hashlib.sha1(f"{key}{_HANDSHAKE_GUID}".encode(), usedforsecurity=False).digest()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", "", "")).encode()
