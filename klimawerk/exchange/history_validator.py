"""Whether what a version in a file holds is what a sheet could have held: it may come back into one."""

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
    """Raises Refused for a part that no sheet of this kind has, or with something in it that no field takes."""
    if name == VALUES:
        _check_fields(sheet.fields, value_json.mapping(part, place), place)
    elif name.startswith(ROWS) and (kind := sheet.rows.get(name.removeprefix(ROWS))):
        for number, row in enumerate(value_json.entries(part, place, MAX_ROWS)):
            here = place.entry(number)
            parts = value_json.mapping(row, here)
            if parts.keys() != {"id", "cells"} or not is_key(parts["id"]):
                raise _wrong(here)
            _check_fields(kind.by_name, value_json.mapping(parts["cells"], here), here)
    elif name.startswith(TEXT) and _is_text(sheet, name.removeprefix(TEXT)):
        check_rich(value_json.mapping(part, place), place)
    else:
        raise _wrong(place)


def is_key(raw: Any) -> bool:
    """Whether it can name an item or a row."""
    try:
        return scalars.row_id(raw) is not None
    except ValueError:
        return False


def _is_text(sheet: Sheet, fragment: str) -> bool:
    name, language = split_key(fragment)
    return name in sheet.fields and sheet.fields[name].kind == "live" and find("language", language) is not None


def _check_fields(fields: dict[str, Field], kept: dict[str, Any], place: FilePosition) -> None:
    for key, value in kept.items():
        name, language = split_key(key)
        field = fields.get(name)
        if field is None or (bool(language) != field.translated) or (language and find("language", language) is None):
            raise _wrong(place.at(key))
        check_value(field, value, place.at(key))


def check_value(field: Field, value: Any, place: FilePosition) -> None:
    """Raises Refused for what the field could not have held."""
    if value not in NO_VALUE and not _fits(field, value, place):
        raise _wrong(place)


def _fits(field: Field, value: Any, place: FilePosition) -> bool:
    try:
        return _KINDS[field.kind](field, value, place)
    except (TypeError, ValueError, KeyError, AttributeError):
        return False


def _as_read(field: Field, value: Any, place: FilePosition) -> bool:
    if field.codes == "yes":
        return bool(value == "yes")
    return bool(value_json.value_in(field, value, place) == value)


def _words(field: Field, value: Any, _place: FilePosition) -> bool:
    return isinstance(value, str) and len(value) <= TOLERANCE * field.max_length


def _number(_field: Field, value: Any, _place: FilePosition) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _amount(_field: Field, value: Any, _place: FilePosition) -> bool:
    fits = isinstance(value, dict) and value.keys() == {"amount", "currency"}
    return fits and bool(_MONEY.fullmatch(value["amount"])) and find("currency", value["currency"]) is not None


def _measurements(field: Field, value: Any, place: FilePosition) -> bool:
    dated = all(one.keys() == {"date", "value"} and value_json.month(one["date"], place) for one in value)
    return (
        len(value) <= value_json.MAX_MEASUREMENTS
        and dated
        and all(_number(field, one["value"], place) for one in value)
    )


def _references(_field: Field, value: Any, _place: FilePosition) -> bool:
    return isinstance(value, list) and all(is_key(one) for one in value)


_KINDS: dict[str, Callable[[Field, Any, FilePosition], bool]] = {
    "line": _words,
    "lines": _words,
    "choice": _as_read,
    "choices": _as_read,
    "month": _as_read,
    "year": _as_read,
    "number": _number,
    "amount": _amount,
    "measurements": _measurements,
    "field": lambda _field, value, _place: is_key(value),
    "measures": _references,
}


def _wrong(place: FilePosition) -> ImportRefused:
    return ImportRefused(_("This is nothing that a version could hold."), place)
