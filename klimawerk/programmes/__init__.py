"""Programmes, which hold goals and measures: one of the kinds of items."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    from klimawerk import sheets
    from klimawerk.programmes.content import KIND

    sheets.add_kind(app, KIND)
