"""Presence in a programme: who is where. Above `collab`, whose access rights it asks for."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Initialise presence; after `live`."""
    from klimawerk.presence.programme_presence import Presence

    app.extensions["presence"] = Presence(app.extensions["live"])
