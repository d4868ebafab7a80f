"""The programme as a whole: document, outline, order, recycle bin, finance. Uses all kinds of items."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.overview import outline, partnership_hooks, progress, site_sections
    from klimawerk.overview.routes import bp, goal_fragments, programme_fragments
    from klimawerk.sheets.fragments import derived_renderers

    app.register_blueprint(bp)
    derived_renderers.add(app, "programme", programme_fragments)
    derived_renderers.add(app, "goal", goal_fragments)
    outline.init_app(app)
    partnership_hooks.init_app(app)
    progress.init_app(app)
    site_sections.init_app(app)
