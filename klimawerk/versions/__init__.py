"""Versions: immutable, numbered copies of programmes, goals and measures, chained by hashes."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.live import topic_access
    from klimawerk.sheets.document_access import may_watch
    from klimawerk.versions import auto_versions, visits
    from klimawerk.versions import compare_routes as _compare_routes  # noqa: F401
    from klimawerk.versions import text_authors_routes as _who_routes  # noqa: F401
    from klimawerk.versions.routes import bp

    app.register_blueprint(bp)
    topic_access.rules.add(app, "versions", may_watch)
    auto_versions.init_app(app)
    visits.init_app(app)
