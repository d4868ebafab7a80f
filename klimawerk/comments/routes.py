"""HTTP routes of comments. Every form works without a script (and redirects to its thread), and as a fragment."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
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
from klimawerk.comments.thread_kinds import TASK
from klimawerk.comments.thread_list import PART, PROGRAMME, ThreadPage
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
COMMENT_LIMIT = parse("60 per 10 minutes")  # per person
TRANSLATED = parse("60 per 10 minutes")


@bp.get("/items/<int:item_id>/comments")
@login_required
def comments(item_id: int) -> ResponseReturnValue:
    threads = threads_view_here(readable_item(item_id), page=True)
    page = threads.page()
    html = render_template("comments/page.html", **render_list(threads, page), back=page_of(threads.item))
    _mark_read(threads, page)
    return html


@bp.get("/items/<int:item_id>/comments/panel")
@login_required
def panel(item_id: int) -> ResponseReturnValue:
    """The item's threads as a section of the panel beside its sheet. They count as read when `read` says so."""
    threads = threads_view(view_here(readable_item(item_id)))
    return render_template("comments/_section.html", **render_list(threads, threads.page()), panel=True)


@bp.post("/items/<int:item_id>/comments/read")
@login_required
def read(item_id: int) -> ResponseReturnValue:
    """The panel with these threads (`thread`, several) was used: they are read."""
    threads = threads_view(view_here(readable_item(item_id)))
    seen = request.form.getlist("thread", type=scalars.item_id)
    with suppress(*WRITE_FAILURES):
        read_marks.mark_threads_read(threads.member, {item_id: seen})
    return "", 204


@bp.get("/items/<int:item_id>/comments/changes")
@login_required
def changes(item_id: int) -> ResponseReturnValue:
    """Threads with a revision above `since`; the whole list if a thread was added or removed."""
    threads = threads_view_here(readable_item(item_id))
    since = request.args.get("since", 0, type=scalars.revision)
    if threads.wish.scope == PROGRAMME:
        changed = since < threads.rev
        return fragment(threads, render_template("comments/_threads.html", **render_page(threads)) if changed else "")
    newer, list_changed = (
        thread_list.newer_threads(threads.item, threads.member.side, since) if since < threads.rev else ([], False)
    )
    fragments = [thread_html(threads, thread) for thread in newer]
    if list_changed and threads.wish.scope != PART:
        fragments = [render_template("comments/_threads.html", **render_page(threads))]
    if any(thread.passage for thread in newer):
        fragments.append(passages_html(threads))
    return Response("".join(fragments), headers={"X-Rev": str(threads.rev), "X-Said": quote(threads.said(newer))})


@bp.get("/items/<int:item_id>/comments/passages")
@login_required
def passages(item_id: int) -> ResponseReturnValue:
    """Passages of open threads; the editor marks them."""
    threads = threads_view_here(readable_item(item_id))
    return fragment(threads, passages_html(threads))


@bp.post("/items/<int:item_id>/comments")
@login_required
def begin(item_id: int) -> ResponseReturnValue:
    opened = access.commented_item(item_id)
    threads, form = threads_view_here(opened), request.form
    _check_rate(opened)
    try:
        side, kind, comment_input = (
            forms.side(form, threads.member),
            forms.kind(form),
            forms.comment_input(form, threads.v.frame),
        )
        passage = forms.passage(form)
        subject = subjects.subject_of(threads.v, form.get("about", ""), passage, anchor_in(form, passage))
        task = _task(threads, side) if kind == TASK else None
        comment = service.open_thread(
            threads.item, comment_input, kind=kind, side=side, subject=subject, by=threads.member, task=task
        )
    except ActionRefused as refused:
        return respond_with_form(threads, "comments/_begin.html", str(refused), wrong=refused.field, t=None)
    if not wants_fragments():
        return redirect(_back_to_comparison(opened) or f"/items/{item_id}/comments#comment-{comment.id}", 303)
    updated = threads_view_here(opened)
    html = render_template("comments/_threads.html", **render_page(updated, also=comment.thread_id))
    return fragment(updated, html + (passages_html(updated) if passage else ""))


@bp.get("/items/<int:item_id>/people")
@login_required
def people(item_id: int) -> ResponseReturnValue:
    """Who can be mentioned (`side`: in a thread of the user's own side), and which letters are equal in names."""
    threads = threads_view_here(readable_item(item_id))
    side = threads.member.side if request.args.get("side") else ""
    return jsonify(people=[vars(author) for author in threads.people.who_can_be_called(side)], alike=EQUIVALENTS)


