"""Sheets: fields, cells and rows with revisions, their routes and HTML fragments. Imports no kind of item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask
from flask_babel import gettext as _
from werkzeug.exceptions import Conflict, NotFound

if TYPE_CHECKING:
    from klimawerk.sheets.item_kinds import ItemKind


def init_app(app: Flask) -> None:
    from klimawerk.accounts.signals import person_changed
    from klimawerk.sheets import lock_service
    from klimawerk.sheets.code_labels import fill_side_names
    from klimawerk.sheets.fragments import (
        group_fragment,
        groups_fragment,
        menu_fragment,
        sections_fragment,
        title_fragment,
        title_of,
    )
    from klimawerk.sheets.lock_refusal import locked_form
    from klimawerk.sheets.lock_scopes import scopes
    from klimawerk.sheets.order_keys import NotInList
    from klimawerk.sheets.routes import bp
    from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked
    from klimawerk.web.errors import answer

    app.register_blueprint(bp)
    app.add_template_global(fill_side_names, "words_of")
    app.add_template_global(scopes, "lock_scopes")
    app.add_template_global(group_fragment)
    app.add_template_global(groups_fragment)
    app.add_template_global(menu_fragment)
    app.add_template_global(sections_fragment)
    app.add_template_global(title_fragment)
    app.add_template_global(title_of)
    person_changed.connect(app, lock_service.update_holder_name)
    app.register_error_handler(ItemLocked, locked_form)
    app.register_error_handler(ItemDeleted, lambda deleted: answer(NotFound(str(deleted))))
    app.register_error_handler(NotInList, lambda _misplaced: answer(Conflict(_not_in_list_message())))


def add_kind(app: Flask, kind: ItemKind) -> None:
    """Register a kind of item: its sheet, and who may use the live documents and topics of its items."""
    from klimawerk.collab import access
    from klimawerk.live import topic_access
    from klimawerk.sheets.document_access import document_access, may_watch
    from klimawerk.sheets.item_kinds import item_kinds

    item_kinds.add(app, kind.name, kind)
    access.resolvers.add(app, kind.name, document_access)
    topic_access.rules.add(app, kind.name, may_watch)


def _not_in_list_message() -> str:
    return str(_("What this should stand before is not in this list any more, so it stays where it is."))
