"""HTTP routes: list, create, rename, show and export editions of a programme."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk.accounts.access import login_required
from klimawerk.editions import service
from klimawerk.editions.access import edition_or_404, programme_or_404
from klimawerk.editions.edition_export import edition_bytes
from klimawerk.editions.edition_list import edition_entries
from klimawerk.editions.edition_view import edition_view
from klimawerk.editions.snapshots import edition_snapshot
from klimawerk.idempotency import form_key
from klimawerk.live.changes import revision
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.access import allowed_item
from klimawerk.sheets.routes import view_here
from klimawerk.versions.service import VersionContention
from klimawerk.web.localisation import locale

bp = Blueprint("editions", __name__)
ADDRESS = "/programmes/<int:item_id>/editions"


@bp.get(ADDRESS)
@login_required
def index(item_id: int) -> ResponseReturnValue:
    return render_template("editions/index.html", purposes=service.PURPOSES, **_list_context(item_id))


@bp.get(f"{ADDRESS}/changes")
@login_required
def changes(item_id: int) -> ResponseReturnValue:
    """The list as a fragment, fetched by an open page when an edition was made or renamed."""
    context = _list_context(item_id)
    return Response(render_template("editions/_list.html", **context), headers={"X-Rev": str(context["rev"])})


@bp.post(ADDRESS)
@login_required
def make(item_id: int) -> ResponseReturnValue:
    opened, programme = programme_or_404(item_id)
    if not opened.member.may(Right.FIX) or programme.deleted_at is not None:
        abort(403)
    fields = {name: request.form.get(name, "") for name in ("name", "purpose")}
    remark = request.form.get("note", "")
    try:
        created = service.create_edition(programme, by=opened.member, remark=remark, request_key=form_key(), **fields)
    except service.InvalidEditionName:
        flash(_("Please give the fixed copy a name."), "error")
        return redirect(url_for("editions.index", item_id=item_id), 303)
    except VersionContention:
        abort(409)
    flash(_("The programme as it is now is kept as “%(name)s”.", name=created.name))
    return redirect(url_for("editions.index", item_id=item_id), 303)


@bp.post(f"{ADDRESS}/<int:number>/name")
@login_required
def name(item_id: int, number: int) -> ResponseReturnValue:
    """Correct name and note."""
    allowed_item(item_id, Right.FIX)
    _opened, _programme, edition = edition_or_404(item_id, number)
    try:
        service.rename_edition(edition, name=request.form.get("name", ""), remark=request.form.get("note", ""))
        flash(_("The name of fixed copy %(number)s is changed.", number=number))
    except service.InvalidEditionName:
        flash(_("Please give the fixed copy a name."), "error")
    return redirect(url_for("editions.index", item_id=item_id, _anchor=f"edition-{number}"), 303)


@bp.get(f"{ADDRESS}/<int:number>")
@login_required
def edition(item_id: int, number: int) -> ResponseReturnValue:
    """The whole programme as it was; with `sheets=all` every field of every goal and measure."""
    opened, programme, shown_edition = edition_or_404(item_id, number)
    requested_language = request.args.get("show") or request.cookies.get("show")
    view = edition_view(opened, edition_snapshot(shown_edition), reader=locale(), requested_language=requested_language)
    return render_template(
        "editions/edition.html",
        v=view.v,
        past=view,
        entry=edition_entries([shown_edition], programme)[0],
        newest=service.last_edition(programme.id),
        whole=request.args.get("sheets") == "all",
        may_export=opened.member.may(Right.EXPORT),
        purposes=service.PURPOSES,
    )


@bp.get(f"{ADDRESS}/<int:number>.json")
@login_required
def export(item_id: int, number: int) -> ResponseReturnValue:
    """The edition as a file with all its hashes, so that it can be verified without this installation."""
    opened, _programme, exported = edition_or_404(item_id, number)
    if not opened.member.may(Right.EXPORT):
        abort(403)
    response = Response(edition_bytes(exported), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="klimawerk-{item_id}-edition-{number}.json"'
    return response


def _list_context(item_id: int) -> dict[str, object]:
    opened, programme = programme_or_404(item_id)
    rev = revision(service.editions_topic(programme.id))
    return {
        "v": view_here(opened),
        "rev": rev,
        "entries": edition_entries(service.editions_of(programme.id), programme),
        "may_make": opened.member.may(Right.FIX) and programme.deleted_at is None,
    }
