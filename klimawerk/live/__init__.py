"""Something changed: names of changed things, announced to those who may know of them; and who is where."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Open the doors of the Socket.IO server, which has to be made before."""
    from klimawerk.extensions import socketio
    from klimawerk.live import presence, sockets

    app.extensions["presence"] = presence.Presence(sockets.init_sockets(app, socketio.server))
