"""gunicorn's configuration for the bench: that of the server, and a greenlet that notes how late it wakes.

It is due every INTERVAL seconds. Each line of the file named in BENCH_STALLS is a moment (time.monotonic, which all
processes share) and how many seconds the greenlet woke too late: no keystroke is handled for as long.
"""

from __future__ import annotations

import os
import runpy
import time
from typing import Any

_SERVER = runpy.run_path("gunicorn.conf.py")
globals().update({name: value for name, value in _SERVER.items() if not name.startswith("__")})
INTERVAL = 0.003  # seconds
_WRITE_EVERY = 100  # lines


def post_worker_init(worker: Any) -> None:
    _SERVER["post_worker_init"](worker)
    import gevent  # only after gevent has monkey-patched

    gevent.spawn(_measure, os.environ["BENCH_STALLS"])


def _measure(path: str) -> None:
    from gevent import sleep

    with open(path, "a") as file:
        while True:
            lines = []
            for _ in range(_WRITE_EVERY):
                due = time.monotonic() + INTERVAL
                sleep(INTERVAL)
                woke = time.monotonic()
                lines.append(f"{woke:.4f} {max(0.0, woke - due):.5f}\n")
            file.write("".join(lines))
            file.flush()
