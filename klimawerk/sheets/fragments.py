"""HTML fragments of a sheet. The same template renders the page, the answer to a form, and the live refresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from klimawerk import fragment_cache
from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import display_name
from klimawerk.extensions import db
from klimawerk.registry import Registry
from klimawerk.sheets.field_view import FieldView
from klimawerk.sheets.fragment_keys import sheet_key
from klimawerk.sheets.items import WRITING_LANGUAGE_KEY
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.sheets.sheet_schema import Field, Group, RowKind, split_key
from klimawerk.sheets.text_view import TextView
from klimawerk.sheets.view import SheetView

RenderDerived = Callable[[SheetView, int], list[str]]
derived_renderers: Registry[str, RenderDerived] = Registry("derived fragments")
"""By kind of item: `render(view, since)` returns its derived fragments (sums, checklist)."""


def field_fragment(f: FieldView) -> str:
    """The HTML of a field for reading."""
    return current_app.jinja_env.get_template("sheets/_field.html").render(f=f)


def forms_fragment(v: SheetView, fields: Iterable[FieldView] = (), rows: Iterable[Row] = ()) -> str:
    """The forms of these fields and rows, which the browser keeps until one is opened; "" if there are none, or for
    users who may not edit now. Rendered without the app's template context, since it may hold hundreds."""
    shown, placed = list(fields), [_placed(v, row) for row in rows]
    if not v.editable or not (shown or placed):
        return ""
    template = current_app.jinja_env.get_template("sheets/_forms.html")
    return template.render(v=v, fields=shown, rows=placed, token=False)


def field_form_fragment(f: FieldView) -> str:
    """The form of a field or cell with a form token, for a page without scripts."""
    return render_template("sheets/_form.html", f=f, token=True)


def all_forms(v: SheetView) -> str:
    """The forms of all fields and rows of the sheet, cached."""
    return fragment_cache.fragments().get(("forms", *sheet_key(v)), lambda: _all_forms(v))


def _all_forms(v: SheetView) -> str:
    fields = [f for part in v.sheet.parts if isinstance(part, Field) and part.kind != "live" for f in v.fields(part)]
    return forms_fragment(
        v, [*_code_fields(v), *fields], [row for kind in v.sheet.rows.values() for row in v.rows_in(kind)]
    )


def _code_fields(v: SheetView) -> list[FieldView]:
    """The code of a goal or measure, which is in the menu of its head."""
    return [] if v.item.kind == "programme" else [v.code_field()]


def row_form(v: SheetView, row: Row) -> str:
    """The form of one row with form tokens, for a page without scripts."""
    kind, row, number, last = _placed(v, row)
    return render_template("sheets/_row_form.html", v=v, kind=kind, row=row, number=number, last=last, token=True)


def _placed(v: SheetView, row: Row) -> tuple[RowKind, Row, int, bool]:
    """(kind, row, its number beginning at 1, whether it is the last one)."""
    kind = v.sheet.rows[row.kind]
    listed = v.rows_in(kind)
    number = next((i for i, other in enumerate(listed, 1) if other.id == row.id), 1)
    return kind, row, number, number == len(listed)


def title_of(v: SheetView) -> tuple[str, str]:
    """`v.title()`, cached."""
    return fragment_cache.fragments().get(("title", *sheet_key(v)), v.title)


def title_fragment(v: SheetView) -> str:
    """The title as a live text, in every shown language."""
    return fragment_cache.cached_template(("titles", *sheet_key(v)), "sheets/_titles.html", lambda: {"v": v})


def groups_fragment(v: SheetView) -> str:
    """All groups of the sheet, and the fields that can be added."""
    return _cached(v, "groups", "sheets/_groups.html", {"v": v})


def menu_fragment(v: SheetView) -> str:
    """What is seldom done with the item."""
    return _cached(v, "menu", "sheets/_menu.html", {"v": v})


def sections_fragment(v: SheetView) -> str:
    """Links to the groups that show something."""
    return fragment_cache.cached_template(("sections", *sheet_key(v)), "sheets/_sections.html", lambda: {"v": v})


def group_fragment(v: SheetView, group: Group) -> str:
    """One group of the sheet."""
    return _cached(v, f"group-{group.name}", "sheets/_group.html", {"v": v, "group": group})


def _cached(v: SheetView, name: str, template: str, context: dict[str, object]) -> str:
    """A fragment made of the item, of its programme's period, and of titles in its programme. While fields have two
    values it is rendered anew: these are shown with the names of their authors, of whom one may be the reader."""
    if v.conflicts:
        return Markup(render_template(template, **context))  # noqa: S704
    return fragment_cache.cached_template((name, *sheet_key(v)), template, lambda: context)


def text_fragment(t: TextView) -> str:
    return render_template("sheets/_text.html", t=t, v=t.view)


@dataclass(frozen=True)
class DeletedRow:
    """A row that was just deleted; its undo button stands where it was: before the row `before`, or at the end."""

    row: Row
    before: str | None


