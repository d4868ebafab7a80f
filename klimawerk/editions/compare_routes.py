"""HTTP route: compare two editions, or an edition with the present state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.clock import now
from klimawerk.editions.access import programme_or_404
from klimawerk.editions.compare_view import EditionComparison
from klimawerk.editions.models import Edition
from klimawerk.editions.routes import ADDRESS, bp
from klimawerk.editions.service import edition_by_number, editions_of
from klimawerk.editions.snapshots import SnapshotParts, current_snapshot, edition_snapshot
from klimawerk.programmes.models import Programme
from klimawerk.sheets.routes import view_here
from klimawerk.text import truncate
from klimawerk.versions.change_counts import joined, since_heading
from klimawerk.versions.comparison_cells import COMPARISON_VIEWS, REDLINE

NOW = "now"
LONGEST_NAME = 24  # characters of an edition's name in the heading


@dataclass(frozen=True)
class EditionPoint:
    """One of the two states that are compared; `edition` is None for the present one."""

    edition: Edition | None
    visited = False

    @property
    def number(self) -> str:
        return str(self.edition.number) if self.edition else NOW

    @property
    def title(self) -> str:
        return self.edition.name if self.edition else str(_("Now"))

    @property
    def short_title(self) -> str:
        return truncate(self.title, LONGEST_NAME)

    @property
    def at(self) -> datetime:
        return self.edition.at if self.edition else now()

    def parts(self, programme: Programme) -> SnapshotParts:
        return edition_snapshot(self.edition) if self.edition else current_snapshot(programme)


@bp.get(f"{ADDRESS}/compare")
@login_required
def compare(item_id: int) -> ResponseReturnValue:
    """From one edition to a later one, or to now. The query string keeps the view and the language."""
    opened, programme = programme_or_404(item_id)
    old, new = _point(programme, request.args.get("from", "")), _point(programme, request.args.get("to", NOW))
    if _is_later(old, new):
        swapped = {**request.args, "from": new.number, "to": old.number}
        return redirect(f"{url_for('editions.compare', item_id=item_id)}?{urlencode(swapped)}")
    view, language = request.args.get("view", REDLINE), request.args.get("texts", "")
    if view not in COMPARISON_VIEWS or (language and language not in programme.frame.languages):
        abort(404)
    after = new.parts(programme)
    comparison = EditionComparison(view_here(opened), old.parts(programme), after, view, language)
    points = [EditionPoint(edition) for edition in editions_of(programme.id)]
    heading = _heading(old, new, comparison.summary())
    shown = {"v": comparison.v, "c": comparison, "points": points, "heading": heading, "views": COMPARISON_VIEWS}
    return render_template("editions/compare.html", old=old, new=new, **shown)


def _heading(old: EditionPoint, new: EditionPoint, phrases: list[str]) -> str:
    if new.edition is None:
        return since_heading(old.at, phrases)
    names = {"old": old.short_title, "new": new.short_title}
    return str(_("From “%(old)s” to “%(new)s”: %(changes)s", **names, changes=joined(phrases)))


def _point(programme: Programme, number: str) -> EditionPoint:
    if number == NOW:
        return EditionPoint(None)
    try:
        return EditionPoint(edition_by_number(programme.id, scalars.item_id(number)) or abort(404))
    except ValueError:
        abort(404)


def _is_later(old: EditionPoint, new: EditionPoint) -> bool:
    if old.edition is None:
        return new.edition is not None
    return new.edition is not None and old.edition.number > new.edition.number
