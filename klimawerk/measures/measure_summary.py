"""Summary derived from a measure's sheet: sums, funding gap, hints on funding and plausibility, and the checklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.measures.checklist import MissingPart, missing_parts
from klimawerk.measures.models import Measure
from klimawerk.money import Sums, sums
from klimawerk.programmes.funding_hints import FundingHint, MeasureBudget, funding_hints
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.text_view import TextView
from klimawerk.sheets.view import SheetView


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
    applications = {line["application"] for line in budget.funding if line.get("application")}
    if not applications:
        return []
    sharing = (
        select(Row.item_id)
        .join(Measure, Measure.id == Row.item_id)
        .where(Measure.frame_id == measure.frame_id, Measure.deleted_at.is_(None), Measure.id != measure.id)
        .where(Row.kind == "funding", Row.deleted_at.is_(None), Row.cells["application"].as_string().in_(applications))
    )
    ids = sorted(set(db.session.scalars(sharing)))
    rows = rows_of_all(ids) if ids else {}
    return [budget_of(db.session.get_one(Measure, id_), rows.get(id_, {})) for id_ in ids]


def budget_of(measure: Item, rows: dict[str, list[Row]]) -> MeasureBudget:
    """The data of a measure that the funding rules need."""
    lines = {kind: _cells(rows.get(kind, [])) for kind in ("costs", "funding", "in_kind")}
    return MeasureBudget(measure.id, measure.code, measure.values, lines["costs"], lines["funding"], lines["in_kind"])


def summary_fragments(v: SheetView) -> list[str]:
    """The HTML fragments of the summary, rendered by the templates of the page."""
    summary = measure_summary(v)
    names = ("_head", "_missing", "_sums")
    return [render_template(f"measures/{name}.html", v=v, summary=summary) for name in names]


def _cells(rows: list[Row]) -> list[dict[str, Any]]:
    return [row.cells for row in rows]
