"""JSON to a Draft: every part is looked at before anything is stored; the first mistake refuses the whole file.

What a file has too much is kept out and said in a warning; sums that do not add up, dates that do not fit and missing
titles are said in one, too.
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

MAX_GOALS, MAX_MEASURES, MAX_ALL_ROWS = 200, 300, 20_000  # more would hold up everybody else while it is stored
CODE_LENGTH, FIELD_CODE_LENGTH = 20, 6
_PARTS = (
    "meta", "partnership", "programme", "milestones", "fields", "goals", "measures",
    "comments_sample", "workshop_sample", "decisions_sample", "totals",
    "history",
)  # fmt: skip


def validate_import(data: Any) -> ProgrammeDraft:
    """The file as a draft, with warnings. Raises Refused with the place of the first mistake."""
    if not isinstance(data, dict):
        raise ImportRefused(_("This file does not hold a programme."))
    for part in ("meta", "partnership", "programme"):
        if part not in data:
            raise ImportRefused(_("This file does not hold a programme: its part “%(part)s” is missing.", part=part))
    data = {name: part if name == "history" else clean_json(part) for name, part in data.items()}
    warnings: list[ImportProblem] = []
    file_header.warn_unknown(data, _PARTS, FilePosition(), warnings)
    frame = file_header.frame_in(data["meta"], warnings)
    return _ImportValidator(data, frame, warnings).draft()


class _ImportValidator:
    """One file on its way to a draft."""

    def __init__(self, data: dict[str, Any], frame: FrameDraft, warnings: list[ImportProblem]) -> None:
        self.data, self.frame, self.warnings = data, frame, warnings
        self.fields: set[str] = set()
        self.goals: set[str] = set()
        self.measures: set[str] = set()
        self.row_count = 0

    def draft(self) -> ProgrammeDraft:
        data = self.data
        goals = value_json.entries(data.get("goals"), FilePosition(("goals",)), MAX_GOALS)
        measures = value_json.entries(data.get("measures"), FilePosition(("measures",)), MAX_MEASURES)
        self._know_codes(goals, measures)
        draft = ProgrammeDraft(
            frame=self.frame,
            partnership=file_header.partnership_in(data["partnership"], self.frame, self.warnings),
            programme=self._programme(),
            goals=[self._goal(raw, FilePosition(("goals",)).entry(n, raw)) for n, raw in enumerate(goals)],
            measures=[self._measure(raw, FilePosition(("measures",)).entry(n, raw)) for n, raw in enumerate(measures)],
            talks=read_threads(data.get("comments_sample"), self.frame, self._known()),
            carried=passthrough.passthrough_in(data, self.frame),
            warnings=self.warnings,
            history=read_history(data.get("history"), self._known()),
        )
        totals.compare_totals(data, draft)
        draft.warnings += import_warnings(draft)
        return draft

    def _know_codes(self, goals: list[Any], measures: list[Any]) -> None:
        """References may point forward, so all codes are known before the first thing is looked at."""
        fields = value_json.entries(self.data.get("fields"), FilePosition(("fields",)), MAX_ROWS)
        self.fields = _codes(fields, FilePosition(("fields",)), FIELD_CODE_LENGTH)
        self.goals = _codes(goals, FilePosition(("goals",)), CODE_LENGTH)
        self.measures = _codes(measures, FilePosition(("measures",)), CODE_LENGTH)

    def _known(self) -> set[tuple[str, str]]:
        """Kind and code of all that is in the file."""
        codes = [("goal", self.goals), ("measure", self.measures)]
        return {("programme", ""), *((kind, code) for kind, some in codes for code in some)}

    def _programme(self) -> ItemDraft:
        head = value_json.mapping(self.data["programme"], FilePosition(("programme",)))
        slots = [slot for slot in file_layout.PROGRAMME if slot[0][0] == "programme"]
        _warn_unknown(head, [path[1:] for path, _name in slots], FilePosition(("programme",)), self.warnings)
        return self._sheet(ItemDraft(), PROGRAMME, file_layout.PROGRAMME, self.data, FilePosition())

    def _goal(self, raw: dict[str, Any], place: FilePosition) -> ItemDraft:
        _warn_unknown(raw, [("code",), *(path for path, _name in file_layout.GOAL)], place, self.warnings)
        return self._sheet(ItemDraft(code=raw["code"]), GOAL, file_layout.GOAL, raw, place)

    def _measure(self, raw: dict[str, Any], place: FilePosition) -> MeasureDraft:
        own: list[tuple[str, ...]] = [("code",), ("goal",), ("order",), ("budget_total",)]
        _warn_unknown(raw, [*own, *(path for path, _name in file_layout.MEASURE)], place, self.warnings)
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
            found, here = _value_at(raw, path, place)
            if name in sheet.rows:
                draft.rows[name] = self._rows(sheet.rows[name], found, here)
            elif sheet.fields[name].kind == "live":
                self._text(draft, sheet.fields[name], found, here)
            else:
                self._value(draft, sheet.fields[name], found, here)
        return draft

    def _text(self, draft: ItemDraft, field: Field, raw: Any, place: FilePosition) -> None:
        if raw is None:
            return
        for language, text in value_json.by_language(raw, place, self.frame.languages).items():
            here = place.at(language)
            if text is not None:
                known = text if isinstance(text, dict) else value_json.text(text, here, TOLERANCE * field.max_length)
                draft.texts[f"{field.name}.{language}"] = text_in(field, known, here, self.warnings)

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
            found = value_json.entries(raw, place, MAX_MEASURES)
            codes = [self._reference(code, place.entry(n), self.measures) for n, code in enumerate(found)]
            value_json.require_unique(codes, place)
            return codes or None
        return value_json.value_in(field, raw, place)

    def _reference(self, raw: Any, place: FilePosition, known: set[str]) -> str:
        code = value_json.text(raw, place, 1_000)
        if code not in known:
            raise ImportRefused(_("“%(code)s” is referred to, but is not in the file.", code=quote_value(code)), place)
        return code

    def _rows(self, kind: RowKind, raw: Any, place: FilePosition) -> list[dict[str, Any]]:
        found = value_json.entries(raw, place, MAX_ROWS)
        self.row_count += len(found)
        if self.row_count > MAX_ALL_ROWS:
            raise ImportRefused(_("The file has more than %(most)s rows in all.", most=f"{MAX_ALL_ROWS:,}"), place)
        return [self._row(kind, one, place.entry(number, one)) for number, one in enumerate(found)]

    def _row(self, kind: RowKind, raw: Any, place: FilePosition) -> dict[str, Any]:
        parts = value_json.mapping(raw, place)
        bare = file_layout.SINGLE_TEXT_ROWS.get(kind.name)
        if bare and not parts.keys() & kind.by_name.keys():
            parts = {bare: parts}
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
            if text is not None and (found := value_json.line_or_lines(cell, text, place.at(language))):
                cells[f"{cell.name}.{language}"] = found


def _keys(kind: RowKind) -> set[str]:
    """The keys a row of that kind may have; "no" counts the steps and is not kept."""
    money = AMOUNT_KEYS if any(cell.kind == "amount" for cell in kind.cells) else ()
    return {*kind.by_name, *money, *(("no",) if kind.name == "steps" else ())}


def _codes(raw: list[Any], place: FilePosition, longest: int) -> set[str]:
    """The codes of things in a list; each must have its own."""
    found: set[str] = set()
    for number, one in enumerate(raw):
        here = place.entry(number, one)
        code = value_json.text(value_json.mapping(one, here).get("code"), here.at("code"), longest)
        if not code.strip() or code != code.strip():
            raise ImportRefused(_("A code cannot be empty, or begin or end with a space."), here.at("code"))
        if code in found:
            raise ImportRefused(_("The code “%(code)s” stands twice.", code=code), here.at("code"))
        found.add(code)
    return found


def _value_at(raw: dict[str, Any], path: tuple[str, ...], place: FilePosition) -> tuple[Any, FilePosition]:
    """What stands at the path, and its place; None when there is nothing."""
    found: Any = raw
    for key in path:
        if found is None:
            return None, place
        found = value_json.mapping(found, place).get(key)
        place = place.at(key)
    return found, place


def _warn_unknown(
    raw: dict[str, Any], paths: list[tuple[str, ...]], place: FilePosition, warnings: list[ImportProblem]
) -> None:
    """Warn of keys that no path leads to, also one level down ("period" → "begin")."""
    file_header.warn_unknown(raw, {path[0] for path in paths}, place, warnings)
    for key in {path[0] for path in paths if len(path) > 1}:
        if isinstance(raw.get(key), dict):
            inner = {path[1] for path in paths if path[0] == key}
            file_header.warn_unknown(raw[key], inner, place.at(key), warnings)
