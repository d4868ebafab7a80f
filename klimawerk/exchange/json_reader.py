"""Bytes to JSON that is safe to look at: bounded, unambiguous, every text storable. Knows nothing of programmes."""

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
_SUSPICIOUS = re.compile(r"\\[bfu]")  # escapes that may stand for such characters


class _BadValue:
    """Stands where a value was that JSON readers take and we do not, so that its place can be named."""

    def __init__(self, sentence: LazySentence) -> None:
        self.sentence = sentence


def read_json(data: bytes, max_bytes: int) -> Any:
    """The JSON in `data`; fractions come as Decimal. Raises Refused with the place."""
    if len(data) > max_bytes:
        raise ImportRefused(_("The file is larger than %(size)s MB.", size=max_bytes // 1_000_000))
    text = _text(data)
    value, bad = _parsed(text)
    if bad or not is_text(text) or _SUSPICIOUS.search(text):
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
    """The value, and what in it is no value."""
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
        return value, hooks.found
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
    """What the parser asks at each value. `found` collects what is no value."""

    def __init__(self) -> None:
        self.found: list[_BadValue] = []

    def object(self, pairs: list[tuple[str, Any]]) -> Any:
        """A key that stands twice would silently lose one of its values."""
        result = dict(pairs)
        if len(result) == len(pairs):
            return result
        doubled, _count = Counter(key for key, _value in pairs).most_common(1)[0]
        return self._bad(_("The key “%(key)s” stands here twice.", key=quote_value(doubled)))

    def whole(self, digits: str) -> Any:
        return int(digits) if len(digits) <= MAX_DIGITS else self._bad(_("This number is too long."))

    def fraction(self, digits: str) -> Any:
        number = Decimal(digits) if len(digits) <= MAX_DIGITS else None
        if number is None or (number and abs(number.adjusted()) > MAX_DIGITS):
            return self._bad(_("This number is too long."))
        return number

    def constant(self, name: str) -> Any:
        return self._bad(_("%(value)s is not a number.", value=name))

    def _bad(self, sentence: LazySentence) -> _BadValue:
        self.found.append(_BadValue(sentence))
        return self.found[-1]


def _bad_values(value: Any, place: FilePosition) -> Iterator[tuple[FilePosition, LazySentence]]:
    """Every value that is no value, with its place. Depth is bounded by now."""
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
    """Whether it is of a version or an edition: what such a one holds is what it was made of, or its hash does not fit.
    It is cleaned where it is read."""
    steps = place.steps
    return steps[:1] == ("history",) and (steps[1:2] == ("parts",) or "manifest" in steps)
