"""The doors of what is new: a part of the first page. It is marked as seen here, and by opening an item's page."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from klimawerk import scalars
from klimawerk.accounts.access import current_person, login_required, signed_in
from klimawerk.clock import now
from klimawerk.database import WRITE_FAILURES
from klimawerk.news import seen_marks
from klimawerk.news.view import News, news_for
from klimawerk.sheets.access import readable_item
from klimawerk.web.localisation import locale
from klimawerk.web.prefetch import is_prefetch

bp = Blueprint("news", __name__)
SHEETS = ("measures.measure", "goals.goal", "overview.programme")


@bp.post("/news/seen")
@login_required
def mark_seen() -> ResponseReturnValue:
    """One item, or all, up to the moment that the page told of."""
    person, until = signed_in(), _until(request.form.get("until", ""))
    if request.form.get("item"):
        items = [readable_item(request.form.get("item", type=scalars.item_id) or abort(404)).item.id]
    else:
        items = [one.item_id for one in seen_marks.unseen_activities(person, until)]
    seen_marks.mark_seen(items, by=person.id, at=until)
    if request.headers.get("HX-Request"):
        return render_template("news/_news.html", news=whats_new())
    return redirect(url_for("start.index"), 303)


def whats_new() -> News:
    """For the signed-in person, in the language of the page."""
    return news_for(signed_in(), locale())


def note_opened(response: Response) -> Response:
    """Whoever gets an item's page has seen what was done there; a part of one, or one fetched ahead, is none."""
    if request.endpoint in SHEETS and response.status_code == 200 and _is_page():
        person, item_id = current_person(), (request.view_args or {}).get("item_id")
        if person is not None and item_id:
            with suppress(*WRITE_FAILURES):  # a page can be read although nothing can be stored
                seen_marks.record_opened(item_id, by=person.id)
    return response


def _is_page() -> bool:
    return request.method == "GET" and not request.headers.get("HX-Request") and not is_prefetch()


def _until(text: str) -> datetime:
    """Never later than now, which it is where none is named; what is no moment marks nothing."""
    try:
        return min(scalars.moment(text), now()) if text else now()
    except ValueError:
        abort(400)
