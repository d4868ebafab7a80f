"""The doors of comments. Every form works by itself (and leads back to its thread), and as a fragment for a script."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from limits import parse

from klimawerk.accounts.access import login_required
from klimawerk.accounts.limits import or_429
from klimawerk.comments import access, forms, listing, proposals, reading, service, subjects, translating
from klimawerk.comments.anchors import anchor_in
from klimawerk.comments.listing import Page, wish_of
from klimawerk.comments.models import Thread
from klimawerk.comments.view import Talk, talk_of
from klimawerk.comments.words import quoted
from klimawerk.database import BROKEN
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import Refused
from klimawerk.sheets.access import Opened, readable_item, writable_item
from klimawerk.sheets.forms import Asked, typed
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.routes import here
from klimawerk.web.ahead import is_fetched_ahead
from klimawerk.web.places import locale

bp = Blueprint("comments", __name__)
OFTEN = parse("60 per 10 minutes")  # of one person: no talk is faster
TRANSLATED = parse("60 per 10 minutes")


@bp.get("/items/<int:item_id>/comments")
@login_required
def comments(item_id: int) -> ResponseReturnValue:
    talk = _talk(readable_item(item_id))
    page = talk.page()
    html = render_template("comments/page.html", **_drawn(talk, page), back=page_of(talk.item))
    _read(talk, page)
    return html


@bp.get("/items/<int:item_id>/comments/panel")
@login_required
def panel(item_id: int) -> ResponseReturnValue:
    """The same threads for the end of the item's own page."""
    talk = talk_of(here(readable_item(item_id)))
    page = talk.page()
    html = render_template("comments/_section.html", **_drawn(talk, page), panel=True)
    _read(talk, page)
    return html


@bp.get("/items/<int:item_id>/comments/changes")
@login_required
def changes(item_id: int) -> ResponseReturnValue:
    """Threads that are newer than `since`; the whole list when one came or went."""
    talk = _talk(readable_item(item_id))
    since = request.args.get("since", 0, type=int)
    newer, came = listing.newer_threads(talk.item, talk.member.side, since) if since < talk.rev else ([], False)
    fragments = [_thread(talk, thread) for thread in newer]
    if came:
        fragments = [render_template("comments/_threads.html", **_shown(talk))]
    if any(thread.passage for thread in newer):
        fragments.append(_passages(talk))
    return Response("".join(fragments), headers={"X-Rev": str(talk.rev), "X-Said": quote(talk.said(newer))})


@bp.get("/items/<int:item_id>/comments/passages")
@login_required
def passages(item_id: int) -> ResponseReturnValue:
    """Words of texts that open threads are about; the editor marks them."""
    talk = _talk(readable_item(item_id))
    return _fragment(talk, _passages(talk))


@bp.post("/items/<int:item_id>/comments")
@login_required
def begin(item_id: int) -> ResponseReturnValue:
    opened = access.commented_item(item_id)
    talk, form = _talk(opened), request.form
    _not_too_often(opened)
    try:
        side, kind, written = forms.side(form, talk.member), forms.kind(form), forms.written(form, talk.v.frame)
        passage = forms.passage(form)
        subject = subjects.subject_of(talk.v, form.get("about", ""), passage, anchor_in(form, passage))
        made = service.open_thread(talk.item, written, kind=kind, side=side, subject=subject, by=talk.member)
    except Refused as refused:
        return _again(talk, "comments/_begin.html", str(refused), t=None)
    if not _is_script():
        return redirect(f"/items/{item_id}/comments#comment-{made.id}", 303)
    now = _talk(opened)
    html = render_template("comments/_threads.html", **_shown(now, also=made.thread_id))
    return _fragment(now, html + (_passages(now) if passage else ""))


@bp.get("/items/<int:item_id>/people")
@login_required
def people(item_id: int) -> ResponseReturnValue:
    """Who can be called by name: in a thread for all, or in one of the asking person's own side (`side`)."""
    talk = _talk(readable_item(item_id))
    side = talk.member.side if request.args.get("side") else ""
    return jsonify([vars(author) for author in talk.people.who_can_be_called(side)])


