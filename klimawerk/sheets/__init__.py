"""The engine of sheets: fields, cells and rows with revisions, their doors and fragments. Knows no kind of item."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk.sheets import doors
    from klimawerk.sheets.labels import words
    from klimawerk.sheets.routes import bp

    app.register_blueprint(bp)
    app.add_template_global(words, "words_of")
    doors.init_app()
