"""Data of countries from CLDR: name, time zones, currency and official language, as defaults of forms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

from klimawerk.folding import unaccented
from klimawerk.web.localisation import known_zones

LANGUAGES = ("de", "en", "es", "fr", "pt")
"""Languages a programme can be written in."""
# Countries of which the first time zone of the CLDR list is not that of most people.
_MAIN_ZONES = {
    "BR": "America/Sao_Paulo", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "EC": "America/Guayaquil",
    "ES": "Europe/Madrid", "ID": "Asia/Jakarta", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City",
    "PT": "Europe/Lisbon", "UA": "Europe/Kyiv", "US": "America/New_York", "VN": "Asia/Ho_Chi_Minh",
}  # fmt: skip


@cache
def country_choices(language: str) -> tuple[tuple[str, str], ...]:
    """Choices of countries: code and name in the language, sorted by name."""
    names = Locale.parse("en_GB" if language == "en" else language).territories
    choices = [(code, name) for code, name in names.items() if len(code) == 2 and code != "ZZ" and zones(code)]
    return tuple(sorted(choices, key=lambda choice: unaccented(choice[1])))


@cache
def zones(country: str) -> tuple[str, ...]:
    """Time zones of a country, that of most people first; () for an unknown country."""
    listed = [zone for zone in get_global("territory_zones").get(country, ()) if zone in known_zones()]
    main = _MAIN_ZONES.get(country)
    return tuple([main, *(zone for zone in listed if zone != main)] if main else listed)


def zone_of(country: str) -> str:
    """The time zone in which most people of the country live; UTC if unknown."""
    return (*zones(country), "UTC")[0]


def currency_of(country: str) -> str:
    """The country's currency; "" where it is the euro, or unknown."""
    currencies = [code for code in get_territory_currencies(country) if code != "EUR"]
    return currencies[0] if currencies and "EUR" not in get_territory_currencies(country) else ""


def language_of(country: str, among: Iterable[str]) -> str:
    """The country's first official language among the given ones; "" if there is none."""
    offered = tuple(among)
    return next((code for code in get_official_languages(country, de_facto=True) if code in offered), "")


@cache
def currency_choices(language: str) -> tuple[tuple[str, str], ...]:
    """Choices of currencies in use today: code and name, sorted by code."""
    names = Locale.parse("en_GB" if language == "en" else language).currencies
    used = {code for country, _ in country_choices("en") for code in get_territory_currencies(country)}
    return tuple((code, f"{code} – {names.get(code, code)}") for code in sorted(used))
