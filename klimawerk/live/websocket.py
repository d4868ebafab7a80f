"""One WebSocket (RFC 6455) on the network socket that the WSGI server hands over.

Lean on purpose: no thread and no buffer of its own for what comes in (who does not ask for the next message is not
sent more), no compression, and a message for many is put into its frame once.
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

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NORMAL, PROTOCOL_ERROR, NOT_TEXT, TOO_BIG = 1000, 1002, 1007, 1009
_ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_READ_SIZE = 65_536  # bytes read from the network at a time


class BadHandshake(ValueError):
    """A request that asks for no WebSocket of the version we speak."""


class _ConnectionClosed(Exception):
    """The connection is over; `code` is what the other side is told, 0 for nothing."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class WebSocket:
    """`receive` is for one reader. `paced` is called once per frame that came in, and may wait."""

    def __init__(self, environ: dict[str, Any], most: int, paced: Callable[[], None] = lambda: None) -> None:
        """Answer the handshake. `most`: bytes that a message may have, until it is set anew. Raises
        BadHandshake, OSError."""
        taken_over = environ.get("gunicorn.socket") or environ["werkzeug.socket"]
        self._socket = getattr(
            taken_over, "line", taken_over
        )  # without the limits of requests (web/connection_limits.py)
        self.most, self._paced = most, paced
        self._buffer = bytearray()  # bytes would be copied whole with every piece that comes in
        self._writing = threading.Lock()
        self._open = True
        self._socket.sendall(_handshake(environ))

    def receive(self) -> str | bytes | None:
        """The next message (bytes for a binary one); None when there will be no more."""
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
        """Send a text, or `bytes` as they are: (the rest of) a frame. Waits until the network has it all."""
        data = message if isinstance(message, bytes) else frame(TEXT, message.encode())
        with self._writing:
            self._socket.sendall(data)

    def offer(self, data: bytes) -> bytes:
        """Write what the network takes at once of a frame; what it did not take. Only under gevent."""
        if self._writing.locked():  # nobody comes between this and what follows: no other greenlet is let in
            return data
        try:
            return data[self._socket._sock.send(data) :]
        except BlockingIOError:
            return data
        except OSError:
            return b""  # the reader notices as well, and ends the connection

    def close(self, code: int = NORMAL) -> None:
        """Say goodbye, if it can still be said."""
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):
                self.send(frame(CLOSE, struct.pack("!H", code)))

    def cut(self) -> None:
        """End it, whoever waits for it."""
        self._open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(network.SHUT_RDWR)

    def _message(self) -> str | bytes:
        kind, whole = CONTINUED, bytearray()
        while True:
            last, code, payload = self._frame()
            self._paced()
            if code >= CLOSE:
                self._control(code, payload)
                continue
            if (code == CONTINUED) != (kind != CONTINUED):
                raise _ConnectionClosed(PROTOCOL_ERROR)
            kind = kind or code
            if len(whole) + len(payload) > self.most:
                raise _ConnectionClosed(TOO_BIG)
            whole += payload
            if last:
                return _read(kind, bytes(whole))

    def _control(self, code: int, payload: bytes) -> None:
        if code == CLOSE:
            raise _ConnectionClosed(NORMAL)
        if code == PING:
            self.send(frame(PONG, payload))

    def _frame(self) -> tuple[bool, int, bytes]:
        """(whether it is the message's last, its kind, what is in it)."""
        first, second = self._take(2)
        code, length = first & 15, second & 127
        if first & 112 or not second & 128 or code not in (CONTINUED, TEXT, BINARY, CLOSE, PING, PONG):
            raise _ConnectionClosed(PROTOCOL_ERROR)
        if code >= CLOSE and (length > 125 or not first & 128):
            raise _ConnectionClosed(PROTOCOL_ERROR)
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        if length > self.most:
            raise _ConnectionClosed(TOO_BIG)
        mask, masked = self._take(4), self._take(length)
        return bool(first & 128), code, _unmasked(masked, mask)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            received = self._socket.recv(_READ_SIZE)
            if not received:
                raise _ConnectionClosed
            self._buffer += received
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def frame(kind: int, payload: bytes) -> bytes:
    """A whole message as the server sends it."""
    length = len(payload)
    if length < 126:
        return bytes((128 | kind, length)) + payload
    if length < 65_536:
        return struct.pack("!BBH", 128 | kind, 126, length) + payload
    return struct.pack("!BBQ", 128 | kind, 127, length) + payload


def _read(kind: int, payload: bytes) -> str | bytes:
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
        good = len(base64.b64decode(key, validate=True)) == 16 and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    except ValueError:
        good = False
    if not good:
        raise BadHandshake
    accept = base64.b64encode(hashlib.sha1(f"{key}{_ACCEPT}".encode(), usedforsecurity=False).digest()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", "", "")).encode()
