"""Import files of any size."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.exchange.conftest import EXAMPLE, as_bytes

_REMOVED_PARTS = ("comments_sample", "workshop_sample", "decisions_sample", "totals")


def large_file(goals: int, measures: int, steps: int) -> bytes:
    """A file with that many goals and measures, and that many steps per measure (other rows as in the example)."""
    file: dict[str, Any] = json.loads(EXAMPLE)
    goal, measure = file["goals"][0], max(file["measures"], key=lambda each: len(json.dumps(each)))
    file["goals"] = [{**copy.deepcopy(goal), "code": f"Z{n}", "indicators": []} for n in range(goals)]
    file["measures"] = [_measure(measure, n, goals, measures, steps) for n in range(measures)]
    for part in _REMOVED_PARTS:
        del file[part]
    return as_bytes(file)


def _measure(like: dict[str, Any], number: int, goals: int, measures: int, steps: int) -> dict[str, Any]:
    copied = copy.deepcopy(like)
    copied |= {"code": f"WA-{number}", "goal": f"Z{number % goals}", "related": [f"WA-{(number + 1) % measures}"]}
    copied["steps"] = [{**copied["steps"][n % len(copied["steps"])], "no": n + 1} for n in range(steps)]
    copied.pop("budget_total", None)
    return copied
