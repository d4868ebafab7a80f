"""The length of randomised tests: short by default, long with LONG=1."""

from __future__ import annotations

import os

LONG = bool(os.environ.get("LONG"))


def steps(short: int, long: int) -> int:
    """`short` steps, or `long` ones with LONG=1."""
    return long if LONG else short
