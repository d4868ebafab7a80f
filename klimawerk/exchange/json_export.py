"""Writes a draft as JSON of the exchange format: fixed order of keys, empty parts left out, sums computed."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from klimawerk.database import yield_if_due
from klimawerk.exchange import file_layout
from klimawerk.exchange.draft import FrameDraft, ItemDraft, PartnershipDraft, ProgrammeDraft, RowCells
from klimawerk.exchange.live_text_json import text_out
from klimawerk.exchange.money_lines import amount_out
from klimawerk.exchange.totals import budget_total, programme_totals, rates_of
from klimawerk.exchange.value_json import number_out, value_out
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.money import Rates
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.sheets.sheet_schema import RowKind, Sheet
from klimawerk.text import clean_json

Json = dict[str, Any]


def write_programme(draft: ProgrammeDraft, threads: list[Json]) -> Json:
    """The whole file, all texts in normal form; `threads`: as written by `write_threads`."""
    writer = _ProgrammeWriter(draft.frame)
    programme_parts = writer.sheet(draft.programme, PROGRAMME, file_layout.PROGRAMME)
    carried = draft.carried
    partnership = {**_partnership(draft.partnership), "teams": programme_parts["partnership"]["teams"]}
    decisions = programme_parts.pop("decisions_sample")
    file = {
        "meta": _meta(draft.frame, carried.get("meta", {})),
        **programme_parts,
        "partnership": partnership,
        "goals": [{"code": goal.code, **writer.sheet(goal, GOAL, file_layout.GOAL)} for goal in draft.goals],
        "measures": writer.measures(draft),
        **({"comments_sample": threads} if threads else {}),
        **({"workshop_sample": carried["workshop_sample"]} if "workshop_sample" in carried else {}),
        "decisions_sample": decisions,
        "totals": programme_totals(draft.measures, writer.rates),
    }
    return {name: _cleaned(part) for name, part in file.items()}


def to_bytes(file: Json) -> bytes:
    """The file's bytes: UTF-8, indented, readable without a tool."""
    pieces = []
    for number, piece in enumerate(json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(file)):
        if number % 1_000 == 0:
            yield_if_due()
        pieces.append(piece)
    return ("".join(pieces) + "\n").encode()


def _cleaned(part: Any) -> Any:
    """`part` in normal form; a list is cleaned element by element, so that others have their turn."""
    if not isinstance(part, list):
        return clean_json(part)
    elements = []
    for element in part:
        yield_if_due()
        elements.append(clean_json(element))
    return elements


class _ProgrammeWriter:
    """Writes items in the languages and currencies of one programme."""

    def __init__(self, frame: FrameDraft) -> None:
        self.frame = frame
        self.rates: Rates = rates_of(frame)

    def measures(self, draft: ProgrammeDraft) -> list[Json]:
        """All measures. `order` counts the measures of each field of action."""
        counts: Counter[str] = Counter()
        written = []
        for measure in draft.measures:
            field = measure.values.get("field", "")
            counts[field] += 1
            sheet = self.sheet(measure, MEASURE, file_layout.MEASURE)
            head: Json = {"code": measure.code, "goal": measure.goal}
            head |= {"field": sheet.pop("field")} if field else {}
            costs = budget_total(measure.rows.get("costs", []), self.rates)
            written.append({**head, "order": counts[field], **sheet, "budget_total": costs})
        return written

    def sheet(self, item: ItemDraft, sheet: Sheet, slots: tuple[file_layout.FileSlot, ...]) -> Json:
        """One item, its parts in the slots of the layout."""
        yield_if_due()
        written: Json = {}
        for path, name in slots:
            part = self._part(item, sheet, name)
            if part is not None:
                _set_path(written, path, part)
        return written

    def _part(self, item: ItemDraft, sheet: Sheet, name: str) -> Any:
        """Content of a slot; None if it is left out."""
        if name in sheet.rows:
            rows = item.rows.get(name, [])
            numbered = enumerate(rows, start=1)
            written = [self._row(sheet.rows[name], cells, number) for number, cells in numbered]
            return written if written or name not in file_layout.ADDITIVE else None
        field = sheet.fields[name]
        if field.kind == "live":
            texts = {language: item.texts.get(f"{name}.{language}") for language in self.frame.languages}
            return {language: text_out(text) for language, text in texts.items() if text} or None
        if name in item.values:
            return value_out(field, item.values[name])
        return [] if field.kind in ("choices", "measures") else None

    def _row(self, kind: RowKind, cells: RowCells, number: int) -> Json:
        row: Json = {"no": number} if kind.name == "steps" else {}
        for cell in file_layout.cells_in_order(kind):
            if cell.kind == "amount":
                row |= amount_out(cells.get(cell.name), self.rates)
            elif cell.kind == "lines":
                keys = {language: f"{cell.name}.{language}" for language in self.frame.languages}
                texts = {language: cells[key] for language, key in keys.items() if key in cells}
                row |= {cell.name: texts} if texts else {}
            elif cell.name in cells:
                row[cell.name] = value_out(cell, cells[cell.name])
            elif cell.kind == "measurements":
                row[cell.name] = []
            elif cell.name in file_layout.WRITTEN_EMPTY.get(kind.name, ()):
                row[cell.name] = None
        return _single_text(kind, row)


def _single_text(kind: RowKind, row: Json) -> Json:
    """A row with a single text is written as that text."""
    text_cell = file_layout.SINGLE_TEXT_ROWS.get(kind.name)
    return row.get(text_cell, {}) if text_cell and not row.keys() - {text_cell} else row


def _set_path(written: Json, path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        written = written.setdefault(key, {})
    written[path[-1]] = value


def _meta(frame: FrameDraft, notes: dict[str, str]) -> Json:
    meta: Json = {key: notes[key] for key in ("purpose", "wording") if key in notes}
    meta |= {
        "languages": frame.languages,
        "language_lead": frame.lead_language,
        "currency_main": frame.currency_main,
    }
    if frame.currency_local:
        meta["currency_local"] = frame.currency_local
    if frame.rate is not None:
        rate: Json = {"from": frame.currency_main, "to": frame.currency_local, "rate": number_out(frame.rate)}
        rate |= {"date": frame.rate_date.isoformat()} if frame.rate_date else {}
        meta["exchange_rate"] = rate | ({"note": frame.rate_note} if frame.rate_note else {})
    return meta | ({"code_lists": notes["code_lists"]} if "code_lists" in notes else {})


def _partnership(partnership: PartnershipDraft) -> Json:
    parts = {
        "name": partnership.name,
        "kind": partnership.kind,
        "since": partnership.since,
        "agreement": partnership.agreement,
    }
    municipalities = [
        {key: value for key, value in vars(municipality).items() if _has_value(value)}
        for municipality in partnership.municipalities
    ]
    return {key: value for key, value in parts.items() if _has_value(value)} | {"municipalities": municipalities}


def _has_value(value: Any) -> bool:
    return value not in (None, "", {})
