"""HTTP route of the search."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from limits import parse

from klimawerk import scalars
from klimawerk.accounts.access import login_required, signed_in
from klimawerk.accounts.account_limits import or_429
from klimawerk.search import index
from klimawerk.search.query import COMMENTS, ITEMS, find_entries, languages_of, search_query
from klimawerk.search.tokens import LONGEST
from klimawerk.search.view import results
from klimawerk.sheets.access import readable_item
from klimawerk.web.localisation import locale

bp = Blueprint("search", __name__)
OFTEN = parse("60 per minute")
LAST = 25  # last page of results


@bp.get("/search")
@login_required
def search() -> ResponseReturnValue:
    """Search all programmes of the user, or one."""
    person, args = signed_in(), request.args
    programme = (
        readable_item(args.get("programme", type=scalars.item_id) or abort(404)).item if args.get("programme") else None
    )
    page = args.get("page", 1, type=scalars.revision)
    if not 1 <= page <= LAST:
        abort(404)
    query = search_query(
        args.get("q", "")[:LONGEST],
        frame=programme.frame_id if programme else None,
        what=args.get("what", "") if args.get("what") in (ITEMS, COMMENTS) else "",
        language=args.get("in", "")[:8],
    )
    if query.words:
        or_429(OFTEN, "search", person.id)
        index.reindex_pending()
    page_view = results(query, find_entries(query, person), locale(), page)
    return render_template("search/page.html", r=page_view, programme=programme, languages=languages_of(person))
