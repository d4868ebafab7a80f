"""Partnerships: their municipalities, their members and what both sides must agree to."""

from __future__ import annotations

from flask import Flask

from klimawerk.partnerships import routes, start


def init_app(app: Flask) -> None:
    app.register_blueprint(start.blueprint)
    app.register_blueprint(routes.blueprint)
