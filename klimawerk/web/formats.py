"""Template filters: dates, money, numbers and times in the user's locale and time zone. English is British."""

from __future__ import annotations

import datetime as time
import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, units
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from klimawerk.clock import now
from klimawerk.text import truncate_with_ellipsis
from klimawerk.web import localisation

NO_BREAK = "\u00a0"

# Where a word that is too long for a column of a table may break: only before a letter or digit, so that no combining
# mark is parted from its letter.
_LONG_WORD = re.compile(r"\S{30}(?=\w)")


class ZonedPlace(Protocol):
    """A place with a name and a time zone."""

    name: str
    timezone: str


def init_app(app: Flask) -> None:
    filters = (date, day, short_date, short_day, recent_day, month, money, number, moment, moments, size, breakable)
    for filter_ in (*filters, truncate_with_ellipsis):
        app.add_template_filter(filter_)


def breakable(text: str) -> str:
    """The text with a break allowed after each 30 characters without a space, so that an address widens no table."""
    cuts = [word.end() for word in _LONG_WORD.finditer(text)]
    return Markup("<wbr>").join(text[a:b] for a, b in pairwise([0, *cuts, len(text)])) if cuts else text


def date(value: time.date | str | None) -> str:
    """A date: "24 November 2026", "24. November 2026". Accepts ISO text; a month or year alone is formatted as such."""
    parts = _parts(value)
    if len(parts) < 3:
        return month("-".join(parts))
    return dates.format_date(time.date.fromisoformat("-".join(parts)), "d MMMM y" if _english() else "long", _locale())


def short_date(value: time.date | str | None) -> str:
    """A date for narrow columns: "24 Nov 2027", "24. Nov. 2027", without the year if it is the present one; a month as
    "Nov 2027", a year alone as it is."""
    parts = _parts(value)
    if len(parts) < 2:
        return "".join(parts)
    day_of_month = int(parts[2]) if len(parts) > 2 else 1
    pattern = "MMM" if len(parts) < 3 else "d MMM" if _english() else "d. MMM"
    if len(parts) < 3 or int(parts[0]) != _today().year:
        pattern += " y"
    return dates.format_date(time.date(int(parts[0]), int(parts[1]), day_of_month), pattern, _locale())


def day(value: time.datetime) -> str:
    """The date of a point in time, in the user's time zone."""
    return date(value.astimezone(ZoneInfo(localisation.timezone())).date())


def short_day(value: time.datetime) -> str:
    """The date in the user's time zone, without the present year: "3 November", "3. November 2025"."""
    zone = ZoneInfo(localisation.timezone())
    local = value.astimezone(zone).date()
    if local.year != now().astimezone(zone).year:
        return date(local)
    return dates.format_skeleton("MMMMd", local, locale=_locale())


def recent_day(value: time.datetime) -> str:
    """When it was, as short as possible: "today, 10:15", "yesterday, 10:15", "3 November"."""
    zone = ZoneInfo(localisation.timezone())
    local, today = value.astimezone(zone), now().astimezone(zone).date()
    if local.date() == today:
        return str(_("today, %(time)s", time=f"{local:%H:%M}"))
    if local.date() == today - time.timedelta(days=1):
        return str(_("yesterday, %(time)s", time=f"{local:%H:%M}"))
    return short_day(value)


def month(value: time.date | str | None) -> str:
    """A month: "May 2027", "Mai 2027"; a year alone stays as it is; None gives ""."""
    parts = _parts(value)
    if len(parts) < 2:
        return "".join(parts)
    return dates.format_date(time.date(int(parts[0]), int(parts[1]), 1), "MMMM y", _locale())


def money(value: Decimal | int | str | None, currency: str) -> str:
    """An amount and its currency: "EUR 1,500", in German "1.500 €", with cents only where there are some."""
    if value is None or value == "":
        return ""
    exact = Decimal(value)
    amount = numbers.format_decimal(exact, "#,##0" if exact == exact.to_integral_value() else "#,##0.00", _locale())
    return with_currency(amount, currency)


def with_currency(amount: str, currency: str) -> str:
    """A written amount with its currency, as the language has it."""
    if _english():
        return f"{currency}{NO_BREAK}{amount}"
    return f"{amount}{NO_BREAK}{'€' if currency == 'EUR' else currency}"


def number(value: Decimal | float | int | str | None) -> str:
    """A number with the locale's separators and its decimals, at most six."""
    if value is None or value == "":
        return ""
    return numbers.format_decimal(Decimal(str(value)), "#,##0.######", _locale())


def written(value: Decimal | int | str, language: str, *, cents: bool = False) -> str:
    """A number for an input: no grouping, and never exactly three decimals, so that it parses unambiguously:
    "62000,00", "0,5".
    """
    amount = Decimal(str(value))
    three = amount.normalize().as_tuple().exponent == -3
    return numbers.format_decimal(amount, "0.00" if cents else "0.0000" if three else "0.######", locale=language)


def size(count: int) -> str:
    """A size in bytes, to one decimal: "0.6 kB", "1,2 MB"."""
    unit, most = ("kilobyte", 1e3) if count < 1e6 else ("megabyte", 1e6)
    return units.format_unit(round(count / most, 1), f"digital-{unit}", "short", locale=_locale())


def moment(value: time.datetime | None, zone: str | None = None) -> str:
    """Date and time in the user's time zone, or in `zone`: "24 November 2026, 14:30"."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone or localisation.timezone()))
    return f"{date(local.date())}, {local:%H:%M}"


def moments(value: time.datetime | None, places: Iterable[ZonedPlace]) -> str:
    """One point in time in each place's zone: "24 November 2026, 14:30 (Wiesenbrück) · 13:30 (Abenkrom)"."""
    if value is None:
        return ""
    shown: list[str] = []
    previous_date = ""
    for place in places:
        local = value.astimezone(ZoneInfo(place.timezone))
        text = f"{local:%H:%M}" if date(local.date()) == previous_date else f"{date(local.date())}, {local:%H:%M}"
        previous_date = date(local.date())
        shown.append(f"{text} ({place.name})")
    return " · ".join(shown)


def _parts(value: time.date | str | None) -> list[str]:
    text = value.isoformat() if isinstance(value, time.date) else str(value or "")
    return text[:10].split("-") if text else []


def _today() -> time.date:
    return time.datetime.now(ZoneInfo(localisation.timezone())).date()


def _english() -> bool:
    return _locale().language == "en"


def _locale() -> Locale:
    current = get_locale() or Locale("en")
    return Locale("en", "GB") if current.language == "en" else current
