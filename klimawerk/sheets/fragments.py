"""HTML fragments of a sheet. The same template renders the page, the answer to a form, and the live refresh."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask import Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import display_name
from klimawerk.extensions import db
from klimawerk.registry import Registry
from klimawerk.sheets.field_view import FieldView
from klimawerk.sheets.items import WRITING_LANGUAGE_KEY
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, split_key
from klimawerk.sheets.text_view import TextView
from klimawerk.sheets.view import SheetView

RenderDerived = Callable[[SheetView, int], list[str]]
derived_renderers: Registry[str, RenderDerived] = Registry("derived fragments")
"""By kind of item: `render(view, since)` returns its derived fragments (sums, checklist)."""


def field_fragment(f: FieldView) -> str:
    """The HTML of a field. Rendered without the app's template context, since one response may hold hundreds."""
    return current_app.jinja_env.get_template("sheets/_field.html").render(f=f, v=f.view)


def text_fragment(t: TextView) -> str:
    return render_template("sheets/_text.html", t=t, v=t.view)


def rows_fragment(v: SheetView, kind: RowKind, deleted: Row | None = None) -> str:
    """The rows of one kind; `deleted`: the row that was just deleted, shown with an undo button."""
    template = "sheets/_rows.html" if v.cellwise else "sheets/_rows_read.html"
    return render_template(template, v=v, group=v.sheet.group_of(kind), kind=kind, deleted=deleted)


def derived_fragments(v: SheetView, since: int) -> list[str]:
    """Fragments elsewhere on the page that are derived from the sheet's values and may be newer than `since`."""
    derive = derived_renderers.get(v.item.kind)
    conflicts = current_app.jinja_env.get_template("sheets/_conflicts.html").render(v=v)
    return [conflicts, *(derive(v, since) if derive else [])]


def respond(v: SheetView, fragment: str, anchor: str, status: int = 200) -> ResponseReturnValue:
    """The response to a form: the fragment for htmx, else a redirect to `anchor`, on errors a page with the field."""
    if request.headers.get("HX-Request"):
        return Response(fragment, status, headers={"X-Rev": str(v.rev)})
    if status == 200:
        return redirect(f"{page_of(v.item)}#{anchor}", 303)
    return Response(render_template("sheets/field_page.html", fragment=fragment, v=v, back=page_of(v.item)), status)


def page_of(item: Item) -> str:
    """The path of the item's page."""
    return f"/{item.kind}s/{item.id}"


def changed_fragments(v: SheetView, since: int) -> list[str]:
    """Every fragment of the sheet that is newer than the revision `since`; all of them if a lock has changed."""
    if v.item.lock_rev > since:
        return _whole_sheet(v)
    fragments: list[str] = []
    changed = set(db.session.scalars(select(Row.kind).where(Row.item_id == v.item.id, Row.rev > since).distinct()))
    for group in v.sheet.groups:
        fragments += _changed_group(v, group, since, changed)
    fragments += _hinted_fields(v, since) if v.opened.writes else []
    if v.item.revs.get(WRITING_LANGUAGE_KEY, 0) > since:
        fragments.append(render_template("sheets/_languages.html", v=v))
    return fragments + derived_fragments(v, since)


def _hinted_fields(v: SheetView, since: int) -> list[str]:
    """Other date fields whose plausibility hint may have changed: a date in the same row, or one of the item itself,
    is newer than `since`."""
    dates = v.dated_fields()
    rows = {date.row.id if date.row else None for date in dates if date.rev > since}
    others = [date for date in dates if date.rev <= since and (None in rows or (date.row and date.row.id in rows))]
    return [field_fragment(date) for date in others if v.forms or not date.row]


def _whole_sheet(v: SheetView) -> list[str]:
    """All fragments of the sheet: it was locked or unlocked, or its locks have changed."""
    names = ["_lock", "_languages", *([] if v.sheet.document else ["_more"])]
    parts = [render_template(f"sheets/{name}.html", v=v) for name in names]
    titles = [text_fragment(t) for t in v.live(v.sheet.fields["title"])]
    groups = [render_template("sheets/_group.html", v=v, group=group) for group in v.sheet.groups]
    return [*parts, *titles, *groups, *derived_fragments(v, -1)]


def _changed_group(v: SheetView, group: Group, since: int, changed: set[str]) -> list[str]:
    """The changed parts, for editors; the whole group for readers, since their page does not hold empty parts."""
    title = [html for part in group.parts if part.name == "title" for html in _changed_part(v, part, since, changed)]
    rest = [html for part in group.parts if part.name != "title" for html in _changed_part(v, part, since, changed)]
    return title + (rest if v.opened.writes or not rest else [render_template("sheets/_group.html", v=v, group=group)])


def _changed_part(v: SheetView, part: Field | RowKind, since: int, changed: set[str]) -> list[str]:
    if isinstance(part, RowKind):
        return _changed_rows(v, part, since, part.name in changed)
    if part.kind == "live":
        return [text_fragment(t) for t in v.live(part) if t.fragment in v.texts and v.texts[t.fragment].rev > since]
    return _changed_fields(v, part, since)


def _changed_fields(v: SheetView, field: Field, since: int, row: Row | None = None) -> list[str]:
    changed = [f for f in v.fields(field, row) if f.rev > since or (f.conflict and f.conflict.rev > since)]
    return [field_fragment(f) for f in changed]


def _changed_rows(v: SheetView, kind: RowKind, since: int, list_changed: bool) -> list[str]:
    """The changed cells; the whole list if a row was added, deleted or moved, or if rows are not shown as forms."""
    if list_changed:
        return [rows_fragment(v, kind)]
    conflicting = {row_id for (row_id, _), conflict in v.conflicts.items() if conflict.rev > since}
    rows = [row for row in v.rows_in(kind) if row.id in conflicting or max(row.revs.values(), default=0) > since]
    cells = [f for row in rows for cell in kind.cells for f in _changed_fields(v, cell, since, row)]
    return [rows_fragment(v, kind)] if cells and not v.forms else cells


def change_announcement(v: SheetView, since: int) -> str:
    """A sentence for screen readers on the newest change by another user; percent-encoded for a header, "" for none."""
    newest = db.session.execute(
        select(Person.name, FieldChange.field)
        .join(Person, Person.id == FieldChange.by)
        .where(FieldChange.item_id == v.item.id, FieldChange.rev > since, FieldChange.by != v.opened.member.person.id)
        .order_by(FieldChange.id.desc())
        .limit(1)
    ).first()
    if newest is None:
        return ""
    name, key = display_name(newest[0]), newest[1]
    field = v.sheet.fields.get(split_key(key)[0])
    if field is None:
        return quote(_("%(name)s changed a line.", name=name))
    return quote(_("%(name)s changed %(field)s.", name=name, field=field.label))
