"""Whoever computes for long gives way in between: to letters, to the clock, and to other requests.

Under gevent one greenlet that waits for nothing keeps the whole process waiting. `sleep(0)` does not help: gevent goes
on with whatever is ready, up to a thousand times, before it looks at the network and the clock again (pieces of 3 ms
each kept a letter waiting for 150 ms). So we wait for a loop that has nothing more urgent, one of us after the other:
what has come in is dealt with between two pieces of work, however many requests are at work.
"""

from __future__ import annotations

import sys
import threading
import time

WORK_SLICE = 0.003  # seconds of work after which the others have their turn
IDLE_PRIORITY = 1  # before the network, so that a flood keeps nobody from working; each turn of the loop looks at both

_is_gevent = "gevent.monkey" in sys.modules and sys.modules["gevent.monkey"].is_module_patched("time")
_yield_lock = threading.Lock()
_last_yield = 0.0


def yield_if_due() -> None:
    """Give way, if nobody in this process has for a while. It costs nothing otherwise."""
    if time.monotonic() - _last_yield > WORK_SLICE:
        yield_to_loop()


def yield_to_loop() -> None:
    """What has come in meanwhile has its turn before this returns."""
    global _last_yield
    if not _is_gevent:
        time.sleep(0)
    elif _in_loop_thread():
        import gevent

        with _yield_lock:
            gevent.idle(IDLE_PRIORITY)
    _last_yield = time.monotonic()


def _in_loop_thread() -> bool:
    """Whether this is the thread that serves; others (of an import) keep nobody waiting."""
    import gevent

    return bool(gevent.get_hub().main_hub)
