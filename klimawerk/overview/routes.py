"""HTTP routes of the programme's pages (overview, document, order, bin), and of the fragments that refresh them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.live.changes import revision
from klimawerk.overview import recycle_bin
from klimawerk.overview.document_fragments import document_fragments, line_fragment
from klimawerk.overview.finance import budget_changed
from klimawerk.overview.outline import outline_of, outline_rev
from klimawerk.overview.overview_fragments import changed_parts, overview_fragments
from klimawerk.overview.programme_document import chapters
from klimawerk.partnerships.access import member_or_404
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.partnerships.rights import Right
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.access import Opened, allowed_item, of_kind, readable_item, writable_item
from klimawerk.sheets.edit_locks import lock_sentence
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import Item
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.programme_topic import ORDER, RATE
from klimawerk.sheets.routes import view_here
from klimawerk.sheets.view import SheetView

bp = Blueprint("overview", __name__)


@bp.get("/programmes/<int:item_id>")
@login_required
def programme(item_id: int) -> ResponseReturnValue:
    document = document_fragments(_programme(readable_item(item_id)))
    return render_template("overview/page.html", v=document.v, document=document)


@bp.get("/programmes/<int:item_id>/overview")
@login_required
def overview_page(item_id: int) -> ResponseReturnValue:
    """The programme at a glance: timeline, money, contributions, states, responsibilities."""
    v = _programme(readable_item(item_id))
    return render_template("overview/overview.html", v=v, fragments=overview_fragments(v))


@bp.get("/programmes/<int:item_id>/overview/changes")
@login_required
def overview_changes(item_id: int) -> ResponseReturnValue:
    """The pictures of the overview that show a change of the programme after `since`, or of the goal or measure
    `item`."""
    v = _programme(readable_item(item_id))
    changed, rev = v.item, v.rev
    if changed_id := request.args.get("item", type=scalars.item_id):
        changed = readable_item(changed_id).item
        if changed.kind not in ("goal", "measure") or changed.frame_id != v.item.frame_id:
            abort(404)
        rev = revision(changed.name)
    db.session.refresh(changed)  # it was read before its revision
    since = min(request.args.get("since", 0, type=scalars.revision), rev)
    fragments = overview_fragments(v, changed_parts(changed, since)) if since < rev else {}
    return Response("".join(fragments.values()), headers={"X-Rev": str(rev)})


@bp.get("/programmes/<int:item_id>/order")
@login_required
def order(item_id: int) -> ResponseReturnValue:
    """The page for ordering goals and measures. htmx gets the list only, and only if it is newer than `since`. Locked
    items have no buttons for moving."""
    v = _programme(allowed_item(item_id, Right.EDIT))
    listed = chapters(v)
    names = [e.item.name for chap in listed for section in chap.sections for e in (section.goal, *section.measures)]
    locked = document_store.locked_of(names)
    if not request.headers.get("HX-Request"):
        return render_template("overview/order.html", v=v, chapters=listed, closed=locked)
    newer = outline_rev(of_kind(v.opened, Programme)) > request.args.get("since", -1, type=scalars.revision)
    fragment = render_template("overview/_order.html", v=v, chapters=listed, closed=locked) if newer else ""
    return Response(fragment, headers={"X-Rev": str(v.rev)})


@bp.get("/programmes/<int:item_id>/bin")
@login_required
def bin_page(item_id: int) -> ResponseReturnValue:
    v = _programme(allowed_item(item_id, Right.EDIT))
    items = recycle_bin.deleted_items(of_kind(v.opened, Programme))
    lock_message = lock_sentence(v.item) if v.opened.locked else ""
    return render_template(
        "overview/bin.html", v=v, items=items, titles=titles_of(items, v.languages.show), closed=lock_message
    )


@bp.get("/items/<int:item_id>/line")
@login_required
def line(item_id: int) -> ResponseReturnValue:
    """The fragment of a goal or measure in the programme document; with the finance table if the measure's cost or
    funding lines are newer than `since`."""
    opened = readable_item(item_id)
    v = view_here(opened)
    fragment = line_fragment(v)
    if budget_changed(opened.item, request.args.get("since", v.rev, type=scalars.revision)):
        fragment += document_fragments(_programme(readable_item(programme_of(opened.item).id))).finance
    return Response(fragment, headers={"X-Rev": str(v.rev)})


@bp.get("/items/<int:item_id>/outline")
@login_required
def outline(item_id: int) -> ResponseReturnValue:
    """The outline beside the item's page, and a goal's list of measures, if newer than `since`."""
    v = view_here(readable_item(item_id))
    o = outline_of(v)
    newer = outline_rev(o.programme) > request.args.get("since", 0, type=scalars.revision)
    templates = ["overview/_outline.html"] + (["goals/_measures.html"] if v.item.kind == "goal" else [])
    fragments = [render_template(template, o=o, v=v) for template in templates if newer]
    return Response("".join(fragments), headers={"X-Rev": str(o.rev)})


@bp.get("/items/<int:item_id>/talks")
@login_required
def talks(item_id: int) -> ResponseReturnValue:
    """The fragments with the numbers of open threads: at the links on the item's page, and the outline."""
    v = view_here(readable_item(item_id))
    o = outline_of(v)
    links = ["_link"] if v.item.kind == "programme" else ["_count", "_jump_count"]
    templates = [*(f"comments/{link}.html" for link in links), "overview/_outline.html"]
    fragments = [render_template(template, o=o, v=v) for template in templates]
    return Response("".join(fragments), headers={"X-Rev": str(o.talks_rev)})


