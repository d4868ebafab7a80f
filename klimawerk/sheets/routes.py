"""HTTP routes of a sheet: set fields and cells, edit rows, settle conflicts, lock, get changes since a revision."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.extensions import db
from klimawerk.idempotency import form_key
from klimawerk.partnerships.rights import Right
from klimawerk.sheets import items, lock_service, rows, service
from klimawerk.sheets.access import (
    Opened,
    allowed_item,
    readable_item,
    writable_conflict,
    writable_item,
    writable_row,
)
from klimawerk.sheets.changes_since import changes_by_others, since_moment
from klimawerk.sheets.edit_locks import lock_sentence
from klimawerk.sheets.field_view import FieldView
from klimawerk.sheets.forms import FormContext, TypedForm, field_form
from klimawerk.sheets.fragments import (
    all_forms,
    change_announcement,
    changed_forms,
    changed_fragments,
    derived_fragments,
    field_form_fragment,
    field_fragment,
    forms_fragment,
    languages_fragment,
    page_of,
    respond,
    row_form,
    rows_fragment,
)
from klimawerk.sheets.item_codes import CodeTaken
from klimawerk.sheets.item_contents import HintsByPlace
from klimawerk.sheets.lock_scopes import scope_of
from klimawerk.sheets.models import Row
from klimawerk.sheets.options import options_for
from klimawerk.sheets.service import SetOutcome
from klimawerk.sheets.sheet_schema import CODE, Field, RowKind, split_key
from klimawerk.sheets.update_lock import ItemLocked
from klimawerk.sheets.view import SheetView, view_of
from klimawerk.text import line
from klimawerk.web.localisation import locale

bp = Blueprint("sheets", __name__)


@bp.get("/items/<int:item_id>/forms")
@login_required
def forms(item_id: int) -> ResponseReturnValue:
    """The forms of all fields and rows, which the browser keeps until one is opened; without form tokens."""
    return Response(all_forms(view_here(allowed_item(item_id, Right.EDIT))))


@bp.get("/items/<int:item_id>/fields/<key>")
@login_required
def field_form_page(item_id: int, key: str) -> ResponseReturnValue:
    """The form of one field: a page for users without scripts, the form alone for htmx."""
    v = view_here(allowed_item(item_id, Right.EDIT))
    f = _view(v, _field_at(v, v.sheet.fields, key), key, None)
    if request.headers.get("HX-Request"):
        return Response(forms_fragment(v, [f]))
    return render_template("sheets/field_page.html", v=v, fragment=field_form_fragment(f), back=page_of(v.item))


@bp.get("/rows/<key:row_id>")
@login_required
def row_form_page(row_id: str) -> ResponseReturnValue:
    """The form of one row: a page for users without scripts, the form alone for htmx."""
    row = db.session.get(Row, row_id) or abort(404)
    v = view_here(allowed_item(row.item_id, Right.EDIT))
    if row.deleted_at is not None or not _is_listed(v, row):
        abort(404)
    if request.headers.get("HX-Request"):
        return Response(forms_fragment(v, rows=[row]))
    back = f"{page_of(v.item)}#row-{row.id}"
    return render_template("sheets/field_page.html", v=v, fragment=row_form(v, row), back=back)


@bp.post("/items/<int:item_id>/fields/<key>")
@login_required
def set_field(item_id: int, key: str) -> ResponseReturnValue:
    v = view_here(allowed_item(item_id, Right.EDIT))
    return _set(v, _field_at(v, v.sheet.fields, key), key, None)


@bp.post("/rows/<key:row_id>/cells/<key>")
@login_required
def set_cell(row_id: str, key: str) -> ResponseReturnValue:
    row = db.session.get(Row, row_id) or abort(404)
    v = view_here(allowed_item(row.item_id, Right.EDIT))
    return _set(v, _field_at(v, _kind(v, row.kind).by_name, key), key, row)


@bp.get("/items/<int:item_id>/changes")
@login_required
def changes(item_id: int) -> ResponseReturnValue:
    v = view_here(readable_item(item_id))
    since = min(request.args.get("since", 0, type=scalars.revision), v.rev)
    headers = {"X-Rev": str(v.rev), "X-Said": change_announcement(v, since)}
    if since == v.rev:
        return Response("", headers=headers)
    fragments = changed_fragments(v, since)
    if request.args.get("forms") == "1":  # the browser keeps the forms of this sheet
        fragments.append(all_forms(v) if v.item.lock_rev > since else changed_forms(v, since))
    return Response("".join(fragments), headers=headers)


@bp.get("/items/<int:item_id>/meanwhile")
@login_required
def meanwhile(item_id: int) -> str:
    """For a returning reader: what others changed after `since` (Unix timestamp, seconds) and revision `rev`."""
    v = view_here(readable_item(item_id))
    rev = request.args.get("rev", 0, type=scalars.revision)
    labels = changes_by_others(v, since_moment(request.args.get("since", "")), rev)
    return render_template("sheets/_changes_since.html", v=v, labels=labels)


@bp.post("/items/<int:item_id>/rows/<kind>")
@login_required
def add_row(item_id: int, kind: str) -> ResponseReturnValue:
    v = view_here(writable_item(item_id))
    try:
        row = rows.append_row(v.item, _kind(v, kind).name, {}, row_id=_row_id(), by=_user_id(v))
    except rows.TooManyRows:
        abort(409, _("No more than %(most)s lines fit here.", most=rows.MAX_ROWS))
    if row.item_id != v.item.id:
        abort(404)
    if not request.headers.get("HX-Request"):
        return redirect(f"/rows/{row.id}", 303)
    return _rows_answer(v, kind, f"row-{row.id}")


@bp.post("/rows/<key:row_id>/move")
@login_required
def move_row(row_id: str) -> ResponseReturnValue:
    opened, row = writable_row(row_id)
    v = view_here(opened)
    step, before = request.form.get("step", ""), request.form.get("before") or None
    rows.move_row(v.item, row, before, step=step, by=_user_id(v))
    return _rows_answer(v, row.kind, f"row-{row.id}")


@bp.post("/rows/<key:row_id>/delete")
@login_required
def delete_row(row_id: str) -> ResponseReturnValue:
    opened, row = writable_row(row_id)
    rows.delete_row(opened.item, row, by=opened.member.person.id)
    return _rows_answer(view_here(opened), row.kind, f"rows-{opened.item.id}-{row.kind}", deleted=row)


@bp.post("/rows/<key:row_id>/restore")
@login_required
def restore_row(row_id: str) -> ResponseReturnValue:
    opened, row = writable_row(row_id)
    rows.restore_row(opened.item, row, by=opened.member.person.id)
    return _rows_answer(view_here(opened), row.kind, f"row-{row.id}")


@bp.post("/conflicts/<int:conflict_id>")
@login_required
def settle(conflict_id: int) -> ResponseReturnValue:
    opened, conflict = writable_conflict(conflict_id)
    v = view_here(opened)
    row = db.session.get(Row, conflict.row_id) if conflict.row_id else None
    fields = _kind(v, row.kind).by_name if row else v.sheet.fields
    f = _view(v, _field_at(v, fields, conflict.field), conflict.field, row)
    hints = _hints_before(f)
    try:
        service.settle_conflict(conflict, f.place, take=request.form.get("take") == "1", by=_user_id(v))
    except CodeTaken as taken:
        return _refused(view_here(v.opened), f, _("%(code)s is taken already.", code=taken))
    return _updated(v, f, hints)


@bp.post("/items/<int:item_id>/writing")
@login_required
def set_writing_language(item_id: int) -> ResponseReturnValue:
    v = view_here(writable_item(item_id))
    try:
        items.set_writing_language(v.item, request.form.get("language", ""), by=_user_id(v))
    except ValueError:
        abort(400)
    now = view_here(v.opened)
    return respond(now, languages_fragment(now), f"languages-{now.item.id}")


@bp.post("/items/<int:item_id>/lock")
@login_required
def lock(item_id: int) -> ResponseReturnValue:
    """Lock the item, or with `scope` its goal, the programme, or all but one measure, for the user who asks."""
    opened = allowed_item(item_id, Right.MODERATE)
    try:
        item, except_id = scope_of(opened.item, request.form.get("scope", ""))
    except ValueError:
        abort(400)
    reason = line(request.form.get("reason", "")).strip()
    lock_service.lock(item, reason, lock_service.person_holder(opened.member.person.id), except_id=except_id)
    return _reload_page(view_here(opened))


@bp.post("/items/<int:item_id>/unlock")
@login_required
def unlock(item_id: int) -> ResponseReturnValue:
    """End the item's lock with the id `lock`, whoever holds it; without `lock`, all locks set on the item itself."""
    opened = allowed_item(item_id, Right.MODERATE)
    if "lock" not in request.form:
        lock_service.end_locks_of(opened.item)
    elif (lock_id := request.form.get("lock", type=scalars.item_id)) is not None:
        lock_service.end_lock(opened.item, lock_id)
    else:
        abort(400)
    return _reload_page(view_here(opened))


