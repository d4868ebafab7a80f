"""Responses of the comment routes: a fragment for a script, a page or redirect for a browser without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from klimawerk.comments import thread_list
from klimawerk.comments.models import Thread
from klimawerk.comments.thread_list import PART, PROGRAMME, ThreadPage, thread_filter
from klimawerk.comments.view import ThreadsView, threads_view
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.access import Opened, readable_item
from klimawerk.sheets.routes import view_here


def threads_view_here(opened: Opened, *, page: bool = False) -> ThreadsView:
    """The threads that the request asks for. `page`: for the page of comments, which for a programme shows those of all
    its items."""
    wish = thread_filter(request.args)
    is_programme = opened.item.kind == "programme"
    if is_programme and page:
        wish = replace(wish, scope=PROGRAMME)
    elif wish.scope == PROGRAMME and not is_programme:
        wish = replace(wish, scope="")
    return threads_view(view_here(opened), wish)


def respond_after(
    opened: Opened, thread: Thread, operation: Callable[[Member], None], anchor: str = ""
) -> ResponseReturnValue:
    """Run the operation; respond with the thread, or with 409 and the reason of the refusal."""
    try:
        operation(opened.member)
    except ActionRefused as refused:
        abort(409, str(refused))
    return respond_with_thread(opened, thread, anchor or f"thread-{thread.id}")


def respond_with_thread(opened: Opened, thread: Thread, anchor: str) -> ResponseReturnValue:
    """The thread as it is now; the whole list that it stood in, of its item or of a programme, if it was deleted."""
    if not wants_fragments():
        deleted = thread.deleted_at is not None
        return redirect(f"/items/{thread.item_id}/comments" if deleted else f"/threads/{thread.id}#{anchor}", 303)
    threads = threads_view_here(opened)
    html = thread_html(threads, thread) if thread.deleted_at is None else _list_html(opened, threads)
    return fragment(threads, html + (passages_html(threads) if thread.passage else ""))


def _list_html(opened: Opened, threads: ThreadsView) -> str:
    """The list that these threads are shown in."""
    if threads.wish.scope == PART:
        threads = threads_view_here(readable_item(programme_of(opened.item).id), page=True)
    return render_template("comments/_threads.html", **render_page(threads))


def respond_with_form(threads: ThreadsView, template: str, error: str, **shown: object) -> ResponseReturnValue:
    """The form with its input and the error message. `wrong`: the name of the field with the error."""
    form = render_template(template, talk=threads, v=threads.v, error=error, typed=request.form, **shown)
    if wants_fragments():
        return Response(form, 422)
    back = f"/items/{threads.item.id}/comments"
    return Response(render_template("sheets/field_page.html", v=threads.v, fragment=form, back=back, refused=True), 422)


def fragment(threads: ThreadsView, html: str) -> Response:
    return Response(html, headers={"X-Rev": str(threads.rev)})


def render_page(threads: ThreadsView, also: int | None = None) -> dict[str, object]:
    return render_list(threads, threads.page(also))


def render_list(threads: ThreadsView, page: ThreadPage) -> dict[str, object]:
    return {"talk": threads, "v": threads.v, "threads": threads.shown(page), "older": page.older}


def thread_html(threads: ThreadsView, thread: Thread) -> str:
    """The thread as shown in a list, or, with `whole` in the query string, as on its own page."""
    whole = request.args.get("whole") == "yes"
    shown = threads.shown(thread_list.one_thread(thread) if whole else thread_list.without_history([thread]))[0]
    return render_template("comments/_thread.html", talk=threads, v=threads.v, t=shown)


def passages_html(threads: ThreadsView) -> str:
    return render_template("comments/_passages.html", talk=threads, v=threads.v, passages=threads.passages())


def wants_fragments() -> bool:
    return "HX-Request" in request.headers
