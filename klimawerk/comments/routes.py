"""The doors of comments. Every form works by itself (and leads back to its thread), and as a fragment for a script."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from limits import parse

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.accounts.account_limits import or_429
from klimawerk.comments import access, forms, read_marks, service, subjects, thread_list, translation
from klimawerk.comments.anchors import anchor_in
from klimawerk.comments.models import Thread
from klimawerk.comments.quotations import quote_text
from klimawerk.comments.responses import (
    fragment,
    passages_html,
    render_list,
    render_page,
    respond_after,
    respond_with_form,
    respond_with_thread,
    thread_html,
    threads_view_here,
    wants_fragments,
)
from klimawerk.comments.thread_list import ThreadPage
from klimawerk.comments.view import ThreadsView, threads_view
from klimawerk.database import WRITE_FAILURES
from klimawerk.folding import EQUIVALENTS
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.sheets.access import Opened, readable_item
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.routes import view_here
from klimawerk.web.localisation import locale
from klimawerk.web.prefetch import is_prefetch

bp = Blueprint("comments", __name__)
COMMENT_LIMIT = parse("60 per 10 minutes")  # of one person: no talk is faster
TRANSLATED = parse("60 per 10 minutes")


@bp.get("/items/<int:item_id>/comments")
@login_required
def comments(item_id: int) -> ResponseReturnValue:
    talk = threads_view_here(readable_item(item_id))
    page = talk.page()
    html = render_template("comments/page.html", **render_list(talk, page), back=page_of(talk.item))
    _read(talk, page)
    return html


@bp.get("/items/<int:item_id>/comments/panel")
@login_required
def panel(item_id: int) -> ResponseReturnValue:
    """The same threads for the end of the item's own page."""
    talk = threads_view(view_here(readable_item(item_id)))
    page = talk.page()
    html = render_template("comments/_section.html", **render_list(talk, page), panel=True)
    _read(talk, page)
    return html


@bp.get("/items/<int:item_id>/comments/changes")
@login_required
def changes(item_id: int) -> ResponseReturnValue:
    """Threads that are newer than `since`; the whole list when one came or went."""
    talk = threads_view_here(readable_item(item_id))
    since = request.args.get("since", 0, type=scalars.revision)
    newer, came = thread_list.newer_threads(talk.item, talk.member.side, since) if since < talk.rev else ([], False)
    fragments = [thread_html(talk, thread) for thread in newer]
    if came:
        fragments = [render_template("comments/_threads.html", **render_page(talk))]
    if any(thread.passage for thread in newer):
        fragments.append(passages_html(talk))
    return Response("".join(fragments), headers={"X-Rev": str(talk.rev), "X-Said": quote(talk.said(newer))})


@bp.get("/items/<int:item_id>/comments/passages")
@login_required
def passages(item_id: int) -> ResponseReturnValue:
    """Words of texts that open threads are about; the editor marks them."""
    talk = threads_view_here(readable_item(item_id))
    return fragment(talk, passages_html(talk))


@bp.post("/items/<int:item_id>/comments")
@login_required
def begin(item_id: int) -> ResponseReturnValue:
    opened = access.commented_item(item_id)
    talk, form = threads_view_here(opened), request.form
    _check_rate(opened)
    try:
        side, kind, written = forms.side(form, talk.member), forms.kind(form), forms.comment_input(form, talk.v.frame)
        passage = forms.passage(form)
        subject = subjects.subject_of(talk.v, form.get("about", ""), passage, anchor_in(form, passage))
        made = service.open_thread(talk.item, written, kind=kind, side=side, subject=subject, by=talk.member)
    except ActionRefused as refused:
        return respond_with_form(talk, "comments/_begin.html", str(refused), wrong=refused.field, t=None)
    if not wants_fragments():
        return redirect(f"/items/{item_id}/comments#comment-{made.id}", 303)
    now = threads_view_here(opened)
    html = render_template("comments/_threads.html", **render_page(now, also=made.thread_id))
    return fragment(now, html + (passages_html(now) if passage else ""))


@bp.get("/items/<int:item_id>/people")
@login_required
def people(item_id: int) -> ResponseReturnValue:
    """Who can be called by name: in a thread for all, or in one of the asking person's own side (`side`); and which
    letters are alike when a name is looked for."""
    talk = threads_view_here(readable_item(item_id))
    side = talk.member.side if request.args.get("side") else ""
    return jsonify(people=[vars(author) for author in talk.people.who_can_be_called(side)], alike=EQUIVALENTS)


