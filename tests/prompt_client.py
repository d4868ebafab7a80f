"""A Socket.IO client whose connection ends at once.

The library's own sends its close frame and waits up to three seconds for the answer, which another thread of the
client (the one that reads) has taken: each end of a test's connection would cost that.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import socketio


class PromptClient(socketio.Client):  # type: ignore[misc]  # without types
    """socketio.Client; `disconnect` sends the close frame and does not wait for the answer."""

    def disconnect(self) -> None:
        web_socket: Any = self.eio.ws
        if web_socket is not None:
            web_socket.close = partial(web_socket.close, timeout=0)
        super().disconnect()
