"""Display names for what versions refer to by id, also if it is in the bin by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.sheets import value_display
from klimawerk.sheets.models import Frame, Item, Row
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.sheet_schema import Field
from klimawerk.versions.comparison import ItemState


@dataclass(frozen=True)
class ReferenceNames:
    """Names of fields of action and measures, as `value_display.OptionLabels`, and of goals by id."""

    fields: tuple[tuple[str, str], ...]
    measures: tuple[tuple[int, str], ...]
    goals: dict[int, str]

    def display(self, field: Field, value: Any, reader: str, sides: dict[str, str]) -> str:
        """The value as text for the reader."""
        return value_display.display_value(field, value, reader, sides, self)


def names_for(frame: Frame, reader: str, *states: ItemState) -> ReferenceNames:
    """Names of everything that the states refer to."""
    measures = {id_ for state in states for id_ in state.values.get("related", [])}
    goals = {state.head["goal"] for state in states if state.head.get("goal")}
    items = list(db.session.scalars(select(Item).where(Item.id.in_(measures | goals), Item.frame_id == frame.id)))
    titles = titles_of(items, reader)
    names = {item.id: f"{item.code} {titles[item.id][0]}".strip() for item in items}
    return ReferenceNames(_fields(frame, reader, states), tuple((i, names[i]) for i in measures if i in names), names)


def _fields(frame: Frame, reader: str, states: tuple[ItemState, ...]) -> tuple[tuple[str, str], ...]:
    row_ids = {state.values.get("field") for state in states} - {None}
    query = select(Row).join(Item, Item.id == Row.item_id).where(Row.id.in_(row_ids), Item.frame_id == frame.id)
    return tuple((row.id, _title(row, reader, frame)) for row in db.session.scalars(query))


def _title(row: Row, reader: str, frame: Frame) -> str:
    title = row.cells.get(f"title.{reader}") or row.cells.get(f"title.{frame.lead_language}") or ""
    return f"{row.cells.get('code', '')} {title}".strip()
