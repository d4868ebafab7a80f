"""Column mapping of pasted tables: which column becomes which field, guessed from headings, changed by the user."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from klimawerk.exchange.pasted_tables import Grid
from klimawerk.folding import fold
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.sheets.sheet_schema import Field, RowKind

CODE_COLUMN = Field("code", "code", _("Code"), max_length=20)
GOAL_COLUMN = Field("goal", "goal", _("Goal"), max_length=20)

_MEASURE_KINDS = ("live", "choice", "month", "number", "field")
_ROW_KINDS = ("lines", "line", "choice", "month", "number", "year", "amount")

_HEADINGS: dict[str, tuple[str, ...]] = {
    "code": ("code", "kennung", "nr", "nummer", "no", "kürzel", "id"),
    "goal": ("ziel", "goal", "z"),
    "field": ("handlungsfeld", "feld", "field of action", "field", "sector"),
    "title": ("titel", "title", "maßnahme", "massnahme", "measure", "name", "bezeichnung"),
    "initial_situation": ("ausgangslage", "initial situation", "situation"),
    "description": ("beschreibung", "description", "inhalt", "kurzbeschreibung"),
    "expected_result": ("ergebnis", "erwartetes ergebnis", "expected result", "result", "wirkung"),
    "target_group": ("zielgruppe", "target group"),
    "priority": ("priorität", "prioritaet", "priority", "prio"),
    "lead_side": ("federführung", "lead"),
    "place": ("ort", "umsetzungsort", "place"),
    "measure_type": ("maßnahmentyp", "typ", "type"),
    "climate_effect": ("klimawirkung", "climate effect"),
    "period_start": ("beginn", "start", "von", "from"),
    "period_end": ("ende", "end", "bis", "until", "to"),
    "notes": ("hinweise", "notes", "bemerkung", "anmerkung", "remarks"),
    "text": ("was", "what", "schritt", "step", "handlungsschritt", "text", "beschreibung", "description", "position",
             "bezeichnung", "aufgabe", "task", "item", "zweck", "purpose", "indikator", "indicator", "risiko", "risk"),
    "due": ("fällig", "faellig", "due", "bis", "until", "termin", "datum", "date", "wann", "when", "frist"),
    "side": ("seite", "side", "wer", "who", "kommune", "zuständig", "responsible"),
    "state": ("stand", "status", "state"),
    "category": ("kategorie", "category", "kostenart", "art"),
    "amount": ("betrag", "amount", "kosten", "cost", "costs", "summe", "sum", "eur", "euro", "€", "wert", "ghs"),
    "source": ("quelle", "source", "mittelgeber", "finanzierung", "funding"),
    "application": ("antrag", "application"),
    "unit": ("einheit", "unit", "stelle"),
    "target": ("zielwert", "target"),
    "target_year": ("zieljahr", "target year"),
    "baseline": ("ausgangswert", "baseline"),
    "baseline_year": ("ausgangsjahr", "baseline year"),
    "likelihood": ("wahrscheinlichkeit", "eintrittswahrscheinlichkeit", "likelihood"),
    "response": ("gegenmaßnahme", "response", "maßnahme"),
    "contact": ("ansprechperson", "kontakt", "contact", "person"),
    "role": ("rolle", "role", "funktion"),
    "date": ("datum", "date", "termin", "wann", "when"),
    "kind": ("art", "kind", "typ", "type"),
    "challenge": ("herausforderung", "challenge"),
    "affected": ("verursacher", "betroffene", "verursacher/betroffene", "affected"),
    "plans": ("pläne", "plans", "konzepte", "pläne/dokumente/konzepte"),
    "projects": ("projekte", "laufende projekte", "projects", "current projects"),
}  # fmt: skip


@dataclass(frozen=True)
class ColumnLayout:
    """Field names of the columns, "" for one that is left out. `heading`: the first row holds headings."""

    columns: tuple[str, ...]
    heading: bool


def measure_fields() -> dict[str, Field]:
    """Fields that a column can become when a table is pasted as measures."""
    sheet_fields = {
        name: field for name, field in MEASURE.fields.items() if field.kind in _MEASURE_KINDS and not field.side
    }
    return {"code": CODE_COLUMN, "goal": GOAL_COLUMN, **sheet_fields}


def row_fields(kind: RowKind) -> dict[str, Field]:
    """Fields that a column can become when a table is pasted as rows."""
    return {cell.name: cell for cell in kind.cells if cell.kind in _ROW_KINDS}


def guess_columns(grid: Grid, fields: dict[str, Field]) -> ColumnLayout:
    """The mapping by the texts of the first row; without headings, the first column with text becomes the text."""
    names = [_field_of_heading(cell, fields) for cell in grid[0]]
    if any(names):
        return ColumnLayout(tuple(name if name not in names[:n] else "" for n, name in enumerate(names)), heading=True)
    text = next((name for name in ("title", "text", *fields) if name in fields), "")
    first = next(number for number in range(len(grid[0])) if any(row[number] for row in grid))
    return ColumnLayout(tuple(text if number == first else "" for number in range(len(grid[0]))), heading=False)


def unused_columns(grid: Grid, layout: ColumnLayout) -> list[tuple[int, str]]:
    """Columns that have text and become nothing: (number from 1, first text)."""
    texts = [[row[number] for row in grid if row[number]] for number in range(len(grid[0]))]
    return [
        (number + 1, column_texts[0])
        for number, column_texts in enumerate(texts)
        if column_texts and not layout.columns[number]
    ]


def _field_of_heading(cell: str, fields: dict[str, Field]) -> str:
    """The field that a heading names, else the one that its first word names; "" for none."""
    heading = " ".join(fold(cell).replace("(", " ").replace(")", " ").replace(".", " ").replace(":", " ").split())
    for name, field in fields.items():
        if heading and heading in map(fold, (*_HEADINGS.get(name, ()), name, str(field.label))):
            return name
    first = heading.split(" ")[0] if heading else ""
    return next((name for name in fields if len(first) > 2 and first in map(fold, _HEADINGS.get(name, ()))), "")
