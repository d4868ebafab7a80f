"""Roles, sides and requests in the reader's words."""

from __future__ import annotations

import datetime as time
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


def reader_language() -> str:
    found = get_locale()
    return found.language if found else "en"


def role_name(role: str) -> str:
    return str(ROLES.get(role, role))


def text_for_reader(texts: dict[str, str]) -> tuple[str, str]:
    """The text in the reader's language, else in any, and which language that is."""
    for code in (reader_language(), "en", *texts):
        if texts.get(code):
            return texts[code], code
    return "", reader_language()


def side_name(partnership: Partnership, side: str) -> str:
    """The names of the side's municipalities; neutral people stand on neither side."""
    names = [one.name for one in partnership.municipalities if one.side == side]
    return ", ".join(names) or _("Neutral")


def own_side_first(partnership: Partnership, side: str) -> list[Municipality]:
    """The municipalities, those of the given side first."""
    return sorted(partnership.municipalities, key=lambda one: (one.side != side, one.position))


def language_name(code: str) -> str:
    return label("language", code, reader_language()) or Locale.parse(reader_language()).languages.get(code, code)


def language_names(codes: Iterable[str]) -> str:
    return ", ".join(language_name(code) for code in codes)


def request_phrase(request: JointRequest) -> str:
    """What is asked for, as a phrase."""
    asked = request.payload
    if request.kind == "rate":
        since = date(time.date.fromisoformat(asked["date"]))
        return str(_("Planning rate %(rate)s from %(date)s", rate=number(asked["rate"]), date=since))
    if request.kind == "languages":
        names, lead = language_names(asked["languages"]), language_name(asked["lead"])
        return str(_("Working languages: %(languages)s; original: %(lead)s", languages=names, lead=lead))
    return str(_("Delete the programme"))
