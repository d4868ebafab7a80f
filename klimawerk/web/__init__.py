"""Page chrome: locale and time zone, security headers, errors, filters, static files. No domain word."""

from __future__ import annotations

from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from klimawerk.text import line
from klimawerk.web import assets, compress, errors, formats, headers, incoming, info, logs, offline, outgoing, places
from klimawerk.web.courtesy import Courteous
from klimawerk.web.places import locale, timezone
from klimawerk.web.tight import Tight
from klimawerk.web.words import words

__all__ = ["init_app", "locale", "timezone"]

from klimawerk.web import health


def init_app(app: Flask) -> None:
    """Dress every page of the app; call it before the rooms, so that their routes find the chrome in place."""
    incoming.init_app(app)
    app.jinja_env.add_extension(Tight)
    app.jinja_env.template_class = Courteous
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    _trust_proxies(app)
    logs.init_app(app)
    compress.init_app(app)  # the first to come is the last to see an answer
    outgoing.init_app(app)
    app.before_request(_name_the_page)
    places.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    assets.init_app(app)
    formats.init_app(app)
    info.init_app(app)
    offline.init_app(app)
    app.add_template_global(words, "page_words")

    health.init_app(app)


def _name_the_page() -> None:
    """The page that asks, so that it can recognise its own changes when they are announced."""
    g.page = line(request.headers.get("X-Page", ""))[:64] or None


def _trust_proxies(app: Flask) -> None:
    """Believe as many forwarding headers as there are proxies of ours in front, and no more."""
    proxies = app.extensions["klimawerk"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
