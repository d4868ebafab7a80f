"""The programme as a whole: the document, the outline, the order, the bin, the money. Reads all kinds of items."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.overview import outline, routes

    app.register_blueprint(routes.bp)
    outline.init_app(app)
