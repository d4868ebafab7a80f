"""Full-text search over programmes, goals, measures and comments, in all working languages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.search import index
    from klimawerk.search.routes import bp

    app.register_blueprint(bp)
    index.init_app(app)
