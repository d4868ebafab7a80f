"""Fast path for keystrokes and carets: from the WebSocket to their handler and back, without Socket.IO.

Socket.IO handles everything that may be sent, and its greenlet waits for the answer. The bytes on the wire are the same
on both paths; clients without a WebSocket use Socket.IO.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engineio.packet import MESSAGE, Packet

from klimawerk import safe_json
from klimawerk.live import transport
from klimawerk.live.handlers import LightEndpoint, Payload, Respond

_EVENT_TYPE, _ACK_TYPE = "2", "3"  # packet types of Socket.IO; the digit before is the one of Engine.IO
_MAX_ACK_ID_DIGITS = 15  # digits of an acknowledgement id
_MAX_EVENT_NAME = 40
_encoded = json.JSONEncoder(separators=(",", ":")).encode


class FastPath:
    """Endpoints of the events that have a fast path, and emitting without Socket.IO."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._endpoints: dict[str, LightEndpoint] = {}
        transport.intercept_messages(server, self._handle_message)

    def register(self, event: str, endpoint: LightEndpoint) -> None:
        """Pass `event` to `endpoint` directly from now on."""
        self._endpoints[event] = endpoint

    def emit(self, event: str, payload: Payload, sids: Iterable[str]) -> None:
        """Send an event to some sockets of this process; it is encoded once for all of them."""
        packet = Packet(MESSAGE, _EVENT_TYPE + _encoded([event, payload]))
        sockets, engine_sid = self._server.eio.sockets, self._server.manager.eio_sid_from_sid
        for sid in sids:
            socket = sockets.get(engine_sid(sid, "/"))
            if socket is not None and not socket.closed:
                socket.queue.put(packet)

    def _handle_message(self, socket: Any, message: str) -> bool:
        """Whether an endpoint has handled the message. Anything unusual is left to Socket.IO."""
        start = message.find("[", 2, 3 + _MAX_ACK_ID_DIGITS)
        if not message.startswith("42") or start < 0:
            return False
        ack_id, event = message[2:start], message[start + 2 : message.find('"', start + 2, start + _MAX_EVENT_NAME)]
        endpoint = self._endpoints.get(event)
        if endpoint is None or not _is_ack_id(ack_id):
            return False
        try:
            event_in_full, payload = safe_json.loads(message[start:])
        except ValueError:
            return False
        sid = self._server.manager.sid_from_eio_sid(socket.sid, "/")
        if event_in_full != event or sid is None:
            return False
        endpoint(sid, payload, _responder(socket, ack_id))
        return True


def _is_ack_id(ack_id: str) -> bool:
    return not ack_id or (ack_id.isascii() and ack_id.isdigit() and (ack_id[0] != "0" or ack_id == "0"))


def _responder(socket: Any, ack_id: str) -> Respond:
    def say(payload: Payload) -> None:
        if ack_id and not socket.closed:
            socket.queue.put(Packet(MESSAGE, f"{_ACK_TYPE}{ack_id}{_encoded([payload])}"))

    return say
