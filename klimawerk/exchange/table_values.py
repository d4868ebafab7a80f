"""Values of pasted tables: each cell as it would be stored, or with a message that says why it cannot be read."""

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
    """What the cells of a table can refer to. `goals`, `fields`: folded codes and titles -> id.

    `currency`: of amounts without one; `readings`: the user's answers, by `ColumnQuestion.name`; `sides`: side -> name
    of the municipality; `used_codes`: of existing measures; `measure_period`: of the measure that the rows are added
    to.
    """

    language: str
    locale: str
    currencies: tuple[str, ...]
    currency: str
    sides: dict[str, str]
    goals: dict[str, int] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    used_codes: frozenset[str] = frozenset()
    readings: dict[str, str] = field(default_factory=dict)
    programme_period: DateRange = OPEN_RANGE
    measure_period: DateRange = OPEN_RANGE


@dataclass(frozen=True)
class PastedCell:
    """A cell. `value` is None for an empty cell and for one with a `problem`.

    `readings`: values that an ambiguous text can mean, by answer; `merged`: it has the value of the cell above; `hint`:
    a warning, though the value is stored.
    """

    text: str
    value: Any = None
    problem: LazySentence = ""
    readings: dict[str, Any] = field(default_factory=dict)
    merged: bool = False
    hint: LazySentence = ""


@dataclass(frozen=True)
class ColumnQuestion:
    """A question about the ambiguous values of a column; `text` is the first of them.

    One answer holds for all values with the same readings. `readings`: answer -> value, None for none.
    """

    number: int
    text: str
    readings: dict[str, Any]
    open: bool

    @property
    def name(self) -> str:
        """Name of the answer's form field."""
        return question_name(self.number, self.readings)


@dataclass(frozen=True)
class PastedTable:
    """A preview of the table. `rows`: cells by row; `units`: unit of each column."""

    layout: ColumnLayout
    rows: list[list[PastedCell]]
    units: list[AmountUnit]

    @property
    def scaled(self) -> list[AmountUnit]:
        """Units of the columns whose numbers are multiplied."""
        return [unit for unit in self.units if unit.scale > 1]

    @property
    def problems(self) -> int:
        """Number of cells that cannot be read."""
        return sum(1 for row in self.rows for cell in row if cell.problem)

    @property
    def unclear(self) -> list[ColumnQuestion]:
        """Questions about ambiguous values: one for each column and each set of readings in it."""
        questions: dict[str, ColumnQuestion] = {}
        for row in self.rows:
            for number, cell in enumerate(row):
                if cell.readings:
                    still_open = cell.value is None and not cell.problem
                    question = ColumnQuestion(number, cell.text, cell.readings, still_open)
                    questions.setdefault(question.name, question)
        return list(questions.values())

    @property
    def open_questions(self) -> bool:
        """Whether a question is not answered yet."""
        return any(question.open for question in self.unclear)

    def records(self) -> list[dict[str, Any]]:
        """Values by field name, one dict per row; rows that only repeat merged cells are left out."""
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


def read_grid(grid: Grid, layout: ColumnLayout, fields: dict[str, Field], context: PasteContext) -> PastedTable:
    """Read every cell of the grid, except the headings."""
    body = grid[1:] if layout.heading else grid
    column_fields = [fields.get(name) for name in layout.columns]
    units = [
        _unit(text, field, context) if layout.heading else AmountUnit()
        for text, field in zip(grid[0], column_fields, strict=True)
    ]
    columns = [
        _Column(number, *field_and_unit) for number, field_and_unit in enumerate(zip(column_fields, units, strict=True))
    ]
    rows: list[list[PastedCell]] = []
    for texts in body:
        above = rows[-1] if rows else [PastedCell("")] * len(columns)
        cells = zip(texts, columns, above, strict=True)
        rows.append(
            [
                _cell(text, column, context) if text != MERGED else _merged(cell_above, column)
                for text, column, cell_above in cells
            ]
        )
    rows = [_with_hints(row, layout, fields, context) for row in _without_repeated_codes(rows, layout)]
    return PastedTable(layout, rows, units)


@dataclass(frozen=True)
class _Column:
    number: int
    field: Field | None
    unit: AmountUnit


def _unit(heading: str, field: Field | None, context: PasteContext) -> AmountUnit:
    is_numeric = field is not None and field.kind in ("amount", "number")
    return unit_of(heading, context.currencies) if is_numeric else AmountUnit()


def _cell(text: str, column: _Column, context: PasteContext) -> PastedCell:
    if column.field is None or not text:
        return PastedCell(text)
    try:
        value = _READERS[column.field.kind](column.field, text, context, column.unit)
        return _resolve_reading(text, column.number, value, context)
    except (_UnreadableCell, BadAmount) as unreadable:
        return PastedCell(text, problem=unreadable.sentence)


def _merged(above: PastedCell, column: _Column) -> PastedCell:
    """A cell merged with the one above: a goal or a month holds for each of its rows, a number counts once."""
    if column.field is None or column.field.kind in ("amount", "number"):
        return PastedCell(MERGED)
    return replace(above, merged=True)


