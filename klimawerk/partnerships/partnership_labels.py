"""Labels of roles, sides, languages and joint requests in the reader's language."""

from __future__ import annotations

import datetime as time
import re
from collections.abc import Iterable

from babel import Locale
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _

from klimawerk.codes import label
from klimawerk.partnerships.models import JointRequest, Municipality, Partnership
from klimawerk.web.formats import date, number

ROLES = {
    "coordinator": lazy_gettext("Coordinator"),
    "moderator": lazy_gettext("Moderator"),
    "editor": lazy_gettext("Editor"),
    "reviewer": lazy_gettext("Reviewer"),
    "observer": lazy_gettext("Observer"),
}
ROLE_HELP = {
    "coordinator": lazy_gettext("writes, invites people of the own side, changes the settings"),
    "moderator": lazy_gettext("writes, opens and closes parts for editing"),
    "editor": lazy_gettext("writes and comments"),
    "reviewer": lazy_gettext("reads and comments"),
    "observer": lazy_gettext("reads"),
}

_KIND_OF_TOWN = re.compile(
    r"^(Stadt|Kreisstadt|Hansestadt|Landkreis|Kreis|Gemeinde|Samtgemeinde|City of|Town of|Municipality of"
    r"|Ville de|Commune de|Mairie de|Municipalidad de|Municipio de|Ayuntamiento de|Alcaldía de) "
    r"| ((Municipal|District|Metropolitan|City|Town) (Assembly|Council|Municipality)|Municipality|Commune)$",
    re.IGNORECASE,
)


_NAMES_WITH_A_KIND = ("stadt wehlen", "benin city", "cape town", "kansas city", "mexico city", "quezon city")
"""Names of towns of which a word for a kind is a part, so that without it another name would be left. "Markt" begins so
many of them ("Markt Schwaben") that it is never left out."""


def reader_language() -> str:
    current_locale = get_locale()
    return current_locale.language if current_locale else "en"


def role_name(role: str) -> str:
    return str(ROLES.get(role, role))


def text_for_reader(texts: dict[str, str]) -> tuple[str, str]:
    """The text in the reader's language, else in English or any other, and the code of its language."""
    for code in (reader_language(), "en", *texts):
        if texts.get(code):
            return texts[code], code
    return "", reader_language()


def side_name(partnership: Partnership, side: str) -> str:
    """The names of the side's municipalities; "Neutral" for a side without any."""
    names = [town.name for town in partnership.municipalities if town.side == side]
    return ", ".join(names) or _("Neutral")


def own_side_first(partnership: Partnership, side: str) -> list[Municipality]:
    """The municipalities, those of the given side first."""
    return sorted(partnership.municipalities, key=lambda town: (town.side != side, town.position))


def short_name(town: str) -> str:
    """The municipality's name without the words for its kind: "Abenkrom" for "Abenkrom Municipal Assembly"."""
    words = " ".join(town.split())
    known = next((name for name in _NAMES_WITH_A_KIND if f"{words} ".casefold().startswith(f"{name} ")), "")
    return words[: len(known)] or _KIND_OF_TOWN.sub("", words).strip() or town


def language_name(code: str) -> str:
    return label("language", code, reader_language()) or Locale.parse(reader_language()).languages.get(code, code)


def language_names(codes: Iterable[str]) -> str:
    return ", ".join(language_name(code) for code in codes)


def request_phrase(request: JointRequest) -> str:
    """A phrase that says what the request asks for."""
    payload = request.payload
    if request.kind == "rate":
        since = date(time.date.fromisoformat(payload["date"]))
        return str(_("Planning rate %(rate)s from %(date)s", rate=number(payload["rate"]), date=since))
    if request.kind == "languages":
        names, lead = language_names(payload["languages"]), language_name(payload["lead"])
        return str(_("Working languages: %(languages)s; original: %(lead)s", languages=names, lead=lead))
    return str(_("Delete the programme"))
