"""Reading a WebSocket message that arrives in small fragments takes linear, not quadratic time."""

from __future__ import annotations

import base64

from klimawerk.live.websocket import WebSocket
from tests.patterns import time_growth

HEADERS = {
    "HTTP_SEC_WEBSOCKET_KEY": base64.b64encode(b"x" * 16).decode(),
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


class FragmentedSocket:
    """A network socket that returns a few bytes per read."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._data, self._piece, self._at = data, piece, 0

    def sendall(self, _data: bytes) -> None:
        pass

    def recv(self, size: int) -> bytes:
        start = self._at
        self._at += min(self._piece, size)
        return self._data[start : self._at]


def received(data: bytes, piece: int) -> list[str | bytes]:
    socket = WebSocket({"gunicorn.socket": FragmentedSocket(data, piece), **HEADERS}, 10_000_000)
    messages = []
    while (message := socket.receive()) is not None:
        messages.append(message)
    return messages


def frame(text: str) -> bytes:
    """A frame as a browser sends it, masked with zeros."""
    return b"\x81\xff" + len(text).to_bytes(8, "big") + bytes(4) + text.encode()


def test_a_long_message_in_single_bytes() -> None:
    assert received(frame("hello") + frame("again"), 1) == ["hello", "again"]
    assert not time_growth.superlinear(lambda text: received(frame(text), 1), lambda length: "a" * (10 * length))


def test_many_short_messages_in_one_piece() -> None:
    assert received(frame("a") * 3, 1_000_000) == ["a", "a", "a"]
    assert not time_growth.superlinear(
        lambda text: received(frame("a") * len(text), 1_000_000), lambda length: "a" * length
    )