def rows_fragment(v: SheetView, kind: RowKind, deleted: Row | None = None) -> str:
    """The rows of one kind; `deleted`: the row that was just deleted, shown with an undo button."""
    undo = None
    if deleted is not None:
        undo = DeletedRow(deleted, next((row.id for row in v.rows_in(kind) if row.order_key > deleted.order_key), None))
    return render_template("sheets/_rows.html", v=v, group=v.sheet.group_of(kind), kind=kind, undo=undo)


def languages_fragment(v: SheetView) -> str:
    """The languages shown and the common writing language."""
    return "".join(render_template(f"sheets/{name}.html", v=v) for name in ("_languages", "_menu"))


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
    page = render_template("sheets/field_page.html", fragment=fragment, v=v, back=page_of(v.item), refused=True)
    return Response(page, status)


def page_of(item: Item) -> str:
    """The path of the item's page."""
    return f"/{item.kind}s/{item.id}"


def changed_fragments(v: SheetView, since: int) -> list[str]:
    """Every fragment of the sheet that is newer than the revision `since`; all of them if a lock has changed."""
    if v.item.lock_rev > since:
        return _whole_sheet(v)
    fragments = [field_fragment(f) for f in _code_fields(v) if v.editable and _is_newer(f, since)]
    changed = _changed_lists(v, since)
    for group in v.sheet.groups:
        fragments += _changed_group(v, group, since, changed)
    fragments += _hinted_fields(v, since) if v.opened.writes else []
    if v.item.revs.get(WRITING_LANGUAGE_KEY, 0) > since:
        fragments.append(languages_fragment(v))
    return fragments + derived_fragments(v, since)


def _changed_lists(v: SheetView, since: int) -> set[str]:
    """The kinds of rows of which one was added, moved, deleted or restored after `since`."""
    return set(db.session.scalars(select(Row.kind).where(Row.item_id == v.item.id, Row.rev > since).distinct()))


def _hinted_fields(v: SheetView, since: int) -> list[str]:
    """Other date fields whose plausibility hint may have changed: one of the item's own dates is newer than `since`."""
    dates = [date for date in v.dated_fields() if date.row is None]
    if not any(date.rev > since for date in dates):
        return []
    return [field_fragment(date) for date in dates if date.rev <= since]


def _whole_sheet(v: SheetView) -> list[str]:
    """All fragments of the sheet: it was locked or unlocked, or its locks have changed."""
    names = ["_lock", "_languages", "_menu", *([] if v.sheet.document else ["_more"])]
    parts = [render_template(f"sheets/{name}.html", v=v) for name in names]
    titles = [text_fragment(t) for t in v.live(v.sheet.fields["title"])]
    groups = [group_fragment(v, group) for group in v.sheet.groups]
    return [*parts, *titles, *groups, *derived_fragments(v, -1)]


def _changed_group(v: SheetView, group: Group, since: int, changed: set[str]) -> list[str]:
    """The changed parts, for editors; the whole group for readers, since their page does not hold empty parts."""
    title = [html for part in group.parts if part.name == "title" for html in _changed_part(v, part, since, changed)]
    rest = [html for part in group.parts if part.name != "title" for html in _changed_part(v, part, since, changed)]
    return title + (rest if v.opened.writes or not rest else [group_fragment(v, group)])


def _changed_part(v: SheetView, part: Field | RowKind, since: int, changed: set[str]) -> list[str]:
    if isinstance(part, RowKind):
        return _changed_rows(v, part, since, part.name in changed)
    if part.kind == "live":
        return [text_fragment(t) for t in v.live(part) if t.fragment in v.texts and v.texts[t.fragment].rev > since]
    return _changed_fields(v, part, since)


def _changed_fields(v: SheetView, field: Field, since: int) -> list[str]:
    return [field_fragment(f) for f in v.fields(field) if _is_newer(f, since)]


def _is_newer(f: FieldView, since: int) -> bool:
    return f.rev > since or bool(f.conflict and f.conflict.rev > since)


def _changed_rows(v: SheetView, kind: RowKind, since: int, list_changed: bool) -> list[str]:
    """The table, if a row was added, deleted, moved or changed; dates of the sheet may change a hint in it."""
    dated = bool(kind.dated) and any(f.rev > since for f in v.dated_fields() if f.row is None)
    return [rows_fragment(v, kind)] if list_changed or dated or changed_rows(v, kind, since) else []


def changed_rows(v: SheetView, kind: RowKind, since: int) -> list[Row]:
    """The rows with a cell, or a conflict, that is newer than `since`."""
    conflicting = {row_id for (row_id, _), conflict in v.conflicts.items() if conflict.rev > since}
    return [row for row in v.rows_in(kind) if row.id in conflicting or v.row_rev(row) > since]


def changed_forms(v: SheetView, since: int) -> str:
    """The forms of what is newer than `since`, for a browser that keeps the forms of the sheet."""
    parts = [part for part in v.sheet.fields.values() if part.kind != "live"]
    all_fields = _code_fields(v) + [f for part in parts for f in v.fields(part)]
    fields = [f for f in all_fields if _is_newer(f, since)]
    changed = _changed_lists(v, since)
    rows = [
        row
        for kind in v.sheet.rows.values()
        for row in (v.rows_in(kind) if kind.name in changed else changed_rows(v, kind, since))
    ]
    return forms_fragment(v, fields, rows)


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