def view_here(opened: Opened) -> SheetView:
    """The view of the item for this request: the user's rights and interface language, the languages shown."""
    reader = locale()
    show = request.args.get("show") or request.form.get("show") or request.cookies.get("show")
    options = options_for(opened.item.frame, reader)
    return view_of(opened, reader=reader, requested=show, options=options)


def _user_id(v: SheetView) -> int:
    return v.opened.member.person.id


def _kind(v: SheetView, name: str) -> RowKind:
    return v.sheet.rows.get(name) or abort(404)


def _row_id() -> str | None:
    """The row id from the request, so that a request sent twice adds one row.

    Without a script it is taken from the form's CSRF token, which is new for each page: an idempotency key beside it
    would add too many bytes to a page with many such forms.
    """
    sent = request.form.get("id", "") or (form_key("csrf_token") or "")[:32]
    try:
        return scalars.key(sent) if sent else None
    except ValueError:
        abort(400)


def _field_at(v: SheetView, fields: dict[str, Field], key: str) -> Field:
    """The field that `key` belongs to. Aborts with 404 for an unknown field or language, and for live texts."""
    name, language = split_key(key)
    field = fields.get(name) or (CODE if key == "code" and v.item.kind != "programme" else None)
    if field is None or field.kind == "live":
        abort(404)
    if field.translated != bool(language) or (language and language not in v.frame.languages):
        abort(404)
    return field


