"""What the doors of comments answer: a fragment to a script, a page to a browser without one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from klimawerk.comments import thread_list
from klimawerk.comments.models import Thread
from klimawerk.comments.thread_list import ThreadPage, thread_filter
from klimawerk.comments.view import ThreadsView, threads_view
from klimawerk.partnerships.access import Member
from klimawerk.partnerships.refusals import ActionRefused
from klimawerk.sheets.access import Opened
from klimawerk.sheets.routes import view_here


def threads_view_here(opened: Opened) -> ThreadsView:
    return threads_view(view_here(opened), thread_filter(request.args))


def respond_after(
    opened: Opened, thread: Thread, verb: Callable[[Member], None], anchor: str = ""
) -> ResponseReturnValue:
    """What became of the thread, or why nothing did."""
    try:
        verb(opened.member)
    except ActionRefused as refused:
        abort(409, str(refused))
    return respond_with_thread(opened, thread, anchor or f"thread-{thread.id}")


def respond_with_thread(opened: Opened, thread: Thread, anchor: str) -> ResponseReturnValue:
    """The thread as it is now; the whole list where it has gone."""
    if not wants_fragments():
        gone = thread.deleted_at is not None
        return redirect(f"/items/{thread.item_id}/comments" if gone else f"/threads/{thread.id}#{anchor}", 303)
    talk = threads_view_here(opened)
    gone = thread.deleted_at is not None
    html = render_template("comments/_threads.html", **render_page(talk)) if gone else thread_html(talk, thread)
    return fragment(talk, html + (passages_html(talk) if thread.passage else ""))


def respond_with_form(talk: ThreadsView, template: str, error: str, **shown: object) -> ResponseReturnValue:
    """The form with what was typed, and what is wrong with it. `wrong`: the name of the field it stands at."""
    form = render_template(template, talk=talk, v=talk.v, error=error, typed=request.form, **shown)
    if wants_fragments():
        return Response(form, 422)
    back = f"/items/{talk.item.id}/comments"
    return Response(render_template("sheets/field_page.html", fragment=form, back=back), 422)


def fragment(talk: ThreadsView, html: str) -> Response:
    return Response(html, headers={"X-Rev": str(talk.rev)})


def render_page(talk: ThreadsView, also: int | None = None) -> dict[str, object]:
    return render_list(talk, talk.page(also))


def render_list(talk: ThreadsView, page: ThreadPage) -> dict[str, object]:
    return {"talk": talk, "v": talk.v, "threads": talk.shown(page), "older": page.older}


def thread_html(talk: ThreadsView, thread: Thread) -> str:
    """As it stands in a list; `whole` on the page that shows nothing else."""
    whole = request.args.get("whole") == "yes"
    shown = talk.shown(thread_list.one_thread(thread) if whole else thread_list.without_history([thread]))[0]
    return render_template("comments/_thread.html", talk=talk, v=talk.v, t=shown)


def passages_html(talk: ThreadsView) -> str:
    return render_template("comments/_passages.html", talk=talk, v=talk.v, passages=talk.passages())


def wants_fragments() -> bool:
    return "HX-Request" in request.headers
