"""HTTP layer shared by all pages: localisation, security headers, error pages, template filters, static files.

It knows no domain.
"""

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
    """Register what every page uses; call it before the domain packages, which need it for their routes."""
    request_input.init_app(app)
    app.jinja_env.add_extension(CompactTemplates)
    app.jinja_env.template_class = CooperativeTemplate
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    _trust_proxies(app)
    log_filter.init_app(app)
    response_compression.init_app(app)  # first registered: the last to process a response
    response_cleaning.init_app(app)
    app.before_request(_read_page_id)
    localisation.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    assets.init_app(app)
    formats.init_app(app)
    info_pages.init_app(app)
    offline.init_app(app)
    app.add_template_global(page_messages)

    health.init_app(app)


def _read_page_id() -> None:
    """Store the page's id in `g.page`, by which the page recognises its own changes when they are broadcast."""
    g.page = line(request.headers.get("X-Page", ""))[:64] or None


def _trust_proxies(app: Flask) -> None:
    """Trust as many `X-Forwarded-*` values as there are configured proxies in front, and no more."""
    proxies = app.extensions["klimawerk"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
