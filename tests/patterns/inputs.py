"""Hostile inputs for a regular expression, made from the expression itself.

Backtracking is superlinear where a repetition can match in several ways, or where a search restarts at each of many
positions. An input is therefore a prefix that leads to a repetition, a pump that is repeated, and a suffix at which the
match fails. The pumps are the characters that the expression distinguishes, pairs of them, and texts that its parts
match; the prefixes are texts that match what precedes a repetition.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]  # the parser behind `re`; `sre_parse` is deprecated
from re import _parser  # type: ignore[attr-defined]
from typing import Any

UNUSUAL = ["\x01", "a", "Z", "7", "_", "-", " ", "\n", "é", "\u2028", "/", '"', "<", "."]
PAIRED, VARIANTS = 7, 4  # number of characters combined to pairs; number of texts for each part
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_CHILD = {sre.SUBPATTERN: -1, sre.ATOMIC_GROUP: 0, sre.ASSERT: 1, sre.ASSERT_NOT: 1}
_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A hostile text of any length: prefix, repeated pump, suffix."""

    prefix: str
    pump: str
    suffix: str

    def text(self, length: int) -> str:
        """About `length` characters."""
        return self.prefix + self.pump * max(length // len(self.pump), 1) + self.suffix


def shapes(pattern: str, flags: int = 0, most: int = 1_000) -> list[Shape]:
    """Hostile texts for `pattern`, without duplicates: the simple ones, then others up to `most` in all."""
    parsed = _parser.parse(pattern, flags)
    characters = _distinguished_characters(parsed)
    parts = list(_parts(parsed))
    texts = _unique(text for part in parts for text in _samples(part))
    prefixes = _unique(["", *(text for before in _before_repeats(parsed) for text in before)])
    failing = [characters[-1], ""]  # the last one is the character that the expression matches least
    begun = [before + character for before in prefixes if before for character in ["", *characters]]  # never completed
    pairs = ["".join(pair) for pair in itertools.permutations(characters[:PAIRED], 2)]
    simple = [Shape("", pump, end) for pump in _unique([*characters, *texts, *pairs]) for end in failing]
    others = [
        Shape(prefix, pump, end) for prefix in prefixes for pump in _unique([*characters, *texts]) for end in failing
    ]
    others += [Shape("", pump, end) for pump in _unique([*texts, *begun]) for end in ["", *characters]]
    random.Random(ascii(pattern)).shuffle(others)
    return [shape for shape in dict.fromkeys([*simple, *others]) if shape.pump][:most]


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _distinguished_characters(parsed: Any) -> list[str]:
    """One character for each combination of single-character nodes that match it; those matched by most come first."""
    singles = [node for node in _nodes(parsed) if node[0] in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)]
    candidates = [*UNUSUAL, *(chr(code) for node in singles for code in _codes(node))]
    kinds: dict[tuple[bool, ...], str] = {}
    for character in candidates:
        kinds.setdefault(tuple(_matches_character(node, character) for node in singles), character)
    return [character for _kind, character in sorted(kinds.items(), key=lambda one: -sum(one[0]))]


def _nodes(parsed: Any) -> Iterator[Any]:
    for node in parsed:
        yield node
        for inner in _children(node):
            yield from _nodes(inner)


def _children(node: Any) -> list[Any]:
    """The sequences inside a node."""
    kind, value = node
    if kind in _REPEATS:
        return [value[2]]
    if kind is sre.BRANCH:
        return list(value[1])
    if kind in _CHILD:
        return [value[_CHILD[kind]] if isinstance(value, tuple) else value]
    return []


def _codes(node: Any) -> Iterator[int]:
    kind, value = node
    if kind in (sre.LITERAL, sre.NOT_LITERAL):
        yield value
    elif kind is sre.IN:
        for what, one in value:
            yield from {sre.LITERAL: (one,), sre.RANGE: one}.get(what, ())


def _matches_character(node: Any, character: str) -> bool:
    kind, value = node
    if kind is sre.ANY:
        return character != "\n"
    if kind is sre.IN:
        negated = value[0][0] is sre.NEGATE
        return negated != any(_set_item_matches(one, character) for one in value)
    return (character.lower() == chr(value).lower()) == (kind is sre.LITERAL)


def _set_item_matches(item: Any, character: str) -> bool:
    what, value = item
    if what is sre.CATEGORY:
        return re.match(_CATEGORIES[value], character) is not None
    return (what is sre.LITERAL and ord(character) == value) or (
        what is sre.RANGE and value[0] <= ord(character) <= value[1]
    )


def _parts(parsed: Any) -> Iterator[Any]:
    """The whole expression, every repeated part, alternative and group, and every repetition itself."""
    yield parsed
    for node in _nodes(parsed):
        yield from _children(node)
        if node[0] in _REPEATS:
            yield [node]


def _before_repeats(parsed: Any) -> Iterator[list[str]]:
    """For each unbounded repetition: texts that match what precedes it."""
    for index, node in enumerate(parsed):
        leading = _samples(parsed[:index])
        if node[0] in _REPEATS and node[1][1] is sre.MAXREPEAT:
            yield leading
        for inner in _children(node):
            for continuations in _before_repeats(inner):
                yield [start + text for start, text in zip(leading, continuations, strict=True)]


def _samples(parsed: Any) -> list[str]:
    """Texts that the part matches (lookaround left out), as different as its alternatives."""
    return ["".join(_sample(node, variant) for node in parsed) for variant in range(VARIANTS)]


def _sample(node: Any, variant: int) -> str:
    kind, value = node
    if kind is sre.LITERAL:
        return chr(value)
    if kind in (sre.NOT_LITERAL, sre.ANY, sre.IN):
        candidates = [chr(code) for code in _codes(node)] + UNUSUAL[1:]
        matching = [character for character in candidates if _matches_character(node, character)] or [UNUSUAL[0]]
        return matching[variant % len(matching)]
    if kind is sre.BRANCH:
        return "".join(_sample(part, variant) for part in value[1][variant % len(value[1])])
    if kind in _REPEATS:
        minimum, maximum, inner = value
        times: int = min(max(minimum, variant % 2), maximum)
        return "".join(_sample(part, variant) for part in inner) * times
    if kind in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
        return "".join(_sample(part, variant) for inner in _children(node) for part in inner)
    return ""
