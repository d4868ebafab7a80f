"""The reader's language and time zone."""

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
    """Whoever reads the page and has told us language and zone."""

    language: str
    timezone: str


LANGUAGE_NAMES = {"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "pt": "Português"}
"""Every language by its own name, as it stands in the switch."""


def init_app(app: Flask) -> None:
    app.extensions["klimawerk_reader"] = lambda: None
    app.before_request(_remember_choice)
    app.add_template_global(interface_languages)
    app.add_template_global(language_name)
    app.add_template_global(own_name)
    app.add_template_global(language_url)
    app.add_template_global(_page_language, "locale")


def set_reader_lookup(app: Flask, reader: Callable[[], ReaderSettings | None]) -> None:
    """Let `reader` tell who reads; nobody is known before."""
    app.extensions["klimawerk_reader"] = reader


def locale() -> str:
    """Chosen in this session, else the person's own, else what the browser prefers, else English."""
    offered = current_app.extensions["klimawerk"].languages
    if not has_request_context():
        return "en"
    with suppress(*WRITE_FAILURES):  # a house without its database speaks the browser's language
        for code in (session.get("lang"), getattr(current_reader(), "language", None)):
            if code in offered:
                return str(code)
    return request.accept_languages.best_match(offered) or "en"


def timezone() -> str:
    """The reader's zone; that of Berlin for strangers."""
    zone = getattr(current_reader(), "timezone", "") if has_request_context() else ""
    return zone if zone in known_zones() else "Europe/Berlin"


def interface_languages() -> list[tuple[str, str]]:
    """Code and own name of each language the interface speaks."""
    return [(code, LANGUAGE_NAMES.get(code, code)) for code in current_app.extensions["klimawerk"].languages]


def language_name(code: str) -> str:
    """A language's name in the reader's language ("Englisch")."""
    return Locale(locale()).get_language_name(code) or code


def own_name(code: str) -> str:
    """A language's name in itself ("Deutsch"), as it stands in a switch."""
    return LANGUAGE_NAMES.get(code, code)


def language_url(code: str) -> str:
    """This page in another language; from an answer that is no page of its own, the start page."""
    if not request.endpoint or not request.url_rule or "GET" not in (request.url_rule.methods or ()):
        return url_for("start.index", lang=code)
    return url_for(request.endpoint, **{**request.args, **(request.view_args or {}), "lang": code})


@cache
def known_zones() -> frozenset[str]:
    """Names of all time zones."""
    return frozenset(zoneinfo.available_timezones())


def current_reader() -> ReaderSettings | None:
    """Who asks; None for a stranger."""
    found: ReaderSettings | None = current_app.extensions["klimawerk_reader"]()
    return found


def _remember_choice() -> None:
    """`?lang=de` holds for this session."""
    chosen = request.args.get("lang")
    if chosen in current_app.extensions["klimawerk"].languages and session.get("lang") != chosen:
        session["lang"] = chosen


def _page_language() -> str:
    """The language that texts are in now, for `lang` attributes; it follows `force_locale`."""
    found = get_locale()
    return found.language if found else "en"
