"""A pasted grid to values: each cell as the sheet keeps it, or with the sentence that says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import scalars
from klimawerk.codes import codes
from klimawerk.exchange.html_grid import MERGED
from klimawerk.exchange.import_problems import LazySentence, quote_value
from klimawerk.exchange.live_text_json import TOLERANCE
from klimawerk.exchange.pasted_tables import Grid
from klimawerk.exchange.table_columns import ColumnLayout
from klimawerk.exchange.units import AmountUnit, split_amount, unit_of
from klimawerk.folding import fold
from klimawerk.money import Ambiguous, BadAmount, parse_amount, parse_number, with_cents
from klimawerk.sheets.date_parsing import NOT_A_DATE, AmbiguousDate, parse_month
from klimawerk.sheets.plausibility import OPEN_RANGE, DateRange, field_hints, text_hint
from klimawerk.sheets.sheet_schema import Field


@dataclass(frozen=True)
class PasteContext:
    """What the words of a table can refer to. `goals`, `fields`: words (codes, titles), folded -> id.

    `currency` is that of amounts which name none; `readings`: the answers to `Question`s, by their names; `sides`:
    side -> the municipality's name; `taken`: codes in use. `programme`, `own`: its period, and that of the measure
    which the rows will stand in.
    """

    language: str
    locale: str
    currencies: tuple[str, ...]
    currency: str
    sides: dict[str, str]
    goals: dict[str, int] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    readings: dict[str, str] = field(default_factory=dict)
    programme: DateRange = OPEN_RANGE
    own: DateRange = OPEN_RANGE


@dataclass(frozen=True)
class PastedCell:
    """`value` is None for an empty cell and for one with a `problem`.

    `readings`: what an unclear one may mean, by answers; `merged`: it has the value of the cell above it; `hint`: what
    does not fit, though it is kept.
    """

    text: str
    value: Any = None
    problem: LazySentence = ""
    readings: dict[str, Any] = field(default_factory=dict)
    merged: bool = False
    hint: LazySentence = ""


@dataclass(frozen=True)
class ColumnQuestion:
    """What the unclear values of a column mean, by the first one, `text`. One answer holds for all that can be read in
    the same ways. `readings`: the value that each answer gives; None for none."""

    number: int
    text: str
    readings: dict[str, Any]
    open: bool

    @property
    def name(self) -> str:
        return question_name(self.number, self.readings)


@dataclass(frozen=True)
class PastedTable:
    """The table as it would be taken over. `unclear`: the questions about what can be read in several ways."""

    layout: ColumnLayout
    rows: list[list[PastedCell]]
    units: list[AmountUnit]

    @property
    def scaled(self) -> list[AmountUnit]:
        """Those of columns whose numbers are multiplied."""
        return [unit for unit in self.units if unit.scale > 1]

    @property
    def problems(self) -> int:
        return sum(1 for row in self.rows for cell in row if cell.problem)

    @property
    def unclear(self) -> list[ColumnQuestion]:
        """One for each column and each set of readings in it."""
        found: dict[str, ColumnQuestion] = {}
        for row in self.rows:
            for number, cell in enumerate(row):
                if cell.readings:
                    still_open = cell.value is None and not cell.problem
                    one = ColumnQuestion(number, cell.text, cell.readings, still_open)
                    found.setdefault(one.name, one)
        return list(found.values())

    @property
    def open_questions(self) -> bool:
        return any(question.open for question in self.unclear)

    def records(self) -> list[dict[str, Any]]:
        """Per row, the values by the name of their column; rows without any of their own are left out."""
        rows = [
            {name: cell for name, cell in zip(self.layout.columns, row, strict=True) if name and cell.value is not None}
            for row in self.rows
        ]
        return [
            {name: cell.value for name, cell in row.items()}
            for row in rows
            if any(not cell.merged for cell in row.values())
        ]


class _UnreadableCell(ValueError):
    def __init__(self, sentence: LazySentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def read_grid(grid: Grid, layout: ColumnLayout, fields: dict[str, Field], around: PasteContext) -> PastedTable:
    """Every cell of the grid, without its headings."""
    body = grid[1:] if layout.heading else grid
    kinds = [fields.get(name) for name in layout.columns]
    units = [
        _unit(text, field, around) if layout.heading else AmountUnit()
        for text, field in zip(grid[0], kinds, strict=True)
    ]
    columns = [_Column(number, *known) for number, known in enumerate(zip(kinds, units, strict=True))]
    rows: list[list[PastedCell]] = []
    for texts in body:
        above = rows[-1] if rows else [PastedCell("")] * len(columns)
        cells = zip(texts, columns, above, strict=True)
        rows.append(
            [_cell(text, column, around) if text != MERGED else _merged(one, column) for text, column, one in cells]
        )
    rows = [_with_hints(row, layout, fields, around) for row in _codes_once(rows, layout)]
    return PastedTable(layout, rows, units)


@dataclass(frozen=True)
class _Column:
    number: int
    field: Field | None
    unit: AmountUnit


def _unit(heading: str, field: Field | None, around: PasteContext) -> AmountUnit:
    counts = field is not None and field.kind in ("amount", "number")
    return unit_of(heading, around.currencies) if counts else AmountUnit()


def _cell(text: str, column: _Column, around: PasteContext) -> PastedCell:
    if column.field is None or not text:
        return PastedCell(text)
    try:
        value = _READERS[column.field.kind](column.field, text, around, column.unit)
        return _resolve_reading(text, column.number, value, around)
    except (_UnreadableCell, BadAmount) as unreadable:
        return PastedCell(text, problem=unreadable.sentence)


def _merged(above: PastedCell, column: _Column) -> PastedCell:
    """A cell merged with the one above holds for each of its rows, as a goal or a month does; a number counts once."""
    if column.field is None or column.field.kind in ("amount", "number"):
        return PastedCell(MERGED)
    return replace(above, merged=True)


def question_name(column: int, readings: dict[str, Any]) -> str:
    """The name of the answer that holds for all cells of a column with these readings; dates have several kinds."""
    return "-".join((f"reading-{column}", *sorted(readings.keys() - {"large", "small"})))


def _resolve_reading(text: str, column: int, value: Any, around: PasteContext) -> PastedCell:
    """What is unclear has no value until somebody said how it is meant."""
    found, currency = value if isinstance(value, tuple) else (value, None)
    readings = _readings(found)
    if readings:
        answer = around.readings.get(question_name(column, readings), "")
        if answer not in readings:
            return PastedCell(text, readings=readings)
        found = readings[answer]
    if found is None:
        return PastedCell(text, problem=NOT_A_DATE, readings=readings)
    if currency is None:
        return PastedCell(text, f"{found.normalize():f}" if isinstance(found, Decimal) else found, readings=readings)
    try:
        return PastedCell(text, {"amount": str(with_cents(found)), "currency": currency}, readings=readings)
    except BadAmount as bad:
        return PastedCell(text, problem=bad.sentence, readings=readings)


def _readings(value: Any) -> dict[str, Any]:
    """Empty for what is clear. Of a date with one doubtful reading, the other one is that it is none."""
    if isinstance(value, Ambiguous):
        return dict(zip(("large", "small"), sorted(value.readings, key=abs, reverse=True), strict=True))
    if isinstance(value, AmbiguousDate):
        return value.readings if len(value.readings) > 1 else {**value.readings, "none": None}
    return {}


def _with_hints(
    row: list[PastedCell], layout: ColumnLayout, fields: dict[str, Field], around: PasteContext
) -> list[PastedCell]:
    """The same cells, with what is said of texts that are too long and of dates that do not fit."""
    values = {name: cell.value for name, cell in zip(layout.columns, row, strict=True) if name}
    return [
        replace(cell, hint=_hint(fields[name], values, fields, around)) if name and cell.value is not None else cell
        for name, cell in zip(layout.columns, row, strict=True)
    ]


def _hint(field: Field, values: dict[str, Any], fields: dict[str, Field], around: PasteContext) -> LazySentence:
    if field.kind == "live":
        return text_hint(field, values[field.name]) or ""
    return next(field_hints(field, values, fields, around.own, around.programme), "")


def _codes_once(rows: list[list[PastedCell]], layout: ColumnLayout) -> list[list[PastedCell]]:
    """A code that stands twice in the table is taken once."""
    if "code" not in layout.columns:
        return rows
    column, seen = layout.columns.index("code"), set()
    for row in rows:
        cell = row[column]
        if cell.value is not None and (cell.value in seen or cell.merged):
            row[column] = PastedCell(cell.text, problem=_("This code stands twice in the table."))
        seen.add(cell.value)
    return rows


def _text(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> str:
    most = field.max_length * (TOLERANCE if field.kind == "live" else 1)
    if len(text) > most:
        raise _UnreadableCell(_("Too long: at most %(most)s characters.", most=most))
    return text if field.kind == "live" and not field.line else " ".join(text.split())


def _choice(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> Any:
    word = fold(text)
    towns = around.sides if field.codes.endswith("side") else {}
    for entry in codes(field.codes):
        words = [str(entry.code), *entry.labels.values(), towns.get(str(entry.code), "")]
        if word and word in map(fold, words):
            if entry.code in field.unpickable:
                raise _UnreadableCell(_("Consent is given on the measure itself, not in a table."))
            return entry.code
    raise _UnreadableCell(_("“%(word)s” is not in the list.", word=quote_value(text)))


def _month(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> str | AmbiguousDate:
    found = parse_month(text, around.locale)
    if found is None:
        raise _UnreadableCell(NOT_A_DATE)
    return found


def _year(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> int:
    try:
        return scalars.year(text)
    except ValueError:
        raise _UnreadableCell(_("Please write a year, for example 2030.")) from None


def _number(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> Decimal | Ambiguous:
    return parse_number(text, around.locale, unit.scale)


def _amount(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> tuple[Decimal | Ambiguous, str]:
    number, own = split_amount(text, around.currencies, unit)
    currency = own.currency or around.currency
    if currency not in around.currencies:
        raise _UnreadableCell(_("This programme has no amounts in %(currency)s.", currency=currency))
    return parse_amount(number, around.locale, own.scale), currency


def _goal(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> Any:
    return _known(around.goals, text, _("There is no goal “%(word)s”.", word=quote_value(text)))


def _field(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> Any:
    return _known(around.fields, text, _("There is no field of action “%(word)s”.", word=quote_value(text)))


def _known(things: dict[str, Any], text: str, sentence: LazySentence) -> Any:
    word = fold(text)
    if not word or word not in things:
        raise _UnreadableCell(sentence)
    return things[word]


def _code(field: Field, text: str, around: PasteContext, unit: AmountUnit) -> str:
    code = _text(field, text, around, unit)
    if code in around.taken:
        raise _UnreadableCell(_("This code is in use already; a new one will be given."))
    return code


_READERS: dict[str, Callable[[Field, str, PasteContext, AmountUnit], Any]] = {
    "live": _text,
    "lines": _text,
    "line": _text,
    "choice": _choice,
    "month": _month,
    "year": _year,
    "number": _number,
    "amount": _amount,
    "goal": _goal,
    "field": _field,
    "code": _code,
}
