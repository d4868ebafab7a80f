"""What comes in on a connection is a message of ours, or it is nothing: no stack trace, no door for what we never say.

Socket.IO itself would hand events named "connect" and "disconnect" to the handlers of these names, collect binary
attachments, and read JSON as deep as it comes.
"""

from __future__ import annotations

from typing import Any

from engineio.exceptions import EngineIOError
from engineio.payload import Payload
from socketio.packet import CONNECT, DISCONNECT, EVENT, Packet

MAX_BRACKETS = 400  # in one message; ours have fewer than ten, and nesting is never deeper than their number
MAX_PACKETS = 128  # in one request of a long-polling client, which on a slow line sends many at once
_RESERVED = ("connect", "disconnect")
_IGNORED_EVENT: list[Any] = [""]  # an event that nobody listens to


class StrictPacket(Packet):  # type: ignore[misc, unused-ignore]
    """A Socket.IO packet without attachments."""

    packet_type: int
    data: Any
    uses_binary_events = False

    def decode(self, encoded_packet: Any) -> int:
        """Never raises: what cannot be one of ours is an event that nobody listens to."""
        try:
            super().decode(encoded_packet)
            known = is_known_packet(self.packet_type, self.data)
        except (ValueError, TypeError, IndexError):
            known = False
        if not known:
            self.packet_type, self.namespace, self.id, self.data = EVENT, None, None, list(_IGNORED_EVENT)
        return 0


class StrictPayload(Payload):  # type: ignore[misc, unused-ignore]
    """What one request of a long-polling client carries."""

    def decode(self, encoded_payload: str) -> None:
        messages = encoded_payload.split("\x1e")
        if len(messages) > MAX_PACKETS or not all(is_readable_message(message) for message in messages):
            raise EngineIOError  # which ends the connection
        super().decode(encoded_payload)


def is_readable_message(message: Any) -> bool:
    """Whether an Engine.IO message can be read at all: text, of a known kind, and not nested to any depth."""
    if not isinstance(message, str) or not message or message[0] not in "123456":
        return False
    if message[0] != "4":
        return len(message) < 20
    return message[1:2].isdigit() and message.count("[") + message.count("{") <= MAX_BRACKETS


def is_known_packet(kind: Any, data: Any) -> bool:
    if kind == CONNECT:
        return data is None or isinstance(data, dict)
    if kind == EVENT:
        return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in _RESERVED
    return bool(kind == DISCONNECT)


def contains_nesting(value: Any) -> bool:
    """Whether an object or a list of lists is inside, which no client of ours sends."""
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and any(isinstance(one, dict | list) for one in value)
