"""Goals of a programme: one of the three kinds of items."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk import sheets
    from klimawerk.goals.content import KIND
    from klimawerk.goals.routes import bp

    app.register_blueprint(bp)
    sheets.add_kind(app, KIND)
