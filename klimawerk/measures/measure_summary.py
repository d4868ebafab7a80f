"""Summary derived from a measure's sheet: sums, funding gap, hints on funding and plausibility, and the checklist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import render_template
from flask_babel.speaklater import LazyString
from markupsafe import Markup
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.fragment_cache import Key, cached_template, fragments
from klimawerk.measures.checklist import MissingPart, missing_parts
from klimawerk.measures.models import Measure
from klimawerk.money import Sums, sums
from klimawerk.programmes.funding_hints import FundingHint, MeasureBudget, funding_hints
from klimawerk.sheets.fragment_keys import item_revisions, sheet_key
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import CellsOnly, RowsByKind, rows_of_all
from klimawerk.sheets.text_view import TextView
from klimawerk.sheets.view import SheetView

BUDGET_ROWS = ("costs", "funding", "in_kind")


@dataclass(frozen=True)
class MeasureSummary:
    """`plausibility_hints`: (HTML id of the place on the page, message)."""

    sums: Sums
    hints: list[FundingHint]
    missing: list[MissingPart]
    plausibility_hints: list[tuple[str, LazyString | str]]


def measure_summary(v: SheetView) -> MeasureSummary:
    """The summary of the measure that `v` shows."""
    budget = budget_of(v.item, v.rows)
    texts = {fragment: text.plain for fragment, text in v.texts.items()}
    cells = {kind: _cells(rows) for kind, rows in v.rows.items()}
    return MeasureSummary(
        sums(budget.costs, budget.funding, v.frame.rates),
        [
            hint
            for hint in funding_hints([budget, *_same_application(budget, v.item)], v.frame.rates)
            if budget.id in hint.measures
        ],
        missing_parts(v.item.values, cells, texts, list(v.languages.all), v.sides),
        [*_text_hints(v), *((v.anchor(hint.part, hint.row), hint.sentence) for hint in v.date_hints)],
    )


def _text_hints(v: SheetView) -> Iterator[tuple[str, str]]:
    for field in v.sheet.live:
        for text in (TextView(v, field, language) for language in v.languages.all):
            if text.hint:
                yield text.id, f"{text.label} {text.lang.upper()}: {text.hint}"


def _same_application(budget: MeasureBudget, measure: Item) -> list[MeasureBudget]:
    """Budgets of other measures in the same grant application, since funding rules apply to the whole application."""
    applications = _applications(budget)
    if not applications:
        return []
    sharing = (
        select(Row.item_id)
        .join(Measure, Measure.id == Row.item_id)
        .where(Measure.frame_id == measure.frame_id, Measure.deleted_at.is_(None), Measure.id != measure.id)
        .where(Row.kind == "funding", Row.deleted_at.is_(None), Row.cells["application"].as_string().in_(applications))
    )
    ids = sorted(set(db.session.scalars(sharing)))
    if not ids:
        return []
    query = select(Measure).where(Measure.id.in_(ids)).order_by(Measure.id)
    others = db.session.scalars(query.execution_options(populate_existing=True)).all()
    rows = rows_of_all(ids)
    return [budget_of(other, rows.get(other.id, {})) for other in others]


def _applications(budget: MeasureBudget) -> set[str]:
    """The grant applications that the funding lines name."""
    return {line["application"] for line in budget.funding if line.get("application")}


def budget_of(measure: Item, rows: RowsByKind) -> MeasureBudget:
    """The data of a measure that the funding rules need."""
    lines = {kind: _cells(rows.get(kind, [])) for kind in BUDGET_ROWS}
    return MeasureBudget(measure.id, measure.code, measure.values, lines["costs"], lines["funding"], lines["in_kind"])


@dataclass(frozen=True)
class SummaryFragments:
    """The parts of a measure's page that are made of its summary, cached: {{ summary.html('_missing') }}."""

    v: SheetView

    def html(self, name: str) -> Markup:
        """The fragment of `templates/measures/<name>.html`."""
        key = ("summary", name, *self._key)
        return cached_template(key, f"measures/{name}.html", lambda: {"v": self.v, "summary": self._summary})

    @cached_property
    def _key(self) -> Key:
        """Hints on a grant application are about all measures that share it."""
        item = (self.v.item.id, self.v.rev)
        own = fragments().get(("applications", *item), lambda: _applications(budget_of(self.v.item, self.v.rows)))
        return (item_revisions(self.v.frame) if own else (), *sheet_key(self.v))

    @cached_property
    def _summary(self) -> MeasureSummary:
        return measure_summary(self.v)


def summary_fragments(v: SheetView) -> list[str]:
    """The HTML fragments of the summary, rendered by the templates of the page."""
    summary = measure_summary(v)
    names = ("_head", "_missing", "_missing_count", "_jump_count", "_sums")
    return [render_template(f"measures/{name}.html", v=v, summary=summary) for name in names]


def _cells(rows: Sequence[Row | CellsOnly]) -> list[dict[str, Any]]:
    return [row.cells for row in rows]
