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

BREATH = 0.003  # seconds of work after which the others have their turn
URGENT = 1  # before the network, so that a flood keeps nobody from working; each turn of the loop looks at both

_served = "gevent.monkey" in sys.modules and sys.modules["gevent.monkey"].is_module_patched("time")
_one_at_a_time = threading.Lock()
_last = 0.0


def breathe() -> None:
    """Give way, if nobody in this process has for a while. It costs nothing otherwise."""
    if time.monotonic() - _last > BREATH:
        give_way()


def give_way() -> None:
    """What has come in meanwhile has its turn before this returns."""
    global _last
    if not _served:
        time.sleep(0)
    elif _of_the_loop():
        import gevent

        with _one_at_a_time:
            gevent.idle(URGENT)
    _last = time.monotonic()


def _of_the_loop() -> bool:
    """Whether this is the thread that serves; others (of an import) keep nobody waiting."""
    import gevent

    return bool(gevent.get_hub().main_hub)
