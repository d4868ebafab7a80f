"""HTTP routes: an item's history, keeping its present state, renaming and restoring versions."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.idempotency import form_key
from klimawerk.live.changes import revision
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.access import Opened, allowed_item, writable_item
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.routes import view_here
from klimawerk.versions import service
from klimawerk.versions.access import readable_item_history, version_of
from klimawerk.versions.history import history_of
from klimawerk.versions.version_restore import NothingToRestore, ReferenceDeleted, restore_part

bp = Blueprint("versions", __name__)
RESTORED = "restored"  # key of the session: what was restored last, shown once by the comparison (compare_routes.py)


@bp.get("/items/<int:item_id>/history")
@login_required
def history(item_id: int) -> ResponseReturnValue:
    opened = readable_item_history(item_id)
    return render_template("versions/history.html", **_history_context(opened))


@bp.get("/items/<int:item_id>/history/panel")
@login_required
def panel(item_id: int) -> str:
    """The newest versions as a part of the panel beside the item's sheet."""
    opened = readable_item_history(item_id)
    return render_template("versions/_recent.html", **_history_context(opened))


@bp.get("/items/<int:item_id>/history/changes")
@login_required
def changes(item_id: int) -> ResponseReturnValue:
    """The timeline as a fragment, fetched by an open page when a version was taken."""
    opened = readable_item_history(item_id)
    context = _history_context(opened)
    fragment = render_template("versions/_timeline.html", **context)
    return Response(fragment, headers={"X-Rev": str(context["rev"])})


@bp.post("/items/<int:item_id>/versions")
@login_required
def keep(item_id: int) -> ResponseReturnValue:
    opened = allowed_item(item_id, Right.EDIT)
    label, remark = request.form.get("label", ""), request.form.get("note", "")
    try:
        version, is_new = service.keep_version(
            item_id, by=opened.member, label=label, remark=remark, request_key=form_key()
        )
    except service.VersionContention:
        abort(409)
    if is_new:
        flash(_("Kept as version %(number)s.", number=version.number))
    else:
        flash(_("Nothing has changed since version %(number)s, so no new one was made.", number=version.number))
    return redirect(url_for("versions.history", item_id=item_id), 303)


@bp.post("/items/<int:item_id>/versions/<int:number>/name")
@login_required
def name(item_id: int, number: int) -> ResponseReturnValue:
    opened = allowed_item(item_id, Right.ADMINISTER)
    version = version_of(opened, number)
    service.rename_version(version, label=request.form.get("label", ""), remark=request.form.get("note", ""))
    flash(_("The name of version %(number)s is changed.", number=number))
    return redirect(url_for("versions.history", item_id=item_id, _anchor=f"version-{number}"), 303)


@bp.post("/items/<int:item_id>/versions/<int:number>/restore")
@login_required
def restore(item_id: int, number: int) -> ResponseReturnValue:
    """Restore what `part` names (version_restore.py), and show the remaining differences and an undo."""
    opened = writable_item(item_id)
    version = version_of(opened, number)
    part, reason = request.form.get("part", ""), request.form.get("reason", "")
    shown_from = _shown_from(opened, number)
    try:
        result = restore_part(opened.item, version, part, by=opened.member, reason=reason)
        session[RESTORED] = {
            "item": item_id,
            "part": part,
            "from": shown_from,
            "number": number,
            "before": result.before.number,
            "after": request.form.get("after", "")[:80],
        }
    except NothingToRestore:
        flash(_("It stands there already."))
    except ReferenceDeleted:
        flash(_("This cannot be brought back: what it refers to is in the bin."), "error")
    query = {
        "from": shown_from,
        "to": "now",
        "view": request.form.get("view", ""),
        "texts": request.form.get("texts", ""),
    }
    url = url_for("versions.compare", item_id=item_id)
    return redirect(f"{url}?{urlencode({key: value for key, value in query.items() if value})}", 303)


def _shown_from(opened: Opened, number: int) -> str:
    """Number of the older version of the comparison that the request came from: another one if it was undone."""
    sent = request.form.get("from", "")
    try:
        return str(version_of(opened, scalars.item_id(sent)).number) if sent else str(number)
    except ValueError:
        abort(404)


def _history_context(opened: Opened) -> dict[str, object]:
    rev = revision(service.versions_topic(opened.item.id))
    before = request.args.get("before", type=scalars.item_id)
    v = view_here(opened)
    return {
        "v": v,
        "rev": rev,
        "history": history_of(opened.item, before),
        "back": page_of(opened.item),
        "before": before,
        "may_name": opened.member.may(Right.ADMINISTER) and opened.item.deleted_at is None,
        "may_keep": opened.may(Right.EDIT) and opened.item.deleted_at is None,
    }
