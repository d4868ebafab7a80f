"""How far a programme is, for the start page: measures by planning state, costs with the gap, dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

from flask import Flask
from flask_babel import gettext as _

from klimawerk import codes
from klimawerk.collab.storage.document_store import is_locked
from klimawerk.extensions import db
from klimawerk.goals.service import goals_of
from klimawerk.measures.measure_summary import BUDGET_ROWS
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.overview.amounts import written_amount
from klimawerk.overview.finance import Finance, finance_from
from klimawerk.partnerships.access import Member, today_in_zone
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import Opened
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.routes import view_here
from klimawerk.sheets.rows import cells_of_all
from klimawerk.sheets.view import SheetView

STATES = ("adopted", "agreed", "review", "draft", "idea", "dropped", "")
"""The planning states from the last to the first, "" for none: the order in the picture."""
DONE = {"done", "agreed", "noted", "rejected"}
"""States of a milestone, and results of a decision, after which nothing is expected any more."""
LEFT_OUT = "cancelled"
PAST, COMING = 2, 5  # dates that are shown before the next one, and from the next one on


@dataclass(frozen=True)
class StateShare:
    """The measures with one planning state. `start`, `width`: of their part of the bar, in percent."""

    code: str
    label: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class ProgrammeDate:
    """A milestone, decision, or the start or end of the programme. `at`: a date, a month or a year; `language`: of the
    title, "" for that of the page; `state`: "done", "next", "past" (but not done) or "later"."""

    at: str
    title: str
    language: str
    state: str = "later"


@dataclass(frozen=True)
class Progress:
    """`unconfirmed`: measures whose planning state came with a file; `dates`: those around today; `more_dates`: how
    many others there are. `costs` and `gap` are those of the finance table."""

    v: SheetView
    measures: int
    has_goals: bool
    states: list[StateShare]
    unconfirmed: int
    finance: Finance
    dates: list[ProgrammeDate]
    more_dates: int

    @property
    def costs(self) -> str:
        """The costs with their currency; "" for none."""
        return self._written(self.finance.result[0][1][0] or None)

    @property
    def gap(self) -> str:
        """The gap with its currency; "" if it is not known."""
        return self._written(self.finance.result[-1][1][0])

    def _written(self, amount: Decimal | None) -> str:
        return "" if amount is None else written_amount(amount, self.finance.currencies[0])


def init_app(app: Flask) -> None:
    app.add_template_global(progress_of)


def progress_of(programme_id: int, member: Member) -> Progress | None:
    """How far the programme is; None if the member may not read it. For the signed-in user's page."""
    programme = db.session.get(Programme, programme_id)
    if programme is None or programme.frame.arriving or not item_kinds["programme"].may_read(member):
        return None
    v = view_here(Opened(programme, member, is_locked(programme.name)))
    measures = all_measures(programme)
    listed = programme_dates(v)
    dates = _around(listed, today_in_zone(member.membership.timezone).isoformat())
    return Progress(
        v,
        len(measures),
        bool(measures) or bool(goals_of(programme)),
        state_shares(measures, v.reader),
        sum("planning_state" in measure.imported for measure in measures),
        finance_from(v, measures, cells_of_all([measure.id for measure in measures], BUDGET_ROWS)),
        dates,
        len(listed) - len(dates),
    )


def state_shares(measures: list[Measure], language: str) -> list[StateShare]:
    """The measures by planning state, without states that none has."""
    counts = Counter(str(measure.values.get("planning_state") or "") for measure in measures)
    present = [code for code in (*STATES, *sorted(counts.keys() - set(STATES))) if counts[code]]
    widths = [100 * counts[code] / len(measures) for code in present]
    starts = accumulate(widths, initial=0.0)
    return [
        StateShare(code, _state_label(code, language), counts[code], round(start, 2), round(width, 2))
        for code, start, width in zip(present, starts, widths, strict=False)
    ]


def programme_dates(v: SheetView) -> list[ProgrammeDate]:
    """All dates of the programme in order: milestones, decisions, start and end."""
    dates = [*_milestones(v), *_period(v)]
    return sorted(dates, key=lambda entry: entry.at)


def _state_label(code: str, language: str) -> str:
    return codes.label("planning_state", code, language) if code else str(_("without a planning state"))


def _milestones(v: SheetView) -> Iterator[ProgrammeDate]:
    """Milestones, and the decisions that no milestone announces for the same day."""
    milestones, decisions = v.sheet.rows["milestones"], v.sheet.rows["decisions"]
    announced = set()
    for row in v.rows_in(milestones):
        at, state = row.cells.get("date"), row.cells.get("state", "")
        if at and state != LEFT_OUT:
            title, language = v.cell_text(milestones.by_name["title"], row)
            kind = v.in_words(milestones.by_name["kind"], row.cells.get("kind"))
            announced |= {at} if row.cells.get("kind") == "decision" else set()
            yield ProgrammeDate(at, title or kind, language if title else "", "done" if state in DONE else "later")
    for row in v.rows_in(decisions):
        at, result = row.cells.get("date"), row.cells.get("result", "")
        if at and at not in announced:
            name = "body" if v.cell_text(decisions.by_name["body"], row)[0] else "subject"
            title, language = v.cell_text(decisions.by_name[name], row)
            kind = v.in_words(decisions.by_name["kind"], row.cells.get("kind"))
            yield ProgrammeDate(at, title or kind, language if title else "", "done" if result in DONE else "later")


def _period(v: SheetView) -> Iterator[ProgrammeDate]:
    for name, title in (("period_start", _("The programme begins")), ("period_end", _("The programme ends"))):
        if at := v.item.values.get(name):
            yield ProgrammeDate(at, str(title), "")


def _around(dates: list[ProgrammeDate], today: str) -> list[ProgrammeDate]:
    """The next date that is not done, the last ones before it and the first ones after it, with their states."""
    ahead = [n for n, entry in enumerate(dates) if entry.state != "done" and _last_day(entry.at) >= today]
    following = ahead[0] if ahead else len(dates)
    marked = [
        ProgrammeDate(entry.at, entry.title, entry.language, _state(entry, n == following, today))
        for n, entry in enumerate(dates)
    ]
    return marked[max(0, following - PAST) : following + COMING]


def _state(entry: ProgrammeDate, following: bool, today: str) -> str:
    if entry.state == "done" or following:
        return "next" if following else "done"
    return "past" if _last_day(entry.at) < today else "later"


def _last_day(at: str) -> str:
    """For comparisons: a month or year lasts until its end."""
    return at if len(at) == len(date.max.isoformat()) else f"{at}-99"
