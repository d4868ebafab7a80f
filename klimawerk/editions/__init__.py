"""Editions: named, immutable sets of versions of a whole programme, which can be read, compared and exported."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.editions import compare_routes as _compare_routes  # noqa: F401
    from klimawerk.editions import verification
    from klimawerk.editions.routes import bp
    from klimawerk.editions.service import last_edition, last_edition_with
    from klimawerk.live import topic_access
    from klimawerk.sheets.document_access import may_watch

    app.register_blueprint(bp)
    app.add_template_global(last_edition)
    app.add_template_global(last_edition_with, "last_edition_with")
    topic_access.rules.add(app, "editions", may_watch)
    verification.init_app(app)
