"""Page chrome: locale and time zone, security headers, errors, filters, static files. No domain word."""

from __future__ import annotations

from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from klimawerk.text import line
from klimawerk.web import (
    assets,
    errors,
    formats,
    headers,
    info_pages,
    localisation,
    log_filter,
    offline,
    request_input,
    response_cleaning,
    response_compression,
)
from klimawerk.web.browser_messages import page_messages
from klimawerk.web.cooperative_templates import CooperativeTemplate
from klimawerk.web.localisation import locale, timezone
from klimawerk.web.whitespace import CompactTemplates

__all__ = ["init_app", "locale", "timezone"]

from klimawerk.web import health


def init_app(app: Flask) -> None:
    """Dress every page of the app; call it before the rooms, so that their routes find the chrome in place."""
    request_input.init_app(app)
    app.jinja_env.add_extension(CompactTemplates)
    app.jinja_env.template_class = CooperativeTemplate
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    _trust_proxies(app)
    log_filter.init_app(app)
    response_compression.init_app(app)  # the first to come is the last to see an answer
    response_cleaning.init_app(app)
    app.before_request(_name_the_page)
    localisation.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    assets.init_app(app)
    formats.init_app(app)
    info_pages.init_app(app)
    offline.init_app(app)
    app.add_template_global(page_messages, "page_words")

    health.init_app(app)


def _name_the_page() -> None:
    """The page that asks, so that it can recognise its own changes when they are announced."""
    g.page = line(request.headers.get("X-Page", ""))[:64] or None


def _trust_proxies(app: Flask) -> None:
    """Believe as many forwarding headers as there are proxies of ours in front, and no more."""
    proxies = app.extensions["klimawerk"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
