"""HTTP route: attribution of a text (who wrote which passage)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from klimawerk.accounts.access import login_required
from klimawerk.collab.storage import document_store
from klimawerk.sheets import code_labels
from klimawerk.sheets.access import readable_item
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.routes import view_here
from klimawerk.sheets.sheet_schema import Field
from klimawerk.sheets.view import SheetView
from klimawerk.versions.routes import bp
from klimawerk.versions.text_authors import PERSON, PLACE, authored_passages


@dataclass(frozen=True)
class TextChoice:
    """One of the item's long texts in one language."""

    fragment: str
    label: str
    lang: str


@bp.get("/items/<int:item_id>/who")
@login_required
def who(item_id: int) -> ResponseReturnValue:
    """The author of each passage of one text; without `text` a list of the item's texts."""
    opened = readable_item(item_id)
    v, by = view_here(opened), request.args.get("by", PLACE)
    filled = {
        name for name, text in document_store.texts([opened.item.name])[opened.item.name].items() if text.plain.strip()
    }
    choices = [choice for choice in text_choices(v) if choice.fragment in filled]
    wanted = request.args.get("text", "")
    chosen = next((choice for choice in text_choices(v) if choice.fragment == wanted), None)
    if by not in (PLACE, PERSON) or (wanted and chosen is None):
        abort(404)
    paragraphs = authored_passages(opened.item, chosen.fragment, by) if chosen else []
    context = {"choices": choices, "chosen": chosen, "by": by, "paragraphs": paragraphs}
    return render_template("versions/who.html", v=v, back=page_of(opened.item), **context)


def text_choices(v: SheetView) -> list[TextChoice]:
    """The item's long texts in all working languages, in the order of the sheet."""
    fields = [part for part in v.sheet.parts if isinstance(part, Field) and part.kind == "live"]
    return [
        TextChoice(key, code_labels.fill_side_names(field.label, v.sides), key.partition(".")[2])
        for field in fields
        for key in field.keys(v.frame.languages)
    ]
