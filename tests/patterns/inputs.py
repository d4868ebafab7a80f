"""Hostile inputs for a regular expression, made from the expression itself.

Backtracking is superlinear where something can be repeated and read in several ways, or where a search begins anew at
each of many places. So an input is a prefix that leads to a repetition, a pump that is repeated, and a suffix at which
the match fails. The pumps are the characters that the expression tells apart, pairs of them, and texts that its parts
match; the prefixes are texts that match what stands before a repetition.
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
PAIRED, VARIANTS = 7, 4  # characters of which pairs are made; texts made of each part
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_INNER = {sre.SUBPATTERN: -1, sre.ATOMIC_GROUP: 0, sre.ASSERT: 1, sre.ASSERT_NOT: 1}
_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A text that can be made as long as one likes."""

    prefix: str
    pump: str
    suffix: str

    def text(self, length: int) -> str:
        """About `length` characters."""
        return self.prefix + self.pump * max(length // len(self.pump), 1) + self.suffix


def shapes(pattern: str, flags: int = 0, most: int = 1_000) -> list[Shape]:
    """Hostile texts for `pattern`, each once: the simple ones, and as many of the others as make `most`."""
    parsed = _parser.parse(pattern, flags)
    letters = _told_apart(parsed)
    parts = list(_parts(parsed))
    texts = _once(text for part in parts for text in _samples(part))
    prefixes = _once(["", *(text for before in _before_repeats(parsed) for text in before)])
    failing = [letters[-1], ""]  # the last one is what the expression matches least
    begun = [before + letter for before in prefixes if before for letter in ["", *letters]]  # never completed
    pairs = ["".join(pair) for pair in itertools.permutations(letters[:PAIRED], 2)]
    simple = [Shape("", pump, end) for pump in _once([*letters, *texts, *pairs]) for end in failing]
    others = [Shape(prefix, pump, end) for prefix in prefixes for pump in _once([*letters, *texts]) for end in failing]
    others += [Shape("", pump, end) for pump in _once([*texts, *begun]) for end in ["", *letters]]
    random.Random(ascii(pattern)).shuffle(others)
    return [shape for shape in dict.fromkeys([*simple, *others]) if shape.pump][:most]


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _told_apart(parsed: Any) -> list[str]:
    """One character for each way in which the expression's parts take it or not; the most taken first."""
    singles = [node for node in _nodes(parsed) if node[0] in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)]
    candidates = [*UNUSUAL, *(chr(code) for node in singles for code in _codes(node))]
    kinds: dict[tuple[bool, ...], str] = {}
    for letter in candidates:
        kinds.setdefault(tuple(_takes(node, letter) for node in singles), letter)
    return [letter for _kind, letter in sorted(kinds.items(), key=lambda one: -sum(one[0]))]


def _nodes(parsed: Any) -> Iterator[Any]:
    for node in parsed:
        yield node
        for inner in _inside(node):
            yield from _nodes(inner)


def _inside(node: Any) -> list[Any]:
    """The sequences that stand in a node."""
    kind, value = node
    if kind in _REPEATS:
        return [value[2]]
    if kind is sre.BRANCH:
        return list(value[1])
    if kind in _INNER:
        return [value[_INNER[kind]] if isinstance(value, tuple) else value]
    return []


def _codes(node: Any) -> Iterator[int]:
    kind, value = node
    if kind in (sre.LITERAL, sre.NOT_LITERAL):
        yield value
    elif kind is sre.IN:
        for what, one in value:
            yield from {sre.LITERAL: (one,), sre.RANGE: one}.get(what, ())


def _takes(node: Any, letter: str) -> bool:
    kind, value = node
    if kind is sre.ANY:
        return letter != "\n"
    if kind is sre.IN:
        negated = value[0][0] is sre.NEGATE
        return negated != any(_in(one, letter) for one in value)
    return (letter.lower() == chr(value).lower()) == (kind is sre.LITERAL)


def _in(item: Any, letter: str) -> bool:
    what, value = item
    if what is sre.CATEGORY:
        return re.match(_CATEGORIES[value], letter) is not None
    return (what is sre.LITERAL and ord(letter) == value) or (what is sre.RANGE and value[0] <= ord(letter) <= value[1])


def _parts(parsed: Any) -> Iterator[Any]:
    """The whole, every part that is repeated, every alternative, every group, and every repetition itself."""
    yield parsed
    for node in _nodes(parsed):
        yield from _inside(node)
        if node[0] in _REPEATS:
            yield [node]


def _before_repeats(parsed: Any) -> Iterator[list[str]]:
    """What leads to each repetition without an end."""
    for place, node in enumerate(parsed):
        ways = _samples(parsed[:place])
        if node[0] in _REPEATS and node[1][1] is sre.MAXREPEAT:
            yield ways
        for inner in _inside(node):
            for further in _before_repeats(inner):
                yield [way + text for way, text in zip(ways, further, strict=True)]


def _samples(parsed: Any) -> list[str]:
    """Texts that the part matches (where it does not look around), as different as its alternatives are."""
    return ["".join(_sample(node, variant) for node in parsed) for variant in range(VARIANTS)]


def _sample(node: Any, variant: int) -> str:
    kind, value = node
    if kind is sre.LITERAL:
        return chr(value)
    if kind in (sre.NOT_LITERAL, sre.ANY, sre.IN):
        wanted = [chr(code) for code in _codes(node)] + UNUSUAL[1:]
        taken = [letter for letter in wanted if _takes(node, letter)] or [UNUSUAL[0]]
        return taken[variant % len(taken)]
    if kind is sre.BRANCH:
        return "".join(_sample(one, variant) for one in value[1][variant % len(value[1])])
    if kind in _REPEATS:
        least, most, inner = value
        times: int = min(max(least, variant % 2), most)
        return "".join(_sample(one, variant) for one in inner) * times
    if kind in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
        return "".join(_sample(one, variant) for inner in _inside(node) for one in inner)
    return ""