@bp.get("/threads/<int:thread_id>")
@login_required
def thread(thread_id: int) -> ResponseReturnValue:
    """One thread with all that was said in it; `quote` is a comment to answer."""
    opened, found = access.readable_thread(thread_id)
    talk = talk_of(here(opened))
    page = listing.one_thread(found, request.args.get("before", type=int))
    quotation = _quote(found, request.args.get("quote", type=int))
    shown = {"talk": talk, "v": talk.v, "t": talk.shown(page)[0], "older": page.older, "typed": quotation}
    html = render_template("comments/thread.html", **shown, back=page_of(talk.item))
    _read(talk, page)
    return html


@bp.get("/threads/<int:thread_id>/changes")
@login_required
def thread_changes(thread_id: int) -> ResponseReturnValue:
    """The thread anew, whole, for the page that shows nothing else."""
    opened, found = access.readable_thread(thread_id)
    talk = talk_of(here(opened))
    newer = found.revs.get(talk.member.side, 0) > request.args.get("since", 0, type=int)
    return _fragment(talk, _thread(talk, found) if newer else "")


@bp.post("/threads/<int:thread_id>/comments")
@login_required
def reply(thread_id: int) -> ResponseReturnValue:
    opened, found = access.answerable_thread(thread_id)
    _not_too_often(opened)
    talk = talk_of(here(opened))
    try:
        made = service.reply(found, forms.written(request.form, talk.v.frame), by=talk.member)
    except Refused as refused:
        return _again(talk, "comments/_reply.html", str(refused), t=talk.shown(listing.short([found]))[0])
    return _answer(opened, found, f"comment-{made.id}")


@bp.post("/threads/<int:thread_id>/resolve")
@login_required
def resolve(thread_id: int) -> ResponseReturnValue:
    opened, found = access.settleable_thread(thread_id)
    return _done(opened, found, lambda by: service.resolve(found, forms.outcome(request.form), by=by))


@bp.post("/threads/<int:thread_id>/reopen")
@login_required
def reopen(thread_id: int) -> ResponseReturnValue:
    opened, found = access.settleable_thread(thread_id)
    return _done(opened, found, lambda by: service.reopen(found, by=by))


@bp.post("/threads/<int:thread_id>/assign")
@login_required
def assign(thread_id: int) -> ResponseReturnValue:
    opened, found = access.settleable_thread(thread_id)
    possible = talk_of(here(opened)).people.who_can_answer(found.side)

    def done(by: Member) -> None:
        service.assign(found, forms.assignee(request.form, possible), forms.due(request.form), by=by)

    return _done(opened, found, done)


@bp.post("/threads/<int:thread_id>/proposal")
@login_required
def propose(thread_id: int) -> ResponseReturnValue:
    opened, found = access.answerable_thread(thread_id)
    v = here(opened)
    f = proposals.proposed_field(v, found) or abort(404)
    asked = Asked(v.reader, v.frame, tuple(code for code, _ in v.options.fields), ())
    form = typed(f.field, request, asked)
    if not form.validate():
        refused = next(str(error) for errors in form.errors.values() for error in errors)
        shown = {"t": talk_of(v).shown(listing.short([found]))[0]}
        return _again(
            talk_of(v), "comments/_propose.html", refused, f=f.refused(refused, request.form.getlist("value")), **shown
        )
    return _done(opened, found, lambda by: proposals.propose(found, f, form.canonical(), by=by))


@bp.post("/threads/<int:thread_id>/accept")
@login_required
def accept(thread_id: int) -> ResponseReturnValue:
    """One click of somebody who may edit the item now."""
    _opened, found = access.readable_thread(thread_id)
    opened = writable_item(found.item_id)
    f = proposals.proposed_field(here(opened), found) or abort(409)
    rev = request.form.get("rev", -1, type=int)
    return _done(opened, found, lambda by: proposals.accept(found, f.place, rev=rev, by=by))


@bp.post("/comments/<int:comment_id>")
@login_required
def edit(comment_id: int) -> ResponseReturnValue:
    opened, comment = access.readable_comment(comment_id)
    if not access.may_edit(opened.member, comment):
        abort(403, access.TOO_LATE)
    return _done(opened, comment.thread, lambda by: service.edit(comment, forms.words(request.form), by=by))


