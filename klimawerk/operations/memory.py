"""Memory of the process: resident size, heap in use, and returning free heap to the operating system.

The C library keeps freed memory for later allocations. Documents have all sizes, so that after a busy hour a third of
the heap was free, fragmented, and not used again.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent

TRIM_INTERVAL = 60.0  # seconds
_FIELDS = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33 and newer; all in bytes."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS)


def resident_kb() -> int:
    """Resident memory of the process in kB."""
    lines: dict[str, Any] = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0])


def heap_in_use() -> int:
    """Heap of the C library in use, in kB; 0 where `mallinfo2` is missing."""
    heap = _heap()
    return int(heap.uordblks + heap.hblkhd) // 1000 if heap else 0


def trim_heap() -> None:
    """Return free heap of the C library to the operating system (`malloc_trim`): about 1 ms for each 7 MB of it."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def trim_regularly() -> None:
    """Start a greenlet that calls `trim_heap` once a minute (in a gevent worker)."""

    def run() -> None:
        while True:
            gevent.sleep(TRIM_INTERVAL)
            trim_heap()

    gevent.spawn(run)


def _heap() -> _Heap | None:
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return None
    mallinfo2.restype = _Heap
    return mallinfo2()  # type: ignore[no-any-return]
