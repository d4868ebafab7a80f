"""Sheets: fields, cells and rows with revisions, their routes and HTML fragments. Imports no kind of item."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext as _
from werkzeug.exceptions import Conflict, NotFound


def init_app(app: Flask) -> None:
    from klimawerk.accounts.signals import person_changed
    from klimawerk.sheets import document_access, lock_service
    from klimawerk.sheets.code_labels import fill_side_names
    from klimawerk.sheets.lock_refusal import locked_form
    from klimawerk.sheets.lock_scopes import scopes
    from klimawerk.sheets.order_keys import NotInList
    from klimawerk.sheets.routes import bp
    from klimawerk.sheets.update_lock import ItemDeleted, ItemLocked
    from klimawerk.web.errors import answer

    app.register_blueprint(bp)
    app.add_template_global(fill_side_names, "words_of")
    app.add_template_global(scopes, "lock_scopes")
    document_access.init_app(app)
    person_changed.connect(app, lock_service.update_holder_name)
    app.register_error_handler(ItemLocked, locked_form)
    app.register_error_handler(ItemDeleted, lambda deleted: answer(NotFound(str(deleted))))
    app.register_error_handler(NotInList, lambda _misplaced: answer(Conflict(_not_in_list_message())))


def _not_in_list_message() -> str:
    return str(_("What this should stand before is not in this list any more, so it stays where it is."))