@bp.post("/items/<int:item_id>/delete")
@login_required
def delete(item_id: int) -> ResponseReturnValue:
    opened = writable_item(item_id)
    if opened.item.kind == "programme":
        abort(404)
    recycle_bin.delete_item(opened.item, by=opened.member.person.id)
    flash(_("%(code)s is in the bin.", code=opened.item.code), f"undo:{opened.item.id}")
    return redirect(url_for("overview.programme", item_id=programme_of(opened.item).id), 303)


@bp.post("/items/<int:item_id>/restore")
@login_required
def restore(item_id: int) -> ResponseReturnValue:
    """Restore a goal or measure. A programme is restored by undoing the joint decision instead."""
    item = db.session.get(Item, item_id) or abort(404)
    member = member_or_404(item.frame.partnership_id)
    if item.kind == "programme" or not item_kinds[item.kind].may_read(member):
        abort(404)
    if not item_kinds[item.kind].may_write(member):
        abort(403)
    try:
        recycle_bin.restore_item(item, by=member.person.id)
    except ActionRefused as refused:
        abort(409, str(refused))
    flash(_("%(code)s is back.", code=item.code))
    return redirect(page_of(item), 303)


def _programme(opened: Opened) -> SheetView:
    of_kind(opened, Programme)
    return view_here(opened)


def programme_fragments(v: SheetView, since: int) -> list[str]:
    """Derived fragments of a programme's page: chapters and finance table if goals or measures were created, deleted or
    moved, and what an empty programme offers; the finance table also if the planning rate changed, the outline if
    titles changed."""
    programme = of_kind(v.opened, Programme)
    order, rate = (programme.revs.get(key, 0) for key in (ORDER, RATE))
    fragments: list[str] = []
    if max(order, rate) > since:
        document = document_fragments(v)
        if order > since:
            empty = render_template("overview/_empty.html", v=v, goals=document.has_items)
            fragments += [empty, document.chapters]
        fragments.append(document.finance)
    if outline_rev(programme) > since:
        fragments.append(render_template("overview/_outline.html", v=v, o=outline_of(v)))
    return fragments


def goal_fragments(v: SheetView, since: int) -> list[str]:
    """Derived fragments of a goal's page: its measures, to which editors can add, if its locks changed."""
    if v.item.lock_rev <= since:
        return []
    return [render_template("goals/_measures.html", v=v, o=outline_of(v))]
