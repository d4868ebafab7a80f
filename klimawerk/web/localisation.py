"""Localisation: the user's locale and time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Protocol

from babel import Locale
from flask import Flask, current_app, has_request_context, request, session, url_for
from flask_babel import get_locale

from klimawerk.database import WRITE_FAILURES


class ReaderSettings(Protocol):
    """A signed-in user's settings of language and time zone."""

    language: str
    timezone: str


LANGUAGE_NAMES = {"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "pt": "Português"}
"""Each language's own name, for the language switch."""


def init_app(app: Flask) -> None:
    app.extensions["klimawerk_reader"] = lambda: None
    app.before_request(_remember_choice)
    app.add_template_global(interface_languages)
    app.add_template_global(language_name)
    app.add_template_global(own_name)
    app.add_template_global(language_url)
    app.add_template_global(_page_language, "locale")


def set_reader_lookup(app: Flask, reader: Callable[[], ReaderSettings | None]) -> None:
    """Register `reader`, which returns the signed-in user of the request; before that every user is anonymous."""
    app.extensions["klimawerk_reader"] = reader


def locale() -> str:
    """The locale chosen in this session, else the user's setting, else the browser's preference, else English."""
    offered = current_app.extensions["klimawerk"].languages
    if not has_request_context():
        return "en"
    with suppress(*WRITE_FAILURES):  # without a database the browser's preference decides
        for code in (session.get("lang"), getattr(current_reader(), "language", None)):
            if code in offered:
                return str(code)
    return request.accept_languages.best_match(offered) or "en"


def timezone() -> str:
    """The user's time zone; Europe/Berlin for anonymous visitors."""
    zone = getattr(current_reader(), "timezone", "") if has_request_context() else ""
    return zone if zone in known_zones() else "Europe/Berlin"


def interface_languages() -> list[tuple[str, str]]:
    """Code and own name of each interface language."""
    return [(code, LANGUAGE_NAMES.get(code, code)) for code in current_app.extensions["klimawerk"].languages]


def language_name(code: str) -> str:
    """A language's name in the current locale ("Englisch")."""
    return Locale(locale()).get_language_name(code) or code


def own_name(code: str) -> str:
    """A language's own name ("Deutsch"), for a switch."""
    return LANGUAGE_NAMES.get(code, code)


def language_url(code: str) -> str:
    """The URL of this page in another language; that of the start page where this one cannot be fetched by GET."""
    if not request.endpoint or not request.url_rule or "GET" not in (request.url_rule.methods or ()):
        return url_for("start.index", lang=code)
    return url_for(request.endpoint, **{**request.args, **(request.view_args or {}), "lang": code})


@cache
def known_zones() -> frozenset[str]:
    """Names of all time zones."""
    return frozenset(zoneinfo.available_timezones())


def current_reader() -> ReaderSettings | None:
    """The signed-in user of this request; None for an anonymous visitor."""
    reader: ReaderSettings | None = current_app.extensions["klimawerk_reader"]()
    return reader


def _remember_choice() -> None:
    """Store the language of `?lang=de` in the session."""
    chosen = request.args.get("lang")
    if chosen in current_app.extensions["klimawerk"].languages and session.get("lang") != chosen:
        session["lang"] = chosen


def _page_language() -> str:
    """The language of the current locale, for `lang` attributes; it follows `force_locale`."""
    current = get_locale()
    return current.language if current else "en"