@bp.get("/threads/<int:thread_id>")
@login_required
def thread(thread_id: int) -> ResponseReturnValue:
    """One thread with all its comments; `quote` is the id of a comment to quote in the reply."""
    opened, shown_thread = access.readable_thread(thread_id)
    threads = threads_view(view_here(opened))
    page = thread_list.one_thread(shown_thread, request.args.get("before", type=scalars.item_id))
    quotation = _quote(shown_thread, request.args.get("quote", type=scalars.item_id))
    context = {"talk": threads, "v": threads.v, "t": threads.shown(page)[0], "older": page.older, "typed": quotation}
    html = render_template("comments/thread.html", **context, back=page_of(threads.item))
    _mark_read(threads, page)
    return html


@bp.get("/threads/<int:thread_id>/changes")
@login_required
def thread_changes(thread_id: int) -> ResponseReturnValue:
    """The whole thread as a fragment, for the page that shows only it."""
    opened, shown_thread = access.readable_thread(thread_id)
    threads = threads_view(view_here(opened))
    newer = shown_thread.revs.get(threads.member.side, 0) > request.args.get("since", 0, type=scalars.revision)
    return fragment(threads, thread_html(threads, shown_thread) if newer else "")


@bp.post("/threads/<int:thread_id>/comments")
@login_required
def reply(thread_id: int) -> ResponseReturnValue:
    opened, answered_thread = access.answerable_thread(thread_id)
    _check_rate(opened)
    threads = threads_view(view_here(opened))
    try:
        comment = service.reply(answered_thread, forms.comment_input(request.form, threads.v.frame), by=threads.member)
    except ActionRefused as refused:
        return respond_with_form(
            threads,
            "comments/_reply.html",
            str(refused),
            t=threads.shown(thread_list.without_history([answered_thread]))[0],
        )
    return respond_with_thread(opened, answered_thread, f"comment-{comment.id}")


@bp.post("/threads/<int:thread_id>/resolve")
@login_required
def resolve(thread_id: int) -> ResponseReturnValue:
    opened, settled_thread = access.settleable_thread(thread_id)
    return respond_after(
        opened, settled_thread, lambda by: service.resolve(settled_thread, forms.outcome(request.form), by=by)
    )


@bp.post("/threads/<int:thread_id>/reopen")
@login_required
def reopen(thread_id: int) -> ResponseReturnValue:
    opened, settled_thread = access.settleable_thread(thread_id)
    return respond_after(opened, settled_thread, lambda by: service.reopen(settled_thread, by=by))


@bp.post("/threads/<int:thread_id>/assign")
@login_required
def assign(thread_id: int) -> ResponseReturnValue:
    opened, settled_thread = access.settleable_thread(thread_id)
    possible = threads_view(view_here(opened)).people.who_can_answer(settled_thread.side)

    def assign_task(by: Member) -> None:
        service.assign(settled_thread, forms.assignee(request.form, possible), forms.due(request.form), by=by)

    return respond_after(opened, settled_thread, assign_task)


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
    """Translate into the language of the page; every reader of the thread may ask for it."""
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


def _task(threads: ThreadsView, side: str) -> service.TaskInput:
    possible = threads.people.who_can_answer(side)
    return service.TaskInput(forms.assignee(request.form, possible), forms.due(request.form))


def _mark_read(threads: ThreadsView, page: ThreadPage) -> None:
    """After rendering, which shows what is new. The page is shown even if the database cannot be written."""
    if is_prefetch():
        return
    shown: dict[int, list[int]] = {}
    for thread in page.threads:
        shown.setdefault(thread.item_id, []).append(thread.id)
    with suppress(*WRITE_FAILURES):
        read_marks.mark_threads_read(threads.member, shown or {threads.item.id: []})


def _quote(thread: Thread, comment_id: int | None) -> dict[str, str]:
    """Initial content of the reply form when a comment of the thread is quoted."""
    comment = thread_list.comment_in(thread, comment_id) if comment_id else None
    return {"words": quote_text(comment.words)} if comment else {}


def _back_to_comparison(opened: Opened) -> str:
    """The comparison of the item that the form came from, with a message; "" if it came from elsewhere."""
    back = request.form.get("back", "")
    if not back.startswith(f"/items/{opened.item.id}/compare?") or not back.isprintable():
        return ""
    flash(_("Your comment is sent."))
    return back


def _check_rate(opened: Opened) -> None:
    or_429(COMMENT_LIMIT, "comment", opened.member.person.id)
