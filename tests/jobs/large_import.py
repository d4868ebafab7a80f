"""A programme's file as large as one likes."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.exchange.conftest import EXAMPLE, as_bytes

_UNUSED = ("comments_sample", "workshop_sample", "decisions_sample", "totals")


def large(goals: int, measures: int, steps: int) -> bytes:
    """So many goals, and measures with so many steps each (besides the example's other rows)."""
    file: dict[str, Any] = json.loads(EXAMPLE)
    goal, measure = file["goals"][0], max(file["measures"], key=lambda one: len(json.dumps(one)))
    file["goals"] = [{**copy.deepcopy(goal), "code": f"Z{n}", "indicators": []} for n in range(goals)]
    file["measures"] = [_measure(measure, n, goals, measures, steps) for n in range(measures)]
    for part in _UNUSED:
        del file[part]
    return as_bytes(file)


def _measure(like: dict[str, Any], number: int, goals: int, measures: int, steps: int) -> dict[str, Any]:
    made = copy.deepcopy(like)
    made |= {"code": f"WA-{number}", "goal": f"Z{number % goals}", "related": [f"WA-{(number + 1) % measures}"]}
    made["steps"] = [{**made["steps"][n % len(made["steps"])], "no": n + 1} for n in range(steps)]
    made.pop("budget_total", None)
    return made
