"""Amounts of money to compare with."""

from __future__ import annotations

from decimal import Decimal


def decimals(*amounts: int) -> tuple[Decimal, ...]:
    """Whole amounts as money has them."""
    return tuple(Decimal(amount) for amount in amounts)
