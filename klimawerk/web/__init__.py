"""Page chrome: locale and time zone, security headers, errors, filters. No domain word."""

from __future__ import annotations

from flask import Flask, g, request

from klimawerk.web import health


def init_app(app: Flask) -> None:
    @app.before_request
    def name_the_page() -> None:
        g.page = request.headers.get("X-Page")

    health.init_app(app)


def locale() -> str:
    return "en"


def timezone() -> str:
    return "Europe/Berlin"
