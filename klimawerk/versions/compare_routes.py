"""HTTP routes: compare two versions, or a version with the present state; show a version as it was."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from klimawerk import scalars
from klimawerk.accounts.access import login_required
from klimawerk.clock import now
from klimawerk.partnerships.rights import Right
from klimawerk.programmes.service import programme_of
from klimawerk.sheets.access import Opened
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.routes import view_here
from klimawerk.versions.access import readable_item_history, version_of
from klimawerk.versions.change_authors import change_authors
from klimawerk.versions.change_counts import joined, since_heading
from klimawerk.versions.compare_view import VersionComparison, part_label
from klimawerk.versions.comparison import Comparison, ItemState
from klimawerk.versions.comparison_cells import COMPARISON_VIEWS, REDLINE
from klimawerk.versions.history import (
    VersionEntry,
    contributors_between,
    contributors_by_municipality,
    title_of,
    version_choices,
    version_entries,
)
from klimawerk.versions.models import Version
from klimawerk.versions.reference_names import names_for
from klimawerk.versions.routes import RESTORED, bp
from klimawerk.versions.service import first_version
from klimawerk.versions.version_states import compare_in_thread, present_state, state_of
from klimawerk.versions.visits import last_visit, version_at_visit
from klimawerk.web.formats import moment
from klimawerk.web.prefetch import is_prefetch

NOW, VISIT = "now", "visit"


@dataclass(frozen=True)
class VersionPoint:
    """One of the two states that are compared; `version` is None for the present one."""

    version: Version | None
    visited: bool = False  # whether it stands for the reader's last visit

    @property
    def number(self) -> str:
        return str(self.version.number) if self.version else NOW

    @property
    def title(self) -> str:
        return title_of(self.version) if self.version else str(_("Now"))

    @property
    def short_title(self) -> str:
        return str(_("Version %(number)s", number=self.number))

    @property
    def at(self) -> datetime:
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
    visited = _visited_number(opened)
    old = replace(old, visited=old.number == visited)
    return render_template("versions/compare.html", old=old, new=new, **_comparison_context(opened, old, new, visited))


def _compare_since_visit(opened: Opened) -> ResponseReturnValue:
    """Redirect to the comparison with the version of the last visit; without one, and with a message, to that with the
    first version, or to the history if there is none."""
    item_id = opened.item.id
    visit = last_visit(opened.member.person.id, item_id)
    version = version_at_visit(item_id, visit) if visit else None
    if version is None:
        if visit is None:
            flash(_("You have not been here before, or not for longer than a glance."))
        else:
            flash(_("No version is as old as your last visit (%(moment)s).", moment=moment(visit.at)))
        version = first_version(item_id)
    if version is None:
        return redirect(url_for("versions.history", item_id=item_id))
    return redirect(f"{url_for('versions.compare', item_id=item_id)}?from={version.number}&to={NOW}")


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


def _comparison_context(opened: Opened, old: VersionPoint, new: VersionPoint, visited: str) -> dict[str, object]:
    item, view, language = opened.item, request.args.get("view", REDLINE), request.args.get("texts", "")
    before, after = old.state(item.id), new.state(item.id)
    compared = compare_in_thread(before, after)
    v = view_here(opened)
    if view not in COMPARISON_VIEWS or (language and language not in v.frame.languages):
        abort(404)
    names = names_for(v.frame, v.reader, before, after)
    contributors = contributors_between(item, old.version, new.version)
    authors = change_authors(item, old.version, new.version, compared, contributors)
    c = VersionComparison(v, before, after, compared, names, view, language, authors)
    programme = programme_of(item)
    return {
        "v": v,
        "c": c,
        "back": page_of(item),
        "programme": titles_of([programme], v.reader)[programme.id],
        "people": contributors_by_municipality(contributors, item, opened.member.side, authors.names),
        "points": version_choices(item, [point.version for point in (old, new) if point.version], visited),
        "new_key": lambda: str(uuid.uuid4()),
        "heading": _heading(old, new, c.summary()),
        "views": COMPARISON_VIEWS,
        "may_restore": opened.editable and new.version is None and old.version is not None,
        "may_comment": opened.may(Right.COMMENT) and item.deleted_at is None,
        "restored": _restored(opened, old, c),
    }


def _heading(old: VersionPoint, new: VersionPoint, phrases: list[str]) -> str:
    if new.version is None:
        return since_heading(old.at, phrases)
    return str(
        _("From version %(old)s to %(new)s: %(changes)s", old=old.number, new=new.number, changes=joined(phrases))
    )


def _visited_number(opened: Opened) -> str:
    """Number of the version that stands for the reader's last visit; "" without one."""
    visit = last_visit(opened.member.person.id, opened.item.id)
    visited_version = version_at_visit(opened.item.id, visit) if visit else None
    return str(visited_version.number) if visited_version else ""


def _restored(opened: Opened, old: VersionPoint, c: VersionComparison) -> dict[str, object] | None:
    """What the request before restored from the older version, with the change after which it stood; else None."""
    restored = session.get(RESTORED)
    if is_prefetch() or not restored or (restored["item"], restored["from"]) != (opened.item.id, old.number):
        return None
    session.pop(RESTORED)
    anchors = [change.anchor for change in c.changes]
    after = restored["after"] if restored["after"] in anchors else ""
    return {**restored, "after": after, "label": part_label(c.v, restored["part"])}


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
