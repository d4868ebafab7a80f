"""Cooperative multitasking: long computations yield to the event loop, so that keystrokes, timers and other requests go
on.

Under gevent a greenlet that does not wait blocks the whole process. `sleep(0)` does not help: gevent goes on with
whatever is ready, up to a thousand times, before it looks at the network and the clock again (pieces of 3 ms each
delayed a keystroke by 150 ms). So a computation waits until the loop has nothing more urgent, one computation after the
other: what has arrived is handled between two pieces of work, however many requests are at work.
"""

from __future__ import annotations

import sys
import threading
import time

WORK_SLICE = 0.003  # seconds of work after which a computation yields
IDLE_PRIORITY = (
    1  # above the network's, so that a flood of packets does not stop computations; each turn of the loop serves both
)

_is_gevent = "gevent.monkey" in sys.modules and sys.modules["gevent.monkey"].is_module_patched("time")
_yield_lock = threading.Lock()
_last_yield = 0.0


def yield_if_due() -> None:
    """Yield if no computation in this process has for WORK_SLICE seconds. Costs nothing otherwise."""
    if time.monotonic() - _last_yield > WORK_SLICE:
        yield_to_loop()


def yield_to_loop() -> None:
    """Let the event loop handle what has arrived, then return."""
    global _last_yield
    if not _is_gevent:
        time.sleep(0)
    elif _in_loop_thread():
        import gevent

        with _yield_lock:
            gevent.idle(IDLE_PRIORITY)
    _last_yield = time.monotonic()


def _in_loop_thread() -> bool:
    """Whether this is the thread of the event loop; other threads (of an import) block no request."""
    import gevent

    return bool(gevent.get_hub().main_hub)
