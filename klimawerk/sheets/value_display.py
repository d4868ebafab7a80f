"""Formatting of stored values in the reader's language, for reading and for form controls."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from klimawerk.sheets import code_labels
from klimawerk.sheets.date_parsing import format_month
from klimawerk.sheets.sheet_schema import Field
from klimawerk.text import clean
from klimawerk.web.formats import money, number, written


class OptionLabels(Protocol):
    """(id, label) of fields of action and measures, for values that refer to them."""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def measures(self) -> tuple[tuple[int, str], ...]: ...


def display_value(
    field: Field, value: Any, language: str, sides: dict[str, str], offered: OptionLabels, *, typed: bool = False
) -> str:
    """The value as text for reading; with `typed` for a form control. "" for an empty value."""
    if value in (None, "", []):
        return ""
    return _FORMATTERS[field.kind](field, value, language, sides, offered, typed)


def _plain(field: Field, value: Any, *_rest: Any) -> str:
    return clean(str(value))


def _choice(field: Field, value: Any, language: str, sides: dict[str, str], *_rest: Any) -> str:
    return code_labels.label(field, value, language, sides)


def _choices(field: Field, value: Any, language: str, sides: dict[str, str], *_rest: Any) -> str:
    prefix = "{0} " if field.codes == "sdg" else ""
    return ", ".join(prefix.format(code) + code_labels.label(field, code, language, sides) for code in value)


def _month(field: Field, value: Any, language: str, *_rest: Any) -> str:
    return format_month(value, language)


def _number(field: Field, value: Any, language: str, sides: Any, offered: Any, typed: bool) -> str:
    return written(value, language) if typed else number(Decimal(str(value)))


def _amount(field: Field, value: Any, language: str, sides: Any, offered: Any, typed: bool) -> str:
    if typed:
        return written(value["amount"], language, cents=True)
    return money(Decimal(value["amount"]), value["currency"])


def _measurements(field: Field, value: Any, language: str, sides: Any, offered: Any, typed: bool) -> str:
    lines = [f"{format_month(entry['date'], language)}: {written(entry['value'], language)}" for entry in value]
    return "\n".join(lines) if typed else "; ".join(lines)


def _field(field: Field, value: Any, language: str, sides: Any, offered: OptionLabels, *_rest: Any) -> str:
    return dict(offered.fields).get(value, "")


def _measures(field: Field, value: Any, language: str, sides: Any, offered: OptionLabels, *_rest: Any) -> str:
    labels = dict(offered.measures)
    return ", ".join(labels[id_] for id_ in value if id_ in labels)


_FORMATTERS: dict[str, Callable[..., str]] = {
    "line": _plain,
    "lines": _plain,
    "code": _plain,
    "year": _plain,
    "choice": _choice,
    "choices": _choices,
    "month": _month,
    "number": _number,
    "amount": _amount,
    "measurements": _measurements,
    "field": _field,
    "measures": _measures,
}