@bp.get("/threads/<int:thread_id>")
@login_required
def thread(thread_id: int) -> ResponseReturnValue:
    """One thread with all that was said in it; `quote` is a comment to answer."""
    opened, found = access.readable_thread(thread_id)
    talk = threads_view(view_here(opened))
    page = thread_list.one_thread(found, request.args.get("before", type=scalars.item_id))
    quotation = _quote(found, request.args.get("quote", type=scalars.item_id))
    whole = {"talk": talk, "v": talk.v, "t": talk.shown(page)[0], "older": page.older, "typed": quotation}
    html = render_template("comments/thread.html", **whole, back=page_of(talk.item))
    _read(talk, page)
    return html


@bp.get("/threads/<int:thread_id>/changes")
@login_required
def thread_changes(thread_id: int) -> ResponseReturnValue:
    """The thread anew, whole, for the page that shows nothing else."""
    opened, found = access.readable_thread(thread_id)
    talk = threads_view(view_here(opened))
    newer = found.revs.get(talk.member.side, 0) > request.args.get("since", 0, type=scalars.revision)
    return fragment(talk, thread_html(talk, found) if newer else "")


@bp.post("/threads/<int:thread_id>/comments")
@login_required
def reply(thread_id: int) -> ResponseReturnValue:
    opened, found = access.answerable_thread(thread_id)
    _check_rate(opened)
    talk = threads_view(view_here(opened))
    try:
        made = service.reply(found, forms.comment_input(request.form, talk.v.frame), by=talk.member)
    except ActionRefused as refused:
        return respond_with_form(
            talk, "comments/_reply.html", str(refused), t=talk.shown(thread_list.without_history([found]))[0]
        )
    return respond_with_thread(opened, found, f"comment-{made.id}")


@bp.post("/threads/<int:thread_id>/resolve")
@login_required
def resolve(thread_id: int) -> ResponseReturnValue:
    opened, found = access.settleable_thread(thread_id)
    return respond_after(opened, found, lambda by: service.resolve(found, forms.outcome(request.form), by=by))


@bp.post("/threads/<int:thread_id>/reopen")
@login_required
def reopen(thread_id: int) -> ResponseReturnValue:
    opened, found = access.settleable_thread(thread_id)
    return respond_after(opened, found, lambda by: service.reopen(found, by=by))


@bp.post("/threads/<int:thread_id>/assign")
@login_required
def assign(thread_id: int) -> ResponseReturnValue:
    opened, found = access.settleable_thread(thread_id)
    possible = threads_view(view_here(opened)).people.who_can_answer(found.side)

    def give(by: Member) -> None:
        service.assign(found, forms.assignee(request.form, possible), forms.due(request.form), by=by)

    return respond_after(opened, found, give)


@bp.post("/comments/<int:comment_id>")
@login_required
def edit(comment_id: int) -> ResponseReturnValue:
    opened, comment = access.readable_comment(comment_id)
    if not access.may_edit(opened.member, comment):
        abort(403, access.EDIT_TIME_OVER)
    return respond_after(
        opened, comment.thread, lambda by: service.edit(comment, forms.comment_text(request.form), by=by)
    )


@bp.post("/comments/<int:comment_id>/translation")
@login_required
def translate(comment_id: int) -> ResponseReturnValue:
    """Into the language of the page; whoever may read the thread may ask."""
    opened, comment = access.readable_comment(comment_id)
    if not translation.is_available():
        abort(404)
    or_429(TRANSLATED, "translate", opened.member.person.id)
    thread, language = comment.thread, locale()
    return respond_after(opened, thread, lambda by: translation.translate(comment, language), f"comment-{comment_id}")


@bp.post("/comments/<int:comment_id>/delete")
@login_required
def delete(comment_id: int) -> ResponseReturnValue:
    opened, comment = access.readable_comment(comment_id)
    if not access.may_delete(opened.member, comment):
        abort(403)
    return respond_after(opened, comment.thread, lambda by: service.delete(comment, by=by))


def _read(talk: ThreadsView, page: ThreadPage) -> None:
    """After the page was drawn, which says what is new. A page can be read although nothing can be stored."""
    if is_prefetch():
        return
    with suppress(*WRITE_FAILURES):
        read_marks.mark_threads_read(talk.member, talk.item.id, [thread.id for thread in page.threads])


def _quote(thread: Thread, comment_id: int | None) -> dict[str, str]:
    """What stands in the reply form of somebody who quotes a comment of the thread."""
    comment = thread_list.comment_in(thread, comment_id) if comment_id else None
    return {"words": quote_text(comment.words)} if comment else {}


def _check_rate(opened: Opened) -> None:
    or_429(COMMENT_LIMIT, "comment", opened.member.person.id)
