"""Fractional order keys: between any two keys there is room for another, so moving a row touches no other row.

A key is a fraction in base 62 written without "0."; keys compare as text. The method is the common one of fractional
indexing: take the shortest text that sorts strictly between two others, and never end in the lowest digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key_between(low: str, high: str) -> str:
    """A key after `low` and before `high`; an empty text stands for the beginning or the end.

    Raises ValueError when `low` does not sort before `high`.
    """
    if high and low >= high:
        raise ValueError(f"{low!r} does not sort before {high!r}")
    shared = 0
    while high and (low[shared : shared + 1] or DIGITS[0]) == high[shared]:
        shared += 1
    if shared:
        return high[:shared] + key_between(low[shared:], high[shared:])
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high else len(DIGITS)
    if last - first > 1:
        # At either end a small step leaves room: rows are mostly appended one after the other.
        return DIGITS[first + 1 if low and not high else last - 1 if high and not low else (first + last) // 2]
    if high and len(high) > 1:
        return high[0]
    return DIGITS[first] + key_between(low[1:], "")


def initial_keys(count: int) -> list[str]:
    """`count` keys of equal length in ascending order, with room between them (for an import)."""
    width = 2
    while len(DIGITS) ** width < 4 * (count + 1):
        width += 1
    step = len(DIGITS) ** width // (count + 1)
    return [_written((n + 1) * step, width) for n in range(count)]


def _written(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text.rstrip(DIGITS[0]) or DIGITS[1]


class NotInList(LookupError):
    """What a thing should be put before is neither in its list nor in the bin of that list."""


def moved_key(
    listed: Sequence[tuple[T, str, bool]], thing: T, *, before: T | None = None, step: str = ""
) -> str | None:
    """The key with which `thing` stands one `step` ("up", "down") from where it is, else before `before`, else at the
    end; None when it stays where it is.

    `listed`: everything in the list in order, with its key and whether it lies in the bin. What lies there keeps its
    place, so a thing can be put before one that somebody has deleted meanwhile. Raises Misplaced.
    """
    shown = [one for one, _key, binned in listed if one == thing or not binned]
    if step in _STEPS and thing in shown:
        place = max(shown.index(thing) + _STEPS[step], 0)
        before = shown[place] if place < len(shown) else None
    if thing in shown and (before == thing or (before is None and shown[-1] == thing)):
        return None
    return key_before([(one, key) for one, key, _binned in listed if one != thing], before)


def key_before(others: Sequence[tuple[T, str]], before: T | None) -> str:
    """The key of a thing put before the one with the id `before` among `others` (id, key; in order), or at the end.
    Raises Misplaced."""
    ids = [one for one, _key in others]
    if before is not None and before not in ids:
        raise NotInList(before)
    place = len(others) if before is None else ids.index(before)
    low = others[place - 1][1] if place else ""
    high = others[place][1] if place < len(others) else ""
    return key_between(low, high) if low != high else key_between(low, "")


_STEPS = {"up": -1, "down": 2}
