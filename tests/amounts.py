"""Expected amounts of money for comparisons."""

from __future__ import annotations

from decimal import Decimal


def decimals(*amounts: int) -> tuple[Decimal, ...]:
    """Whole amounts as Decimals."""
    return tuple(Decimal(amount) for amount in amounts)
