"""Page chrome: locale and time zone, security headers, errors, filters, static files. No domain word."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Request, current_app, g, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.utils import cached_property

from klimawerk.web import assets, compress, errors, formats, headers, info, logs, offline, places
from klimawerk.web.courtesy import Courteous
from klimawerk.web.places import locale, timezone
from klimawerk.web.tight import Tight
from klimawerk.web.words import words

__all__ = ["init_app", "locale", "timezone"]

from klimawerk.web import health


def init_app(app: Flask) -> None:
    """Dress every page of the app; call it before the rooms, so that their routes find the chrome in place."""
    app.request_class = PageRequest
    app.jinja_env.add_extension(Tight)
    app.jinja_env.template_class = Courteous
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    app.url_map.converters["int"] = Number
    _trust_proxies(app)
    logs.init_app(app)
    compress.init_app(app)  # the first to come is the last to see an answer
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


_NO_LETTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Number(IntegerConverter):
    """A number in an address; one that no database column holds is an unknown page, not a failure."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"max": 2**31 - 1, **options})


class PageRequest(Request):
    """Only an uploaded file may be as large as an import; everything typed stays below `max_form_size`.

    What is typed or stands in an address holds letters only: no database and no page takes NUL and its kin.
    """

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _letters(super().args)

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _letters(self.form)

    @property
    def max_content_length(self) -> int | None:
        config = current_app.extensions["klimawerk"]
        upload = self.mimetype == "multipart/form-data"
        return int(config.max_import_size if upload else config.max_form_size)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        raise AttributeError("sizes are settings of the installation")


def _letters(typed: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    clean = [(_NO_LETTERS.sub("", name), _NO_LETTERS.sub("", text)) for name, text in typed.items(multi=True)]
    return ImmutableMultiDict(clean)


def _name_the_page() -> None:
    """The page that asks, so that it can recognise its own changes when they are announced."""
    g.page = request.headers.get("X-Page", "")[:64] or None


def _trust_proxies(app: Flask) -> None:
    """Believe as many forwarding headers as there are proxies of ours in front, and no more."""
    proxies = app.extensions["klimawerk"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