def question_name(column: int, readings: dict[str, Any]) -> str:
    """Form field of the answer for all cells of a column with these readings; a column of dates can have several."""
    return "-".join((f"reading-{column}", *sorted(readings.keys() - {"large", "small"})))


def _resolve_reading(text: str, column: int, value: Any, context: PasteContext) -> PastedCell:
    """The cell with its value; an ambiguous one has no value until the user has answered."""
    result, currency = value if isinstance(value, tuple) else (value, None)
    readings = _readings(result)
    if readings:
        answer = context.readings.get(question_name(column, readings), "")
        if answer not in readings:
            return PastedCell(text, readings=readings)
        result = readings[answer]
    if result is None:
        return PastedCell(text, problem=NOT_A_DATE, readings=readings)
    if currency is None:
        return PastedCell(text, f"{result.normalize():f}" if isinstance(result, Decimal) else result, readings=readings)
    try:
        return PastedCell(text, {"amount": str(with_cents(result)), "currency": currency}, readings=readings)
    except BadAmount as bad:
        return PastedCell(text, problem=bad.sentence, readings=readings)


def _readings(value: Any) -> dict[str, Any]:
    """Readings of an ambiguous value, else {}. A date with one doubtful reading can also be none."""
    if isinstance(value, Ambiguous):
        return dict(zip(("large", "small"), sorted(value.readings, key=abs, reverse=True), strict=True))
    if isinstance(value, AmbiguousDate):
        return value.readings if len(value.readings) > 1 else {**value.readings, "none": None}
    return {}


def _with_hints(
    row: list[PastedCell], layout: ColumnLayout, fields: dict[str, Field], context: PasteContext
) -> list[PastedCell]:
    """The same cells with warnings: texts that are too long, implausible dates."""
    values = {name: cell.value for name, cell in zip(layout.columns, row, strict=True) if name}
    return [
        replace(cell, hint=_hint(fields[name], values, fields, context)) if name and cell.value is not None else cell
        for name, cell in zip(layout.columns, row, strict=True)
    ]


def _hint(field: Field, values: dict[str, Any], fields: dict[str, Field], context: PasteContext) -> LazySentence:
    if field.kind == "live":
        return text_hint(field, values[field.name]) or ""
    return next(field_hints(field, values, fields, context.measure_period, context.programme_period), "")


def _without_repeated_codes(rows: list[list[PastedCell]], layout: ColumnLayout) -> list[list[PastedCell]]:
    """Refuse a code that occurs again in the table."""
    if "code" not in layout.columns:
        return rows
    column, seen = layout.columns.index("code"), set()
    for row in rows:
        cell = row[column]
        if cell.value is not None and (cell.value in seen or cell.merged):
            row[column] = PastedCell(cell.text, problem=_("This code stands twice in the table."))
        seen.add(cell.value)
    return rows


def _text(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> str:
    max_length = field.max_length * (TOLERANCE if field.kind == "live" else 1)
    if len(text) > max_length:
        raise _UnreadableCell(_("Too long: at most %(most)s characters.", most=max_length))
    return text if field.kind == "live" and not field.line else " ".join(text.split())


def _choice(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> Any:
    word = fold(text)
    municipalities = context.sides if field.codes.endswith("side") else {}
    for entry in codes(field.codes):
        labels = [str(entry.code), *entry.labels.values(), municipalities.get(str(entry.code), "")]
        if word and word in map(fold, labels):
            if entry.code in field.unpickable:
                raise _UnreadableCell(_("Consent is given on the measure itself, not in a table."))
            return entry.code
    raise _UnreadableCell(_("“%(word)s” is not in the list.", word=quote_value(text)))


def _month(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> str | AmbiguousDate:
    parsed_date = parse_month(text, context.locale)
    if parsed_date is None:
        raise _UnreadableCell(NOT_A_DATE)
    return parsed_date


def _year(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> int:
    try:
        return scalars.year(text)
    except ValueError:
        raise _UnreadableCell(_("Please write a year, for example 2030.")) from None


def _number(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> Decimal | Ambiguous:
    return parse_number(text, context.locale, unit.scale)


def _amount(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> tuple[Decimal | Ambiguous, str]:
    number, unit_of_cell = split_amount(text, context.currencies, unit)
    currency = unit_of_cell.currency or context.currency
    if currency not in context.currencies:
        raise _UnreadableCell(_("This programme has no amounts in %(currency)s.", currency=currency))
    return parse_amount(number, context.locale, unit_of_cell.scale), currency


def _goal(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> Any:
    return _known(context.goals, text, _("There is no goal “%(word)s”.", word=quote_value(text)))


def _field(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> Any:
    return _known(context.fields, text, _("There is no field of action “%(word)s”.", word=quote_value(text)))


def _known(known: dict[str, Any], text: str, sentence: LazySentence) -> Any:
    word = fold(text)
    if not word or word not in known:
        raise _UnreadableCell(sentence)
    return known[word]


def _code(field: Field, text: str, context: PasteContext, unit: AmountUnit) -> str:
    code = _text(field, text, context, unit)
    if code in context.used_codes:
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
