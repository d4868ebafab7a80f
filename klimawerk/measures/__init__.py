"""What both sides do to reach a goal."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.measures import content as _content  # noqa: F401
    from klimawerk.measures.routes import bp

    app.register_blueprint(bp)
