"""Parser of JSON bytes with limits: bounded, unambiguous, every text storable. Independent of the exchange format."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from klimawerk import safe_json
from klimawerk.exchange.import_problems import FilePosition, ImportRefused, LazySentence, quote_value
from klimawerk.text import is_text

MAX_DIGITS = 30
_ESCAPES = re.compile(r"\\[bfu]")  # escapes that may stand for invalid characters


class _BadValue:
    """Placeholder for a value that JSON parsers accept and we do not, so that its position can be named."""

    def __init__(self, sentence: LazySentence) -> None:
        self.sentence = sentence


def read_json(data: bytes, max_bytes: int) -> Any:
    """Parse the JSON in `data`; fractions become Decimal. Raises ImportRefused with the position."""
    if len(data) > max_bytes:
        raise ImportRefused(_("The file is larger than %(size)s MB.", size=max_bytes // 1_000_000))
    text = _text(data)
    value, bad = _parsed(text)
    if bad or not is_text(text) or _ESCAPES.search(text):
        for place, sentence in _bad_values(value, FilePosition()):
            raise ImportRefused(sentence, place)
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ImportRefused(_("The file is not text in UTF-8 (line %(line)s).", line=line)) from error


def _parsed(text: str) -> tuple[Any, list[_BadValue]]:
    """The value, and the placeholders of invalid values in it."""
    if not text.strip():
        raise ImportRefused(_("The file is empty."))
    hooks = _Hooks()
    try:
        value = safe_json.loads(
            text,
            object_pairs_hook=hooks.object,
            parse_int=hooks.whole,
            parse_float=hooks.fraction,
            parse_constant=hooks.constant,
        )
        return value, hooks.bad_values
    except safe_json.TooDeep as error:
        line = text.count("\n", 0, error.position) + 1
        raise ImportRefused(
            _("More than %(n)s levels inside each other (line %(line)s).", n=safe_json.MAX_DEPTH, line=line)
        ) from error
    except json.JSONDecodeError as error:
        raise ImportRefused(
            _(
                "The file is not complete JSON: something is wrong at line %(line)s, character %(column)s.",
                line=error.lineno,
                column=error.colno,
            )
        ) from error


class _Hooks:
    """Hooks that the parser calls for each value. `bad_values` collects the placeholders."""

    def __init__(self) -> None:
        self.bad_values: list[_BadValue] = []

    def object(self, pairs: list[tuple[str, Any]]) -> Any:
        """An object; a repeated key would silently lose one of its values."""
        result = dict(pairs)
        if len(result) == len(pairs):
            return result
        repeated, _count = Counter(key for key, _value in pairs).most_common(1)[0]
        return self._bad(_("The key “%(key)s” stands here twice.", key=quote_value(repeated)))

    def whole(self, digits: str) -> Any:
        """A whole number."""
        return int(digits) if len(digits) <= MAX_DIGITS else self._bad(_("This number is too long."))

    def fraction(self, digits: str) -> Any:
        """A number with a fraction or an exponent."""
        number = Decimal(digits) if len(digits) <= MAX_DIGITS else None
        if number is None or (number and abs(number.adjusted()) > MAX_DIGITS):
            return self._bad(_("This number is too long."))
        return number

    def constant(self, name: str) -> Any:
        """NaN or an infinity: not a number in JSON."""
        return self._bad(_("%(value)s is not a number.", value=name))

    def _bad(self, sentence: LazySentence) -> _BadValue:
        self.bad_values.append(_BadValue(sentence))
        return self.bad_values[-1]


def _bad_values(value: Any, place: FilePosition) -> Iterator[tuple[FilePosition, LazySentence]]:
    """Every invalid value, with its position. The depth is bounded by the parser."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not (is_text(key) or _is_hashed(place)):
                yield place.at(quote_value(key)), _("This key contains characters that are not text.")
            yield from _bad_values(part, place.at(key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _bad_values(part, place.entry(number, part))
    elif isinstance(value, str):
        if not (is_text(value) or _is_hashed(place)):
            yield place, _("This text contains characters that are not text.")
    elif isinstance(value, _BadValue):
        yield place, value.sentence


def _is_hashed(place: FilePosition) -> bool:
    """Whether the position is inside a version or edition: changing its texts would break its hash.

    Such texts are cleaned where versions are read.
    """
    steps = place.steps
    return steps[:1] == ("history",) and (steps[1:2] == ("parts",) or "manifest" in steps)
