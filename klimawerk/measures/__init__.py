"""Measures, which both sides carry out to reach a goal: one of the three kinds of items."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.measures import content as _content  # noqa: F401
    from klimawerk.measures.routes import bp, derived_fragments
    from klimawerk.sheets.fragments import derived_renderers

    app.register_blueprint(bp)
    derived_renderers.add(app, "measure", derived_fragments)
