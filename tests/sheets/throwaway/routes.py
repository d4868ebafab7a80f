"""HTTP routes of notes: page, create."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from klimawerk.accounts.access import login_required
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import of_kind, readable_item, writable_item
from klimawerk.sheets.items import create_item
from klimawerk.sheets.routes import view_here
from tests.sheets.throwaway.models import Note

bp = Blueprint("notes", __name__)


@bp.get("/notes/<int:item_id>")
@login_required
def note(item_id: int) -> ResponseReturnValue:
    opened = readable_item(item_id)
    of_kind(opened, Note)
    return render_template("sheets/item_page.html", v=view_here(opened))


@bp.post("/programmes/<int:item_id>/notes")
@login_required
def create(item_id: int) -> ResponseReturnValue:
    created = Note(frame=of_kind(writable_item(item_id), Programme).frame)
    create_item(created, values=None, texts=None)
    return redirect(f"/notes/{created.id}", 303)
