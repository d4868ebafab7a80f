"""Fractional order keys: between any two keys there is room for another, so moving a row touches no other row.

A key is a fraction in base 62 written without "0."; keys compare as text. The method is the common one of fractional
indexing: take the shortest text that sorts strictly between two others, and never end in the lowest digit.
"""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def between(low: str, high: str) -> str:
    """A key after `low` and before `high`; an empty text stands for the beginning or the end.

    Raises ValueError when `low` does not sort before `high`.
    """
    if high and low >= high:
        raise ValueError(f"{low!r} does not sort before {high!r}")
    shared = 0
    while high and (low[shared : shared + 1] or DIGITS[0]) == high[shared]:
        shared += 1
    if shared:
        return high[:shared] + between(low[shared:], high[shared:])
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high else len(DIGITS)
    if last - first > 1:
        # At either end a small step leaves room: rows are mostly appended one after the other.
        return DIGITS[first + 1 if low and not high else last - 1 if high and not low else (first + last) // 2]
    if high and len(high) > 1:
        return high[0]
    return DIGITS[first] + between(low[1:], "")


def keys(count: int) -> list[str]:
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


def step_before(order: list[T], thing: T, step: str, before: T | None) -> T | None:
    """Before which of `order` the thing goes: one step "up" or "down", else before `before`; None for the end."""
    if step not in _STEPS or thing not in order:
        return before
    place = max(order.index(thing) + _STEPS[step], 0)
    return order[place] if place < len(order) else None


_STEPS = {"up": -1, "down": 2}
