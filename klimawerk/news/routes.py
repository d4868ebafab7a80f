"""HTTP route and hook of news: marks items as seen, by a button or when an item's page is opened."""

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
    """Mark one item, or all, as seen up to the moment for which the page was rendered."""
    person, until = signed_in(), _until(request.form.get("until", ""))
    if request.form.get("item"):
        items = [readable_item(request.form.get("item", type=scalars.item_id) or abort(404)).item.id]
    else:
        items = [activity.item_id for activity in seen_marks.unseen_activities(person, until)]
    seen_marks.mark_seen(items, by=person.id, at=until)
    if request.headers.get("HX-Request"):
        return _fragments(request.form.get("following", 0, type=scalars.item_id))
    return redirect(url_for("start.index"), 303)


def _fragments(following: int) -> str:
    """News without what was marked as seen. The focus goes to the button of the entry that followed, else to the
    heading."""
    news = whats_new()
    focus = following if following in [entry.item.id for entry in news.entries] else 0
    since = render_template("news/_since.html", news=news, oob=True)
    return render_template("news/_news.html", news=news, focus=focus) + since


def whats_new() -> News:
    """News of the signed-in user, in the language of the page."""
    return news_for(signed_in(), locale())


def note_opened(response: Response) -> Response:
    """Set the seen mark after an item's page was delivered; not for fragments and prefetched pages."""
    if request.endpoint in SHEETS and response.status_code == 200 and _is_page():
        person, item_id = current_person(), (request.view_args or {}).get("item_id")
        if person is not None and item_id:
            with suppress(*WRITE_FAILURES):  # the page is shown even if the database cannot be written
                seen_marks.record_opened(item_id, by=person.id)
    return response


def _is_page() -> bool:
    return request.method == "GET" and not request.headers.get("HX-Request") and not is_prefetch()


def _until(text: str) -> datetime:
    """The submitted moment, at most now; now if there is none. Aborts with 400 if it is malformed."""
    try:
        return min(scalars.moment(text), now()) if text else now()
    except ValueError:
        abort(400)
