"""The engine of live texts: documents, their update log, validation, rooms, attribution and projection.

It knows no page and no term of the domain: names of documents and access rights come from outside.
"""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the socket events and the HTTP route of live documents; `live` has to be initialised before."""
    from klimawerk.collab import routes, sockets

    app.extensions["collab"] = sockets.init_sockets(app.extensions["live"])
    app.register_blueprint(routes.blueprint)
