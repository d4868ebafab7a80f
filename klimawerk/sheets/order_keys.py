"""Fractional indexing: order keys with room for another key between any two, so that a move changes one row only.

A key is a fraction in base 62 written without "0."; keys compare as text. A new key is the shortest text that sorts
strictly between two others and does not end in the lowest digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key_between(low: str, high: str) -> str:
    """A key after `low` and before `high`; an empty text means the beginning or the end of the list.

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
        # Small steps at either end keep keys short: rows are mostly appended one after the other.
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
    return [_to_base_62((n + 1) * step, width) for n in range(count)]


def _to_base_62(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text.rstrip(DIGITS[0]) or DIGITS[1]


class NotInList(LookupError):
    """The entry that another one is moved before is not in the list, nor in the bin of that list."""


def moved_key(
    listed: Sequence[tuple[T, str, bool]], moved: T, *, before: T | None = None, step: str = ""
) -> str | None:
    """The key that moves `moved` one `step` ("up", "down") from its place, else before `before`, else to the end; None
    if it stays where it is.

    `listed`: (id, key, whether it is in the bin) of all entries in order. Entries in the bin keep their place, so
    `before` may have been deleted meanwhile. Raises NotInList.
    """
    visible = [entry for entry, _key, binned in listed if entry == moved or not binned]
    if step in _STEPS and moved in visible:
        index = max(visible.index(moved) + _STEPS[step], 0)
        before = visible[index] if index < len(visible) else None
    if moved in visible and (before == moved or (before is None and visible[-1] == moved)):
        return None
    return key_before([(entry, key) for entry, key, _binned in listed if entry != moved], before)


def key_before(others: Sequence[tuple[T, str]], before: T | None) -> str:
    """The key of an entry inserted before `before` among `others` ((id, key), in order), or at the end. Raises
    NotInList."""
    ids = [id_ for id_, _key in others]
    if before is not None and before not in ids:
        raise NotInList(before)
    index = len(others) if before is None else ids.index(before)
    low = others[index - 1][1] if index else ""
    high = others[index][1] if index < len(others) else ""
    return key_between(low, high) if low != high else key_between(low, "")


_STEPS = {"up": -1, "down": 2}
