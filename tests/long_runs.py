"""How long a test goes on: short in every run, long on demand (LONG=1)."""

from __future__ import annotations

import os

LONG = bool(os.environ.get("LONG"))


def steps(short: int, long: int) -> int:
    """`short` steps, or `long` ones where somebody asked for them."""
    return long if LONG else short
