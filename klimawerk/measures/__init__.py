"""Measures, which both sides carry out to reach a goal: one of the three kinds of items."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk import sheets
    from klimawerk.measures.content import KIND
    from klimawerk.measures.routes import bp, derived_fragments
    from klimawerk.sheets.fragments import derived_renderers

    app.register_blueprint(bp)
    sheets.add_kind(app, KIND)
    derived_renderers.add(app, KIND.name, derived_fragments)
