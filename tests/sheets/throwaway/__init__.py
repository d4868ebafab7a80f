"""A kind of item that only tests register: a note with one text (its title) and one field.

Observers do not see notes, and only moderators and coordinators write them.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _

from klimawerk import create_app, sheets
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.item_kinds import ItemKind
from klimawerk.sheets.sheet_schema import Field, Group, Sheet

TITLE = Field("title", "live", _("Title"), first=True, line=True)
PLACE = Field("place", "line", _("Place"), first=True)
KIND = ItemKind(
    Sheet("note", (Group("what", _("What and why"), (TITLE, PLACE)),)),
    may_read=lambda member: member.may(Right.COMMENT),
    may_write=lambda member: member.may(Right.MODERATE),
)


def init_app(app: Flask) -> None:
    from tests.sheets.throwaway.routes import bp

    app.register_blueprint(bp)
    sheets.add_kind(app, KIND)


def make() -> Flask:
    """The application with notes, for a server."""
    app = create_app()
    init_app(app)
    return app
