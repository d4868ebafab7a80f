"""gunicorn's own settings with a wall clock that jumps by the seconds in the file TEST_CLOCK.

Given to gunicorn as `GUNICORN_CMD_ARGS="--config python:tests.faults.jumping_clock"` (server_clock.py); no test may
import it, since it patches the whole process.
"""

from __future__ import annotations

import os
import runpy
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

_OWN = runpy.run_path(str(Path(__file__).resolve().parents[2] / "gunicorn.conf.py"))
globals().update({name: value for name, value in _OWN.items() if not name.startswith("_")})
_real = time.time


def post_worker_init(worker: Any) -> None:
    """From now on the server's wall clock is the shifted one; intervals are not affected."""
    from klimawerk import clock

    time.time = _now
    vars(clock)["datetime"] = _Jumping
    _OWN["post_worker_init"](worker)


def _now() -> float:
    return _real() + float(Path(os.environ["TEST_CLOCK"]).read_text())


class _Jumping(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(time.time(), tz)
