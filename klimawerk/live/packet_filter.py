"""Packet filter: accepts only Socket.IO packets that our clients send; anything else is ignored or ends the connection.

Socket.IO itself would pass events named "connect" and "disconnect" to the handlers of these names, collect binary
attachments, and parse JSON of any depth.
"""

from __future__ import annotations

from typing import Any

from engineio.exceptions import EngineIOError
from engineio.payload import Payload
from socketio.packet import CONNECT, DISCONNECT, EVENT, Packet

MAX_BRACKETS = 400  # in one message; our clients send fewer than ten. Nesting is never deeper than their number
MAX_PACKETS = 128  # in one request of a long-polling client, which sends many at once on a slow connection
_RESERVED = ("connect", "disconnect")
_IGNORED_EVENT: list[Any] = [""]  # an event without a handler


class StrictPacket(Packet):  # type: ignore[misc, unused-ignore]
    """A Socket.IO packet without attachments."""

    packet_type: int
    data: Any
    uses_binary_events = False

    def decode(self, encoded_packet: Any) -> int:
        """Decode without raising: a packet that our clients do not send becomes an event without a handler."""
        try:
            super().decode(encoded_packet)
            known = is_known_packet(self.packet_type, self.data)
        except (ValueError, TypeError, IndexError):
            known = False
        if not known:
            self.packet_type, self.namespace, self.id, self.data = EVENT, None, None, list(_IGNORED_EVENT)
        return 0


class StrictPayload(Payload):  # type: ignore[misc, unused-ignore]
    """The packets of one request of a long-polling client."""

    def decode(self, encoded_payload: str) -> None:
        packets = encoded_payload.split("\x1e")
        if len(packets) > MAX_PACKETS or not all(is_readable_message(packet) for packet in packets):
            raise EngineIOError  # which ends the connection
        super().decode(encoded_payload)


def is_readable_message(message: Any) -> bool:
    """Whether an Engine.IO message can be parsed: text, of a known type, with a bounded number of brackets."""
    if not isinstance(message, str) or not message or message[0] not in "123456":
        return False
    if message[0] != "4":
        return len(message) < 20
    return message[1:2].isdigit() and message.count("[") + message.count("{") <= MAX_BRACKETS


def is_known_packet(kind: Any, data: Any) -> bool:
    """Whether type and data of a Socket.IO packet are of the kind that our clients send."""
    if kind == CONNECT:
        return data is None or isinstance(data, dict)
    if kind == EVENT:
        return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in _RESERVED
    return bool(kind == DISCONNECT)


def contains_nesting(value: Any) -> bool:
    """Whether the value is an object or a list with lists or objects, which no client of ours sends."""
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and any(isinstance(entry, dict | list) for entry in value)
