"""The short way of what comes with every letter: from the WebSocket to its door, and from there to those it is for.

The way through Socket.IO is made for everything that may be said, and its greenlet waits for the answer. What goes over
the line is the same on both; whoever has no WebSocket goes the long one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engineio.packet import MESSAGE, Packet

from klimawerk import safe_json
from klimawerk.live import transport
from klimawerk.live.handlers import LightEndpoint, Payload, Respond

_EVENT, _ACK = "2", "3"  # Socket.IO's; an Engine.IO message begins with a digit of its own
_LONGEST_NUMBER = 15  # digits of a message's number
_LONGEST_NAME = 40
_encoded = json.JSONEncoder(separators=(",", ":")).encode


class FastPath:
    """Which events have a short way, and what is sent on it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._doors: dict[str, LightEndpoint] = {}
        transport.intercept_messages(server, self._takes)

    def lead(self, event: str, door: LightEndpoint) -> None:
        """From now on `event` comes to `door` directly."""
        self._doors[event] = door

    def tell(self, event: str, payload: Payload, sids: Iterable[str]) -> None:
        """Send an event to some sockets of this process; it is encoded once for all of them."""
        packet = Packet(MESSAGE, _EVENT + _encoded([event, payload]))
        sockets, engine = self._server.eio.sockets, self._server.manager.eio_sid_from_sid
        for sid in sids:
            socket = sockets.get(engine(sid, "/"))
            if socket is not None and not socket.closed:
                socket.queue.put(packet)

    def _takes(self, socket: Any, message: str) -> bool:
        """Whether the message is for one of the doors, which has it then. Anything unusual goes the long way."""
        begin = message.find("[", 2, 3 + _LONGEST_NUMBER)
        if not message.startswith("42") or begin < 0:
            return False
        number, event = message[2:begin], message[begin + 2 : message.find('"', begin + 2, begin + _LONGEST_NAME)]
        door = self._doors.get(event)
        if door is None or not _is_plain(number):
            return False
        try:
            event_again, payload = safe_json.loads(message[begin:])
        except ValueError:
            return False
        sid = self._server.manager.sid_from_eio_sid(socket.sid, "/")
        if event_again != event or sid is None:
            return False
        door(sid, payload, _answer(socket, number))
        return True


def _is_plain(number: str) -> bool:
    return not number or (number.isascii() and number.isdigit() and (number[0] != "0" or number == "0"))


def _answer(socket: Any, number: str) -> Respond:
    def say(payload: Payload) -> None:
        if number and not socket.closed:
            socket.queue.put(Packet(MESSAGE, f"{_ACK}{number}{_encoded([payload])}"))

    return say
