"""Validates the parts of versions in a file: an item must be able to hold each value, as versions can be restored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import scalars
from klimawerk.codes import find
from klimawerk.exchange import value_json
from klimawerk.exchange.import_problems import FilePosition, ImportRefused
from klimawerk.exchange.live_text_json import TOLERANCE, check_rich
from klimawerk.sheets.rows import MAX_ROWS
from klimawerk.sheets.sheet_schema import Field, Sheet, split_key
from klimawerk.versions.item_state import ROWS, TEXT, VALUES

NO_VALUE: tuple[Any, ...] = (None, "", [])
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_MONEY = re.compile(r"\d{1,12}\.\d{2}", re.ASCII)


def check_version_part(sheet: Sheet, name: str, part: Any, place: FilePosition) -> None:
    """Raises ImportRefused for a part that this kind of item does not have, or that holds an invalid value."""
    if name == VALUES:
        _check_fields(sheet.fields, value_json.mapping(part, place), place)
    elif name.startswith(ROWS) and (kind := sheet.rows.get(name.removeprefix(ROWS))):
        for number, row in enumerate(value_json.entries(part, place, MAX_ROWS)):
            row_place = place.entry(number)
            parts = value_json.mapping(row, row_place)
            if parts.keys() != {"id", "cells"} or not is_key(parts["id"]):
                raise _refusal(row_place)
            _check_fields(kind.by_name, value_json.mapping(parts["cells"], row_place), row_place)
    elif name.startswith(TEXT) and _is_text(sheet, name.removeprefix(TEXT)):
        check_rich(value_json.mapping(part, place), place)
    else:
        raise _refusal(place)


def is_key(raw: Any) -> bool:
    """Whether it is a valid key of an item or id of a row."""
    try:
        return scalars.row_id(raw) is not None
    except ValueError:
        return False


def _is_text(sheet: Sheet, fragment: str) -> bool:
    name, language = split_key(fragment)
    return name in sheet.fields and sheet.fields[name].kind == "live" and find("language", language) is not None


def _check_fields(fields: dict[str, Field], values: dict[str, Any], place: FilePosition) -> None:
    for key, value in values.items():
        name, language = split_key(key)
        field = fields.get(name)
        if field is None or (bool(language) != field.translated) or (language and find("language", language) is None):
            raise _refusal(place.at(key))
        check_value(field, value, place.at(key))


def check_value(field: Field, value: Any, place: FilePosition) -> None:
    """Raises ImportRefused for a value that the field cannot hold."""
    if value not in NO_VALUE and not _fits(field, value, place):
        raise _refusal(place)


def _fits(field: Field, value: Any, place: FilePosition) -> bool:
    try:
        return _KINDS[field.kind](field, value, place)
    except (TypeError, ValueError, KeyError, AttributeError):
        return False


def _equals_parsed(field: Field, value: Any, place: FilePosition) -> bool:
    if field.codes == "yes":
        return bool(value == "yes")
    return bool(value_json.value_in(field, value, place) == value)


def _text(field: Field, value: Any, _place: FilePosition) -> bool:
    return isinstance(value, str) and len(value) <= TOLERANCE * field.max_length


def _number(_field: Field, value: Any, _place: FilePosition) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _amount(_field: Field, value: Any, _place: FilePosition) -> bool:
    fits = isinstance(value, dict) and value.keys() == {"amount", "currency"}
    return fits and bool(_MONEY.fullmatch(value["amount"])) and find("currency", value["currency"]) is not None


def _measurements(field: Field, value: Any, place: FilePosition) -> bool:
    dated = all(entry.keys() == {"date", "value"} and value_json.month(entry["date"], place) for entry in value)
    return (
        len(value) <= value_json.MAX_MEASUREMENTS
        and dated
        and all(_number(field, entry["value"], place) for entry in value)
    )


def _references(_field: Field, value: Any, _place: FilePosition) -> bool:
    return isinstance(value, list) and all(is_key(key) for key in value)


_KINDS: dict[str, Callable[[Field, Any, FilePosition], bool]] = {
    "line": _text,
    "lines": _text,
    "choice": _equals_parsed,
    "choices": _equals_parsed,
    "month": _equals_parsed,
    "year": _equals_parsed,
    "number": _number,
    "amount": _amount,
    "measurements": _measurements,
    "field": lambda _field, value, _place: is_key(value),
    "measures": _references,
}


def _refusal(place: FilePosition) -> ImportRefused:
    return ImportRefused(_("This is nothing that a version could hold."), place)
