"""Validates JSON and turns it into a draft, before anything is stored; the first error refuses the whole file.

Unknown parts are left out with a warning; sums that do not add up, implausible dates and missing titles are warnings,
too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk.exchange import file_header, file_layout, passthrough, totals, value_json
from klimawerk.exchange.draft import FrameDraft, ItemDraft, MeasureDraft, ProgrammeDraft
from klimawerk.exchange.history_import import read_history
from klimawerk.exchange.import_problems import FilePosition, ImportProblem, ImportRefused, quote_value
from klimawerk.exchange.import_warnings import import_warnings
from klimawerk.exchange.live_text_json import TOLERANCE, text_in
from klimawerk.exchange.money_lines import AMOUNT_KEYS as AMOUNT_KEYS
from klimawerk.exchange.money_lines import amount_in
from klimawerk.exchange.threads_import import read_threads
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.sheets.rows import MAX_ROWS
from klimawerk.sheets.sheet_schema import Field, RowKind, Sheet
from klimawerk.text import clean_json

MAX_GOALS, MAX_MEASURES, MAX_ALL_ROWS = 200, 300, 20_000  # storing more would block other users
CODE_LENGTH, FIELD_CODE_LENGTH = 20, 6
_KNOWN_PARTS = (
    "meta", "partnership", "programme", "milestones", "fields", "goals", "measures",
    "comments_sample", "workshop_sample", "decisions_sample", "totals",
    "history",
)  # fmt: skip


def validate_import(data: Any) -> ProgrammeDraft:
    """The file as a draft, with warnings. Raises ImportRefused with the position of the first error."""
    if not isinstance(data, dict):
        raise ImportRefused(_("This file does not hold a programme."))
    for part in ("meta", "partnership", "programme"):
        if part not in data:
            raise ImportRefused(_("This file does not hold a programme: its part “%(part)s” is missing.", part=part))
    data = {name: part if name == "history" else clean_json(part) for name, part in data.items()}
    warnings: list[ImportProblem] = []
    file_header.warn_unknown(data, _KNOWN_PARTS, FilePosition(), warnings)
    frame = file_header.frame_in(data["meta"], warnings)
    return _ImportValidator(data, frame, warnings).draft()


class _ImportValidator:
    """Turns one file into a draft."""

    def __init__(self, data: dict[str, Any], frame: FrameDraft, warnings: list[ImportProblem]) -> None:
        self.data, self.frame, self.warnings = data, frame, warnings
        self.fields: set[str] = set()
        self.goals: set[str] = set()
        self.measures: set[str] = set()
        self.row_count = 0

    def draft(self) -> ProgrammeDraft:
        """The draft of the whole file."""
        data = self.data
        goals = value_json.entries(data.get("goals"), FilePosition(("goals",)), MAX_GOALS)
        measures = value_json.entries(data.get("measures"), FilePosition(("measures",)), MAX_MEASURES)
        self._collect_codes(goals, measures)
        draft = ProgrammeDraft(
            frame=self.frame,
            partnership=file_header.partnership_in(data["partnership"], self.frame, self.warnings),
            programme=self._programme(),
            goals=[self._goal(raw, FilePosition(("goals",)).entry(n, raw)) for n, raw in enumerate(goals)],
            measures=[self._measure(raw, FilePosition(("measures",)).entry(n, raw)) for n, raw in enumerate(measures)],
            threads=read_threads(data.get("comments_sample"), self.frame, self._known_items()),
            carried=passthrough.passthrough_in(data, self.frame),
            warnings=self.warnings,
            history=read_history(data.get("history"), self._known_items()),
        )
        totals.compare_totals(data, draft)
        draft.warnings += import_warnings(draft)
        return draft

    def _collect_codes(self, goals: list[Any], measures: list[Any]) -> None:
        """Collect all codes before anything is checked, since references may point forward."""
        fields = value_json.entries(self.data.get("fields"), FilePosition(("fields",)), MAX_ROWS)
        self.fields = _codes(fields, FilePosition(("fields",)), FIELD_CODE_LENGTH)
        self.goals = _codes(goals, FilePosition(("goals",)), CODE_LENGTH)
        self.measures = _codes(measures, FilePosition(("measures",)), CODE_LENGTH)

    def _known_items(self) -> set[tuple[str, str]]:
        """Kind and code of every item in the file."""
        codes = [("goal", self.goals), ("measure", self.measures)]
        return {("programme", ""), *((kind, code) for kind, known in codes for code in known)}

    def _programme(self) -> ItemDraft:
        head = value_json.mapping(self.data["programme"], FilePosition(("programme",)))
        slots = [slot for slot in file_layout.PROGRAMME if slot[0][0] == "programme"]
        _warn_unknown(head, [path[1:] for path, _name in slots], FilePosition(("programme",)), self.warnings)
        return self._sheet(ItemDraft(), PROGRAMME, file_layout.PROGRAMME, self.data, FilePosition())

    def _goal(self, raw: dict[str, Any], place: FilePosition) -> ItemDraft:
        _warn_unknown(raw, [("code",), *(path for path, _name in file_layout.GOAL)], place, self.warnings)
        return self._sheet(ItemDraft(code=raw["code"]), GOAL, file_layout.GOAL, raw, place)

    def _measure(self, raw: dict[str, Any], place: FilePosition) -> MeasureDraft:
        own_paths: list[tuple[str, ...]] = [("code",), ("goal",), ("order",), ("budget_total",)]
        _warn_unknown(raw, [*own_paths, *(path for path, _name in file_layout.MEASURE)], place, self.warnings)
        draft = MeasureDraft(code=raw["code"], goal=self._reference(raw.get("goal"), place.at("goal"), self.goals))
        if raw.get("order") is not None:
            draft.order = value_json.whole(raw["order"], place.at("order"), 0, 1_000_000)
        self._sheet(draft, MEASURE, file_layout.MEASURE, raw, place)
        return draft

    def _sheet(
        self,
        draft: ItemDraft,
        sheet: Sheet,
        slots: Iterable[file_layout.FileSlot],
        raw: dict[str, Any],
        place: FilePosition,
    ) -> ItemDraft:
        for path, name in slots:
            part, part_place = _value_at(raw, path, place)
            if name in sheet.rows:
                draft.rows[name] = self._rows(sheet.rows[name], part, part_place)
            elif sheet.fields[name].kind == "live":
                self._text(draft, sheet.fields[name], part, part_place)
            else:
                self._value(draft, sheet.fields[name], part, part_place)
        return draft

    def _text(self, draft: ItemDraft, field: Field, raw: Any, place: FilePosition) -> None:
        if raw is None:
            return
        for language, text in value_json.by_language(raw, place, self.frame.languages).items():
            text_place = place.at(language)
            if text is not None:
                content = (
                    text if isinstance(text, dict) else value_json.text(text, text_place, TOLERANCE * field.max_length)
                )
                draft.texts[f"{field.name}.{language}"] = text_in(field, content, text_place, self.warnings)

    def _value(self, draft: ItemDraft, field: Field, raw: Any, place: FilePosition) -> None:
        value = self._read(field, raw, place)
        if value is None:
            return
        draft.values[field.name] = value
        if value in field.unpickable:
            draft.imported.append(field.name)

    def _read(self, field: Field, raw: Any, place: FilePosition) -> Any:
        """A value that may refer to other parts of the file: fields of action and measures are kept as codes."""
        if field.kind == "field":
            return None if raw is None else self._reference(raw, place, self.fields)
        if field.kind == "measures":
            entries = value_json.entries(raw, place, MAX_MEASURES)
            codes = [self._reference(code, place.entry(n), self.measures) for n, code in enumerate(entries)]
            value_json.require_unique(codes, place)
            return codes or None
        return value_json.value_in(field, raw, place)

    def _reference(self, raw: Any, place: FilePosition, known: set[str]) -> str:
        code = value_json.text(raw, place, 1_000)
        if code not in known:
            raise ImportRefused(_("“%(code)s” is referred to, but is not in the file.", code=quote_value(code)), place)
        return code

    def _rows(self, kind: RowKind, raw: Any, place: FilePosition) -> list[dict[str, Any]]:
        entries = value_json.entries(raw, place, MAX_ROWS)
        self.row_count += len(entries)
        if self.row_count > MAX_ALL_ROWS:
            raise ImportRefused(_("The file has more than %(most)s rows in all.", most=f"{MAX_ALL_ROWS:,}"), place)
        return [self._row(kind, entry, place.entry(number, entry)) for number, entry in enumerate(entries)]

    def _row(self, kind: RowKind, raw: Any, place: FilePosition) -> dict[str, Any]:
        parts = value_json.mapping(raw, place)
        text_cell = file_layout.SINGLE_TEXT_ROWS.get(kind.name)
        if text_cell and not parts.keys() & kind.by_name.keys():
            parts = {text_cell: parts}
        file_header.warn_unknown(parts, _keys(kind), place, self.warnings)
        cells: dict[str, Any] = {}
        for cell in kind.cells:
            self._cell(cells, cell, parts, place if parts.get(cell.name) is raw else place.at(cell.name))
        return cells

    def _cell(self, cells: dict[str, Any], cell: Field, parts: dict[str, Any], place: FilePosition) -> None:
        raw = parts.get(cell.name)
        if cell.kind == "amount":
            value: Any = amount_in(parts, self.frame, FilePosition(place.steps[:-1]), self.warnings)
        elif cell.kind == "lines":
            self._lines(cells, cell, raw, place)
            return
        else:
            value = value_json.value_in(cell, raw, place)
        if value is not None:
            cells[cell.name] = value

    def _lines(self, cells: dict[str, Any], cell: Field, raw: Any, place: FilePosition) -> None:
        if raw is None:
            return
        for language, text in value_json.by_language(raw, place, self.frame.languages).items():
            if text is not None and (line := value_json.line_or_lines(cell, text, place.at(language))):
                cells[f"{cell.name}.{language}"] = line


def _keys(kind: RowKind) -> set[str]:
    """Keys that a row of that kind may have; "no" numbers the steps and is not stored."""
    money = AMOUNT_KEYS if any(cell.kind == "amount" for cell in kind.cells) else ()
    return {*kind.by_name, *money, *(("no",) if kind.name == "steps" else ())}


def _codes(raw: list[Any], place: FilePosition, max_length: int) -> set[str]:
    """The codes in a list of items; each must be unique."""
    codes: set[str] = set()
    for number, entry in enumerate(raw):
        entry_place = place.entry(number, entry)
        code = value_json.text(value_json.mapping(entry, entry_place).get("code"), entry_place.at("code"), max_length)
        if not code.strip() or code != code.strip():
            raise ImportRefused(_("A code cannot be empty, or begin or end with a space."), entry_place.at("code"))
        if code in codes:
            raise ImportRefused(_("The code “%(code)s” stands twice.", code=code), entry_place.at("code"))
        codes.add(code)
    return codes


def _value_at(raw: dict[str, Any], path: tuple[str, ...], place: FilePosition) -> tuple[Any, FilePosition]:
    """The part at the path, and its position; None if it is missing."""
    part: Any = raw
    for key in path:
        if part is None:
            return None, place
        part = value_json.mapping(part, place).get(key)
        place = place.at(key)
    return part, place


def _warn_unknown(
    raw: dict[str, Any], paths: list[tuple[str, ...]], place: FilePosition, warnings: list[ImportProblem]
) -> None:
    """Warn of keys that no path leads to, also one level down ("period" → "begin")."""
    file_header.warn_unknown(raw, {path[0] for path in paths}, place, warnings)
    for key in {path[0] for path in paths if len(path) > 1}:
        if isinstance(raw.get(key), dict):
            inner = {path[1] for path in paths if path[0] == key}
            file_header.warn_unknown(raw[key], inner, place.at(key), warnings)
