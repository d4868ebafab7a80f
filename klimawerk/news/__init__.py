"""News: what other people did since a person last looked, and what is waiting for that person's decision."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.news.routes import bp, note_opened, whats_new

    app.register_blueprint(bp)
    app.after_request(note_opened)
    app.add_template_global(whats_new)
