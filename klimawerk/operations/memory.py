"""What a process holds of the machine's memory, and giving back what it does not use.

The C library keeps what was freed for what comes next. Documents come in all sizes, so that after a busy hour a third
of it lay free in pieces that nothing asked for again.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent

TRIM_INTERVAL = 60.0  # seconds
_FIGURES = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33 and newer; all in bytes."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIGURES)


def resident_kb() -> int:
    """kB of memory that are the process's now."""
    lines: dict[str, Any] = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0])


def heap_in_use() -> int:
    """kB of the C library's heap that hold something; 0 where it cannot tell."""
    found = _heap()
    return int(found.uordblks + found.hblkhd) // 1000 if found else 0


def trim_heap() -> None:
    """Give what is free in the C library's heap back to the machine: some milliseconds, one for each 7 MB of it."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def trim_regularly() -> None:
    """From now on do so once a minute (in a gevent worker)."""

    def look() -> None:
        while True:
            gevent.sleep(TRIM_INTERVAL)
            trim_heap()

    gevent.spawn(look)


def _heap() -> _Heap | None:
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return None
    ask.restype = _Heap
    return ask()  # type: ignore[no-any-return]
