"""The fragments of a programme's overview: one for each picture, and which changes each of them shows.

A fragment carries the rank of the data it was made of, so that a page never replaces it by an older one. It is cached
by the revisions of all goals and measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from sqlalchemy import select

from klimawerk.clock import now
from klimawerk.extensions import db
from klimawerk.fragment_cache import fragments
from klimawerk.idempotency.forms import request_key
from klimawerk.overview.contributions import contributions
from klimawerk.overview.funding_chart import certainty_chart, source_chart
from klimawerk.overview.key_figures import key_figures
from klimawerk.overview.programme_data import ROW_KINDS, ProgrammeData, programme_data
from klimawerk.overview.responsibilities import responsibilities
from klimawerk.overview.sdg_counts import sdg_counts
from klimawerk.overview.state_matrix import state_matrix
from klimawerk.overview.timeline import timeline
from klimawerk.sheets.fragment_keys import Revisions, frame_key, item_revisions, reader_key, refreshed
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.programme_topic import ORDER, OUTLINE, RATE
from klimawerk.sheets.view import SheetView
from klimawerk.web import localisation

_EVERYTHING = frozenset((ORDER, OUTLINE, RATE))
_PERIOD = frozenset(("period_start", "period_end"))
_LISTED = frozenset(("code", "field", "planning_state"))


@dataclass(frozen=True)
class Picture:
    """A part of the overview: `templates/overview/_<name>.html`. `shows`: the keys of `Item.revs` and the kinds of rows
    of which it depends, of the programme or a measure."""

    name: str
    build: Callable[[ProgrammeData], Any]
    shows: frozenset[str]


PICTURES = (
    Picture("heading", lambda _data: None, frozenset(("state", "version"))),
    Picture("key_figures", key_figures, frozenset(("costs", "funding", "ghg_t_co2e_a", "field", "planning_state"))),
    Picture("timeline", lambda data: timeline(data, _today()), _LISTED | _PERIOD | {"fields", "milestones"}),
    Picture("source_chart", source_chart, frozenset(("code", "costs", "funding"))),
    Picture("certainty_chart", certainty_chart, frozenset(("costs", "funding"))),
    Picture("contributions", contributions, frozenset(("funding", "commitments", "personnel", "lead_side"))),
    Picture("state_matrix", state_matrix, _LISTED | {"fields"}),
    Picture("responsibilities", responsibilities, _PERIOD | {"code", "field", "responsible", "lead_side", "costs"}),
    Picture("sdg_counts", sdg_counts, frozenset(("sdgs",))),
)
_BESIDE = tuple(Picture(name, lambda _data: None, frozenset()) for name in ("no_measures", "topics"))
"""Further fragments, that depend only on which measures there are."""

_ROW_KINDS = (*ROW_KINDS, "fields", "milestones")


def overview_fragments(v: SheetView, changed: Iterable[str] = _EVERYTHING) -> dict[str, Markup]:
    """{name: HTML} of the pictures that show anything of `changed`; all of them, the empty state and the topics that
    the page follows, if goals or measures were created, deleted, moved or renamed. Contents are read anew."""
    changes = frozenset(changed)
    is_whole = bool(changes & _EVERYTHING)
    wanted = [picture for picture in PICTURES if is_whole or changes & picture.shows]
    if not wanted:
        return {}
    revs = item_revisions(v.frame)
    parts = _Parts(refreshed(v), revs, _today())
    return {picture.name: parts.html(picture) for picture in (*wanted, *(_BESIDE if is_whole else ()))}


@dataclass(frozen=True)
class _Parts:
    """The parts of the overview of the programme that `v` shows. `revs` were read before any content."""

    v: SheetView
    revs: Revisions
    today: date

    def html(self, picture: Picture) -> Markup:
        """The fragment, from the cache if nothing was changed since it was made."""
        member = self.v.opened.member
        role = member.role if picture in _BESIDE else ""  # coordinators can invite others
        reader = (member.side, role, self.v.editable, self.today, reader_key(self.v))
        key = ("overview", picture.name, self.v.item.id, self.revs, reader, frame_key(self.v))
        html = fragments().get(key, lambda: self._made(picture))
        return Markup(fragments().marks.filled(html, generate_csrf, request_key))  # noqa: S704

    def _made(self, picture: Picture) -> str:
        shown = picture.build(self._data)
        marks = fragments().marks
        return render_template(
            f"overview/_{picture.name}.html",
            v=self.v,
            data=self._data,
            picture=shown,
            csrf_token=lambda: marks.csrf,
            request_key=lambda: marks.request_key,
        )

    @cached_property
    def _data(self) -> ProgrammeData:
        return programme_data(self.v, self.revs)


def changed_parts(item: Item, since: int) -> set[str]:
    """What of the item was changed after the revision `since`: keys of its values, and kinds of rows that the overview
    shows. Live texts are not among them: titles come with the outline."""
    query = select(Row.kind, Row.rev, Row.revs).where(Row.item_id == item.id, Row.kind.in_(_ROW_KINDS))
    kinds = {kind for kind, rev, revs in db.session.execute(query).all() if max((rev, *revs.values())) > since}
    return {key for key, rev in item.revs.items() if rev > since} | kinds


def _today() -> date:
    """The date where the reader is."""
    return now().astimezone(ZoneInfo(localisation.timezone())).date()
