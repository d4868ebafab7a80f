"""Editions: named, immutable sets of versions of a whole programme, to be read as it was and compared."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.editions import compare_routes as _compare_routes  # noqa: F401
    from klimawerk.editions import verifying
    from klimawerk.editions.routes import bp
    from klimawerk.editions.service import last_edition, last_with
    from klimawerk.live import topics
    from klimawerk.sheets.doors import may_watch

    app.register_blueprint(bp)
    app.add_template_global(last_edition)
    app.add_template_global(last_with, "last_edition_with")
    topics.register("editions", may_watch)
    verifying.init_app()
