"""The navigation in the frame of every page: start, programme, comments, history, members."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Flask, g, request
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy import bindparam, select

from klimawerk.accounts.access import current_person
from klimawerk.comments.thread_list import open_counts
from klimawerk.comments.topics import counts_topic
from klimawerk.extensions import db
from klimawerk.fragment_cache import fragments
from klimawerk.live.changes import revisions
from klimawerk.partnerships.access import Member, my_memberships
from klimawerk.partnerships.partnership_labels import own_side_first, short_name
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Frame
from klimawerk.sheets.programme_topic import ORDER


@dataclass(frozen=True)
class SiteSection:
    """A link of the navigation. `name` is also that of its icon; `count`: open threads, 0 for none; `later`: on phones
    it stands under "More"."""

    name: str
    label: str
    url: str
    current: bool = False
    count: int = 0
    later: bool = False


@dataclass(frozen=True)
class Site:
    """The navigation; the short names of both sides' municipalities ("" outside of a partnership); the user's side and
    initials; the address of the search."""

    name: str
    sections: tuple[SiteSection, ...]
    side: str
    initials: str
    search: str


_SECTION_OF = {
    "start": "start",
    "news": "start",
    "overview": "programme",
    "goals": "programme",
    "measures": "programme",
    "sheets": "programme",
    "exchange": "programme",
    "comments": "comments",
    "versions": "history",
    "editions": "history",
    "partnerships": "members",
    "invitations": "members",
}
"""{blueprint: the section that its pages belong to}"""
_ELSEWHERE = {"partnerships.new", "exchange.choose", "exchange.look"}
"""Pages outside of the user's partnership."""


def init_app(app: Flask) -> None:
    app.add_template_global(site)
    app.add_template_global(short_name)
    app.add_template_filter(initials)


def site() -> Site:
    """The navigation of this page: of the partnership that the page belongs to, else of the user's only one."""
    member = _member()
    programme = _programme(member) if member else None
    here = "" if request.endpoint in _ELSEWHERE else _SECTION_OF.get(request.blueprint or "", "")
    sections = [SiteSection("start", pgettext("navigation", "Start"), "/")]
    if member and programme:
        path, items = f"/programmes/{programme.id}/overview", f"/items/{programme.id}"
        sections += [
            SiteSection("programme", _("Programme"), path),
            SiteSection("comments", _("Comments"), f"{items}/comments", count=_open_threads(programme, member)),
            SiteSection("history", _("History"), f"{items}/history", later=True),
        ]
    if member:
        members = f"/partnerships/{member.partnership.id}/members"
        sections.append(SiteSection("members", _("Members"), members, later=True))
    name = (
        " – ".join(short_name(town.name) for town in own_side_first(member.partnership, member.side)) if member else ""
    )
    person = current_person()
    shown = tuple(replace(section, current=section.name == here) for section in sections)
    search = f"/search?programme={programme.id}" if programme else "/search"
    return Site(name, shown, member.side if member else "", initials(person.name) if person else "", search)


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name, in capitals: "KA" for "Kofi Adu-Mensah"."""
    letters = [letter for word in name.split() if (letter := next((sign for sign in word if sign.isalnum()), ""))]
    return "".join(letters[:1] + letters[1:][-1:]).upper()


def _member() -> Member | None:
    """The user's membership in the partnership of this page; without one, in the user's only partnership."""
    if "member" in g:
        shown: Member = g.member
        return shown
    person = current_person()
    mine = [member for member in my_memberships(person) if not member.partnership.practice_of] if person else []
    return mine[0] if len(mine) == 1 else None


def _open_threads(programme: Programme, member: Member) -> int:
    """The number of open threads of the programme that the member sees; cached."""
    topic = counts_topic(programme, member.side)
    changes = (programme.revs.get(ORDER, 0), revisions([topic])[topic])
    key = ("open threads", programme.id, *changes, member.side, member.role)
    return fragments().get(key, lambda: sum(open_counts(programme.frame, member)[0].values()))


_OLDEST_PROGRAMME = (
    select(Programme)
    .join(Frame, Frame.id == Programme.frame_id)
    .where(Frame.partnership_id == bindparam("partnership"), Programme.deleted_at.is_(None), Frame.arriving.is_(None))
    .order_by(Programme.id)
    .limit(1)
)


def _programme(member: Member) -> Programme | None:
    """The partnership's programme, the oldest if it has several."""
    found: Programme | None = db.session.scalar(_OLDEST_PROGRAMME, {"partnership": member.membership.partnership_id})
    return found
