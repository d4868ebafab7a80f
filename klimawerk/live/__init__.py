"""Live updates: topics with revisions and their broadcast, Socket.IO connections and events."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Initialise the event handlers; the Socket.IO server has to exist before."""
    from klimawerk.live import sockets

    sockets.init_sockets(app, app.extensions["socketio"].server)
