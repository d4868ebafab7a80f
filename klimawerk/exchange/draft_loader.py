"""Loads a draft from the database, the first step of an export. Deleted items and references to them are left out."""

from __future__ import annotations

from typing import Any, TypeVar

from klimawerk.collab import rich_text
from klimawerk.collab.storage import document_store
from klimawerk.exchange.draft import (
    FrameDraft,
    ItemDraft,
    MeasureDraft,
    MunicipalityDraft,
    PartnershipDraft,
    ProgrammeDraft,
    RowCells,
)
from klimawerk.goals.service import goals_of
from klimawerk.measures.service import measures_of
from klimawerk.partnerships.models import Partnership
from klimawerk.programmes.models import Programme
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Frame, Item, Row
from klimawerk.sheets.rows import rows_of_all

D = TypeVar("D", bound=ItemDraft)


def load_draft(programme: Programme) -> ProgrammeDraft:
    """Everything of the programme that a file can hold, current up to the last acknowledged update."""
    goals = goals_of(programme)
    measures = [(goal, measure) for goal in goals for measure in measures_of(goal)]
    rows = rows_of_all([programme.id, *(goal.id for goal in goals), *(measure.id for _goal, measure in measures)])
    loader = _Loader(rows, programme, {measure.id: measure.code for _goal, measure in measures})
    return ProgrammeDraft(
        frame=_frame(programme.frame),
        partnership=_partnership(programme.frame.partnership),
        programme=loader.fill(programme, ItemDraft()),
        goals=[loader.fill(goal, ItemDraft()) for goal in goals],
        measures=[loader.fill(measure, MeasureDraft(goal=goal.code)) for goal, measure in measures],
        carried=dict(programme.carried),
        warnings=[],
    )


class _Loader:
    """Fills drafts; knows the rows of all items, and the codes that stand for ids in a file."""

    def __init__(self, rows: dict[int, dict[str, list[Row]]], programme: Programme, measures: dict[int, str]) -> None:
        self.rows, self.measures = rows, measures
        self.languages = programme.frame.languages
        self.fields = _field_codes(rows.get(programme.id, {}).get("fields", []))

    def fill(self, item: Item, draft: D) -> D:
        draft.code = item.code
        draft.values = self._values(item)
        draft.texts = self._texts(item)
        item_rows = self.rows.get(item.id, {})
        draft.rows = {kind: [self._cells(row) for row in rows] for kind, rows in item_rows.items()}
        return draft

    def _values(self, item: Item) -> dict[str, Any]:
        values = {name: value for name, value in item.values.items() if name not in ("field", "related")}
        field = self.fields.get(item.values.get("field", ""))
        related = [self.measures[id_] for id_ in item.values.get("related", []) if id_ in self.measures]
        return values | ({"field": field} if field else {}) | ({"related": related} if related else {})

    def _texts(self, item: Item) -> dict[str, dict[str, Any] | None]:
        fragments = sheet_of(item.kind).fragments(self.languages)
        contents = document_store.contents(item.name, fragments)
        return {fragment: text for fragment, text in contents.items() if not rich_text.is_empty(text)}

    def _cells(self, row: Row) -> RowCells:
        return {**row.cells, "code": self.fields[row.id]} if row.id in self.fields else row.cells


def _field_codes(rows: list[Row]) -> dict[str, str]:
    """Row id -> code of each field of action. A file needs unique codes: missing and repeated ones are replaced."""
    codes: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        code = row.cells.get("code", "")
        codes[row.id] = code if code and code not in codes.values() else _free_code(number, codes, rows)
    return codes


def _free_code(number: int, codes: dict[str, str], rows: list[Row]) -> str:
    used = {*codes.values(), *(row.cells.get("code", "") for row in rows)}
    return next(code for n in range(number, number + len(used) + 1) if (code := f"F{n}") not in used)


def _frame(frame: Frame) -> FrameDraft:
    return FrameDraft(
        languages=list(frame.languages),
        lead_language=frame.lead_language,
        currency_main=frame.currency_main,
        currency_local=frame.currency_local,
        rate=frame.rate,
        rate_date=frame.rate_date,
        rate_note=frame.rate_note,
    )


def _partnership(partnership: Partnership) -> PartnershipDraft:
    municipalities = [
        MunicipalityDraft(
            side=municipality.side,
            name=municipality.name,
            country=municipality.country,
            region=municipality.region,
            population=municipality.population,
            timezone=municipality.timezone,
            language=municipality.language,
            profile=dict(municipality.profile),
        )
        for municipality in partnership.municipalities
    ]
    return PartnershipDraft(
        dict(partnership.name), partnership.kind, partnership.since, dict(partnership.agreement), municipalities
    )
