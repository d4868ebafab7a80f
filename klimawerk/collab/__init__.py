"""The engine of live texts: documents, their log, rooms. Knows no request, no HTML page, no domain word."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Open the doors of live documents; `live` has to be there before."""
    from klimawerk.collab import routes, sockets

    app.extensions["collab"] = sockets.init_sockets(app.extensions["live"])
    app.register_blueprint(routes.blueprint)
