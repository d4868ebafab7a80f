"""Operations: create rows or measures from the records of a pasted table, all of them or none."""

from __future__ import annotations

from typing import Any

from klimawerk.collab import rich_text
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.goals.models import Goal
from klimawerk.goals.service import create_goal, goals_of
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.measures.models import Measure
from klimawerk.measures.service import create_measure
from klimawerk.programmes.models import Programme
from klimawerk.programmes.service import announce_order
from klimawerk.sheets.items import Texts
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import append_row
from klimawerk.sheets.sheet_schema import Field, RowKind

Record = dict[str, Any]


def add_rows(item: Item, kind: RowKind, records: list[Record], language: str, *, by: int) -> list[Row]:
    """Append one row per record. Raises TooManyRows, and then adds none."""
    with writing():
        return [
            append_row(item, kind.name, _with_languages(record, kind.by_name, language), by=by) for record in records
        ]


def add_measures(records: list[Record], language: str, *, goal: Goal, by: int) -> list[Measure]:
    """Create one measure per record, under the goal it names, else under `goal`."""
    with writing():
        return [_add_measure(record, language, goal, by) for record in records]


def goal_for(programme: Programme, records: list[Record], *, chosen: int, titles: dict[str, str], by: int) -> Goal:
    """The goal that takes records which name none: the chosen one, else the programme's first.

    A programme without goals gets one, in the field of action that all records name, if any; it can be named later.
    `titles`, by language, are those of a goal that is created in any case.
    """
    with writing():
        announce_order(programme)  # serialises this with others who create the first goal
        goals = goals_of(programme)
        if goals and not any(titles.values()):
            return next((goal for goal in goals if goal.id == chosen), goals[0])
        texts: Texts = {f"title.{code}": rich_text.from_plain_text(title) for code, title in titles.items() if title}
        fields = {record.get("field") for record in records}
        return create_goal(programme, field_row=fields.pop() if len(fields) == 1 else None, texts=texts, by=by)


def _add_measure(record: Record, language: str, goal: Goal, by: int) -> Measure:
    named_goal = db.session.get(Goal, record["goal"]) if "goal" in record else None
    content = {name: value for name, value in record.items() if name in MEASURE.fields}
    text_names = {name for name in content if MEASURE.fields[name].kind == "live"}
    return create_measure(
        named_goal or goal,
        code=record.get("code"),
        field_row=content.get("field"),
        values={name: value for name, value in content.items() if name not in text_names | {"field"}},
        texts={f"{name}.{language}": rich_text.from_plain_text(content[name]) for name in text_names},
        by=by,
    )


def _with_languages(record: Record, cells: dict[str, Field], language: str) -> Record:
    """The record with text fields keyed by language."""
    return {cells[name].keys([language])[0]: value for name, value in record.items()}