@bp.post("/comments/<int:comment_id>/translation")
@login_required
def translate(comment_id: int) -> ResponseReturnValue:
    """Into the language of the page; whoever may read the thread may ask."""
    opened, comment = access.readable_comment(comment_id)
    if not translating.offered():
        abort(404)
    or_429(TRANSLATED, "translate", opened.member.person.id)
    thread, language = comment.thread, locale()
    return _done(opened, thread, lambda by: translating.translate(comment, language), f"comment-{comment_id}")


@bp.post("/comments/<int:comment_id>/delete")
@login_required
def delete(comment_id: int) -> ResponseReturnValue:
    opened, comment = access.readable_comment(comment_id)
    if not access.may_delete(opened.member, comment):
        abort(403)
    return _done(opened, comment.thread, lambda by: service.delete(comment, by=by))


def _talk(opened: Opened) -> Talk:
    return talk_of(here(opened), wish_of(request.args))


def _read(talk: Talk, page: Page) -> None:
    """After the page was drawn, which says what is new. A page can be read although nothing can be stored."""
    if is_fetched_ahead():
        return
    with suppress(*BROKEN):
        reading.shown(talk.member, talk.item.id, [thread.id for thread in page.threads])


def _shown(talk: Talk, also: int | None = None) -> dict[str, object]:
    return _drawn(talk, talk.page(also))


def _drawn(talk: Talk, page: Page) -> dict[str, object]:
    return {"talk": talk, "v": talk.v, "threads": talk.shown(page), "older": page.older}


def _thread(talk: Talk, thread: Thread) -> str:
    """As it stands in a list; `whole` on the page that shows nothing else."""
    whole = request.args.get("whole") == "yes"
    shown = talk.shown(listing.one_thread(thread) if whole else listing.short([thread]))[0]
    return render_template("comments/_thread.html", talk=talk, v=talk.v, t=shown)


def _passages(talk: Talk) -> str:
    return render_template("comments/_passages.html", talk=talk, v=talk.v, passages=talk.passages())


def _done(opened: Opened, thread: Thread, verb: Callable[[Member], None], anchor: str = "") -> ResponseReturnValue:
    """What became of the thread, or why nothing did."""
    try:
        verb(opened.member)
    except Refused as refused:
        abort(409, str(refused))
    return _answer(opened, thread, anchor or f"thread-{thread.id}")


def _answer(opened: Opened, thread: Thread, anchor: str) -> ResponseReturnValue:
    """The thread as it is now; the whole list where it has gone."""
    if not _is_script():
        gone = thread.deleted_at is not None
        return redirect(f"/items/{thread.item_id}/comments" if gone else f"/threads/{thread.id}#{anchor}", 303)
    talk = _talk(opened)
    gone = thread.deleted_at is not None
    html = render_template("comments/_threads.html", **_shown(talk)) if gone else _thread(talk, thread)
    return _fragment(talk, html + (_passages(talk) if thread.passage else ""))


def _again(talk: Talk, template: str, error: str, **shown: object) -> ResponseReturnValue:
    """The form with what was typed, and what is wrong with it."""
    form = render_template(template, talk=talk, v=talk.v, error=error, typed=request.form, **shown)
    if _is_script():
        return Response(form, 422)
    back = f"/items/{talk.item.id}/comments"
    return Response(render_template("sheets/field_page.html", fragment=form, back=back), 422)


def _fragment(talk: Talk, html: str) -> Response:
    return Response(html, headers={"X-Rev": str(talk.rev)})


def _quote(thread: Thread, comment_id: int | None) -> dict[str, str]:
    """What stands in the reply form of somebody who quotes a comment of the thread."""
    comment = listing.comment_in(thread, comment_id) if comment_id else None
    return {"words": quoted(comment.words)} if comment else {}


def _not_too_often(opened: Opened) -> None:
    or_429(OFTEN, "comment", opened.member.person.id)


def _is_script() -> bool:
    return "HX-Request" in request.headers
