"""Verbs: what was read from a pasted table becomes rows or measures, all of them or none."""

from __future__ import annotations

from typing import Any

from klimawerk.collab import rich_text
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.programmes.models import Programme
from klimawerk.sheets.items import Texts
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.sheet_schema import Field, RowKind

Record = dict[str, Any]


def add_rows(item: Item, kind: RowKind, records: list[Record], language: str, *, by: int) -> list[Row]:
    """One row per record, at the end. Raises TooManyRows, and then adds none."""
    with writing():
        return [append_row(item, kind.name, _keyed(record, kind.by_name, language), by=by) for record in records]


def add_measures(records: list[Record], language: str, *, goal: Goal, by: int) -> list[Measure]:
    """One measure per record, under the goal it names or else under `goal`."""
    with writing():
        return [_add_measure(record, language, goal, by) for record in records]


def add_goal(programme: Programme, titles: dict[str, str], *, by: int) -> Goal:
    """A new goal with its titles by language."""
    texts: Texts = {
        f"title.{language}": rich_text.from_plain_text(title) for language, title in titles.items() if title
    }
    return create_goal(programme, texts=texts, by=by)


def _add_measure(record: Record, language: str, goal: Goal, by: int) -> Measure:
    named = db.session.get(Goal, record["goal"]) if "goal" in record else None
    own = {name: value for name, value in record.items() if name in MEASURE.fields}
    live = {name for name in own if MEASURE.fields[name].kind == "live"}
    return create_measure(
        named or goal,
        code=record.get("code"),
        field_row=own.get("field"),
        values={name: value for name, value in own.items() if name not in live | {"field"}},
        texts={f"{name}.{language}": rich_text.from_plain_text(own[name]) for name in live},
        by=by,
    )


def _keyed(record: Record, cells: dict[str, Field], language: str) -> Record:
    """Texts under their language."""
    return {cells[name].keys([language])[0]: value for name, value in record.items()}
