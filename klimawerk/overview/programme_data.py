"""Data of a programme's overview: fields of action, goals, milestones, and measures with the rows that it shows.

Read with a number of statements that does not depend on the number of measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.goals.service import goals_of
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.money import Cells, Rates, Sums, summed, sums
from klimawerk.partnerships.partnership_labels import short_name
from klimawerk.programmes.models import Programme
from klimawerk.sheets.fragment_keys import Revisions
from klimawerk.sheets.models import Frame, Row
from klimawerk.sheets.options import titles_of
from klimawerk.sheets.view import SheetView

ROW_KINDS = ("commitments", "costs", "funding", "personnel", "responsible")
"""The kinds of rows of a measure that the overview shows."""

_RANK = 10**8  # more than all revisions of a programme's goals and measures together


@dataclass(frozen=True)
class TitledItem:
    """A field of action or a goal. `id`: of the row or item; `lang`: the language of the title; `address`: "" for a
    field of action, which has no page."""

    id: str
    code: str
    title: str
    lang: str
    address: str = ""


@dataclass(frozen=True)
class MeasureData:
    """A measure. `field_id`: of its field of action, "" for none; `rows`: {kind: cells}."""

    id: int
    code: str
    title: str = ""
    lang: str = ""
    goal_id: str = ""
    field_id: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Cells]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"/measures/{self.id}"

    @property
    def state(self) -> str:
        """The code of its planning state; "" for none."""
        return self.values.get("planning_state") or ""

    @property
    def period(self) -> tuple[str, str]:
        """Its stored start and end; "" for none."""
        return self.values.get("period_start") or "", self.values.get("period_end") or ""


@dataclass(frozen=True)
class Side:
    """A side of the partnership. `code`: "de" or "partner"; `short`: its name without the words for its kind."""

    code: str
    name: str
    short: str


@dataclass(frozen=True)
class ProgrammeData:
    """`sides`: the reader's own first. `languages`: in the order in which a text is looked for. `topics`: (id,
    topic, its revision) of each goal and measure. `rank`: grows with every change of the programme, its goals and
    measures. Both revisions were read before the contents, which are never older."""

    period: tuple[str, str] = ("", "")
    fields: Sequence[TitledItem] = ()
    goals: Sequence[TitledItem] = ()
    measures: Sequence[MeasureData] = ()
    milestones: Sequence[Cells] = ()
    sides: Sequence[Side] = ()
    rates: Rates = field(default_factory=lambda: Rates("EUR"))
    languages: Sequence[str] = ("en",)
    topics: Sequence[tuple[int, str, int]] = ()
    rank: int = 0

    @cached_property
    def sums(self) -> Sums:
        """The sums of all measures in the main currency, as in the finance table."""
        rows = [measure.rows for measure in self.measures]
        return summed(sums(kinds.get("costs", ()), kinds.get("funding", ()), self.rates) for kinds in rows)


def programme_data(v: SheetView, revs: Revisions) -> ProgrammeData:
    """The data of the programme that `v` shows, in the language that the page shows. `revs`: read before."""
    rev_of = dict(revs)
    programme: Programme = v.item  # type: ignore[assignment]
    goals, measures = goals_of(programme), all_measures(programme)
    titles = titles_of([*goals, *measures], v.languages.show)
    rows = _rows_of([measure.id for measure in measures])
    languages = tuple(dict.fromkeys((v.languages.show, v.frame.lead_language, *v.languages.all)))
    fields = [_field(row, languages) for row in v.rows.get("fields", [])]
    goal_fields = {goal.id: goal.values.get("field") for goal in goals}
    return ProgrammeData(
        period=(programme.values.get("period_start") or "", programme.values.get("period_end") or ""),
        fields=fields,
        goals=[TitledItem(str(goal.id), goal.code, *titles[goal.id], f"/goals/{goal.id}") for goal in goals],
        measures=[
            MeasureData(
                measure.id,
                measure.code,
                *titles[measure.id],
                goal_id=str(measure.goal_id),
                field_id=_field_of(measure, goal_fields, fields),
                values=measure.values,
                rows=rows.get(measure.id, {}),
            )
            for measure in measures
        ],
        milestones=[row.cells for row in v.rows.get("milestones", [])],
        sides=[Side(side, name, _short_names(v.frame, side) or name) for side, name in v.sides_own_first()],
        rates=v.frame.rates,
        languages=languages,
        topics=[(item.id, item.name, rev_of.get(item.id, 0)) for item in (*goals, *measures)],
        rank=rev_of.get(programme.id, 0) * _RANK + sum(rev for id_, rev in revs if id_ != programme.id),
    )


def text_in(cells: Cells, name: str, languages: Iterable[str]) -> tuple[str, str]:
    """(text, its language) of a translated cell: the first of `languages` that has one; ("", "") for none."""
    language = next((code for code in languages if cells.get(f"{name}.{code}")), "")
    return (cells[f"{name}.{language}"], language) if language else ("", "")


def _rows_of(measure_ids: list[int]) -> dict[int, dict[str, list[Cells]]]:
    """{id: {kind: cells of the rows in order}} of the kinds that the overview shows."""
    query = select(Row.item_id, Row.kind, Row.cells).where(
        Row.item_id.in_(measure_ids), Row.kind.in_(ROW_KINDS), Row.deleted_at.is_(None)
    )
    result: dict[int, dict[str, list[Cells]]] = {}
    for item_id, kind, cells in db.session.execute(query.order_by(Row.order_key, Row.id)).all():
        result.setdefault(item_id, {}).setdefault(kind, []).append(cells)
    return result


def _field(row: Row, languages: Sequence[str]) -> TitledItem:
    return TitledItem(row.id, row.cells.get("code") or "", *text_in(row.cells, "title", languages))


def _field_of(measure: Measure, goal_fields: Mapping[int, str | None], fields: Sequence[TitledItem]) -> str:
    """The id of the measure's field of action: its own, else that of its goal, if that field exists."""
    existing = {field.id for field in fields}
    named = (measure.values.get("field"), goal_fields.get(measure.goal_id))
    return next((id_ for id_ in named if id_ in existing), None) or ""


def _short_names(frame: Frame, side: str) -> str:
    towns = [town.name for town in frame.partnership.municipalities if town.side == side]
    return ", ".join(short_name(name) for name in towns)
