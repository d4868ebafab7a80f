"""HTTP routes: compare two versions, or a version with the present state; show a version as it was."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.clock import now
from klimawerk.sheets.access import Opened
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.routes import view_here
from klimawerk.versions.access import readable_item_history, version_of
from klimawerk.versions.compare_view import VersionComparison
from klimawerk.versions.comparison import Comparison, ItemState
from klimawerk.versions.comparison_cells import COMPARISON_VIEWS, REDLINE
from klimawerk.versions.history import VersionEntry, contributors_between, title_of, version_entries
from klimawerk.versions.models import Version
from klimawerk.versions.reference_names import names_for
from klimawerk.versions.routes import bp
from klimawerk.versions.version_states import compare_in_thread, present_state, state_of
from klimawerk.versions.visits import VisitEnd, last_visit, version_at_visit
from klimawerk.web.formats import moment

NOW, VISIT = "now", "visit"


@dataclass(frozen=True)
class VersionPoint:
    """One of the two states that are compared; `version` is None for the present one."""

    version: Version | None

    @property
    def number(self) -> str:
        return str(self.version.number) if self.version else NOW

    @property
    def title(self) -> str:
        return title_of(self.version) if self.version else str(_("Now"))

    @property
    def at(self) -> object:
        return self.version.at if self.version else now()

    def state(self, item_id: int) -> ItemState:
        return state_of(self.version) if self.version else present_state(item_id)


@bp.get("/items/<int:item_id>/compare")
@login_required
def compare(item_id: int) -> ResponseReturnValue:
    """From one version to a later one, or to now. The query string keeps the view and the language."""
    opened = readable_item_history(item_id)
    if request.args.get("from") == VISIT:
        return _compare_since_visit(opened)
    old, new = _point(opened, request.args.get("from", "")), _point(opened, request.args.get("to", NOW))
    if _is_later(old, new):
        swapped = {**request.args, "from": new.number, "to": old.number}
        return redirect(f"{url_for('versions.compare', item_id=item_id)}?{urlencode(swapped)}")
    return render_template("versions/compare.html", old=old, new=new, **_comparison_context(opened, old, new))


def _compare_since_visit(opened: Opened) -> ResponseReturnValue:
    """Redirect to the comparison with the version of the last visit; without one, to the history with a message."""
    item_id = opened.item.id
    visit = last_visit(opened.member.person.id, item_id)
    visited_version = version_at_visit(item_id, visit) if visit else None
    if visited_version is not None:
        return redirect(f"{url_for('versions.compare', item_id=item_id)}?from={visited_version.number}&to={NOW}")
    if visit is None:
        flash(_("You have not been here before, or not for longer than a glance."))
    else:
        flash(_("No version is as old as your last visit (%(moment)s).", moment=moment(visit.at)))
    return redirect(url_for("versions.history", item_id=item_id))


@bp.get("/items/<int:item_id>/history/<int:number>")
@login_required
def version(item_id: int, number: int) -> ResponseReturnValue:
    """One version, as it was."""
    opened = readable_item_history(item_id)
    shown_version = version_of(opened, number)
    entry: VersionEntry = version_entries([shown_version], opened.item)[0]
    v, state = view_here(opened), state_of(shown_version)
    view = VersionComparison(v, state, state, Comparison(), names_for(v.frame, v.reader, state))
    return render_template("versions/version.html", v=v, back=page_of(opened.item), entry=entry, c=view)


def _comparison_context(opened: Opened, old: VersionPoint, new: VersionPoint) -> dict[str, object]:
    view, language = request.args.get("view", REDLINE), request.args.get("texts", "")
    before, after = old.state(opened.item.id), new.state(opened.item.id)
    comparison = compare_in_thread(before, after)
    v = view_here(opened)
    if view not in COMPARISON_VIEWS or (language and language not in v.frame.languages):
        abort(404)
    names = names_for(v.frame, v.reader, before, after)
    return {
        "v": v,
        "c": VersionComparison(v, before, after, comparison, names, view, language),
        "back": page_of(opened.item),
        "people": contributors_between(opened.item, old.version, new.version),
        "views": COMPARISON_VIEWS,
        "visit": _visit(opened, old),
        "may_restore": opened.editable and new.version is None and old.version is not None,
    }


def _visit(opened: Opened, old: VersionPoint) -> VisitEnd | None:
    """The reader's last visit, if the older state is the version that represents it."""
    visit = last_visit(opened.member.person.id, opened.item.id)
    visited_version = version_at_visit(opened.item.id, visit) if visit else None
    return visit if visited_version and old.version and visited_version.id == old.version.id else None


def _point(opened: Opened, number: str) -> VersionPoint:
    if number == NOW:
        return VersionPoint(None)
    try:
        return VersionPoint(version_of(opened, scalars.item_id(number)))
    except ValueError:
        abort(404)


def _is_later(old: VersionPoint, new: VersionPoint) -> bool:
    if old.version is None:
        return new.version is not None
    return new.version is not None and old.version.number > new.version.number
