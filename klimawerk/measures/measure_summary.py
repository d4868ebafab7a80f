"""What follows from a measure's sheet: its sums, the funding gap, the hints, and what is missing for consent."""

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
    """`doubts`: where on the page something does not fit, and the sentence about it."""

    sums: Sums
    hints: list[FundingHint]
    missing: list[MissingPart]
    doubts: list[tuple[str, LazyString | str]]


def measure_summary(v: SheetView) -> MeasureSummary:
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
    """Of the other measures that share a grant application with this one: its rules look at all of them."""
    names = {line["application"] for line in budget.funding if line.get("application")}
    if not names:
        return []
    sharing = (
        select(Row.item_id)
        .join(Measure, Measure.id == Row.item_id)
        .where(Measure.frame_id == measure.frame_id, Measure.deleted_at.is_(None), Measure.id != measure.id)
        .where(Row.kind == "funding", Row.deleted_at.is_(None), Row.cells["application"].as_string().in_(names))
    )
    ids = sorted(set(db.session.scalars(sharing)))
    rows = rows_of_all(ids) if ids else {}
    return [budget_of(db.session.get_one(Measure, id_), rows.get(id_, {})) for id_ in ids]


def budget_of(measure: Item, rows: dict[str, list[Row]]) -> MeasureBudget:
    """What the rules on money look at."""
    lines = {kind: _cells(rows.get(kind, [])) for kind in ("costs", "funding", "in_kind")}
    return MeasureBudget(measure.id, measure.code, measure.values, lines["costs"], lines["funding"], lines["in_kind"])


def summary_fragments(v: SheetView) -> list[str]:
    """The fragments that show it, as at first paint."""
    summary = measure_summary(v)
    names = ("_head", "_missing", "_sums")
    return [render_template(f"measures/{name}.html", v=v, summary=summary) for name in names]


def _cells(rows: list[Row]) -> list[dict[str, Any]]:
    return [row.cells for row in rows]