def _view(v: SheetView, field: Field, key: str, row: Row | None) -> FieldView:
    return FieldView(v, field, key, lang=split_key(key)[1], row=row)


def _set(v: SheetView, field: Field, key: str, row: Row | None) -> ResponseReturnValue:
    f = _view(v, field, key, row)
    if v.opened.locked:
        return _locked(v, f, lock_sentence(v.item))
    context = FormContext(
        v.reader, v.frame, tuple(i for i, _ in v.options.fields), tuple(i for i, _ in v.options.measures)
    )
    form = field_form(field, request, context)
    error = _error(form)
    if error:
        return _refused(v, f, error)
    hints = _hints_before(f)
    try:
        outcome = service.set_value(f.place, form.canonical(), based_on=form.rev.data, by=_user_id(v))
    except CodeTaken as taken:
        return _refused(v, f, _("%(code)s is taken already.", code=taken))
    except ItemLocked as locked:
        return _locked(v, f, str(locked))
    if outcome is SetOutcome.DELETED:
        error = _("This line was deleted meanwhile. Your value: %(value)s", value=v.in_words(field, form.canonical()))
        return _refused(v, f, error, 409)
    return _updated(v, f, hints, 409 if outcome is SetOutcome.CONFLICT else 200)


def _error(form: TypedForm) -> str:
    """Validates the form and returns its first error message, or ""."""
    if form.validate():
        return ""
    return str(next(error for errors in form.errors.values() for error in errors))


def _refused(v: SheetView, f: FieldView, error: str, status: int = 422) -> ResponseReturnValue:
    """The response with the field's form, the submitted values in it and the error message."""
    refused = f.refused(error, request.form.getlist("value"))
    fragment = forms_fragment(v, [refused]) if request.headers.get("HX-Request") else field_form_fragment(refused)
    return respond(v, fragment, f.id, status)


def _hints_before(f: FieldView) -> HintsByPlace:
    """The item's plausibility hints before the field is set; empty if the field is no date."""
    return f.view.hints_by_place if f.field.dated else {}


def _locked(v: SheetView, f: FieldView, why: str) -> ResponseReturnValue:
    """The response (423) for a locked item. htmx gets the message: the page keeps the typed text in the field. Without
    a script, the field comes back as a form with the typed text, to be sent once the item is unlocked."""
    if request.headers.get("HX-Request"):
        raise ItemLocked(why)
    refused = f.refused(why, request.form.getlist("value"))
    return respond(v, field_form_fragment(refused), f.id, 423)


def _updated(v: SheetView, f: FieldView, hints_before: HintsByPlace, status: int = 200) -> ResponseReturnValue:
    """The response with the field or the table of its row, their forms, and the derived fragments; for a date also
    with what else has got another hint."""
    now = view_here(v.opened)
    current = _view(now, f.field, f.key, f.row)
    if not request.headers.get("HX-Request"):
        return respond(now, field_fragment(current), f.id if f.row is None else f"row-{f.row.id}", status)
    changed = {f.location, *(place for place, _hint in hints_before.items() ^ now.hints_by_place.items())}
    if not f.field.dated:
        changed = {f.location}
    fields = [d for d in now.dated_fields() if d.location in changed and not d.row and d.id != f.id]
    kinds = {row.kind for rows in now.rows.values() for row in rows if row.id in {row_id for row_id, _key in changed}}
    fragments = [field_fragment(d) for d in ([] if f.row else [current]) + fields]
    fragments += [rows_fragment(now, now.sheet.rows[kind]) for kind in sorted(kinds)]
    forms = forms_fragment(now, rows=[f.row]) if f.row else forms_fragment(now, [current])
    return respond(now, "".join([*fragments, forms, *derived_fragments(now, v.rev)]), f.id, status)


def _rows_answer(v: SheetView, kind: str, anchor: str, deleted: Row | None = None) -> ResponseReturnValue:
    """The response with the table of a kind of rows and the forms of all its rows: their numbers may have changed."""
    now = view_here(v.opened)
    shown = _kind(now, kind)
    fragments = [rows_fragment(now, shown, deleted), forms_fragment(now, rows=now.rows_in(shown))]
    return respond(now, "".join([*fragments, *derived_fragments(now, v.rev)]), anchor)


def _is_listed(v: SheetView, row: Row) -> bool:
    return any(listed.id == row.id for listed in v.rows_in(_kind(v, row.kind)))


def _reload_page(v: SheetView) -> ResponseReturnValue:
    """The response that makes the browser load the whole page again."""
    now = view_here(v.opened)
    if request.headers.get("HX-Request"):
        return Response("", 204, headers={"HX-Refresh": "true"})
    return respond(now, "", "main")
