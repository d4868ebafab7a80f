"""Detects superlinear functions: measures processor time of this thread at growing input lengths."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LENGTH = 4_000  # characters; a quadratic scan needs some milliseconds for it, a linear one microseconds
FLOOR = 0.001  # seconds; what takes less at LENGTH is harmless and not measured again
RATIO = 8.0  # from one length to the fourfold one: 4 is linear, 16 quadratic
LIMIT = 0.5  # seconds of processor time after which a match is aborted as not linear


class Endless(Exception):
    """The function did not end within LIMIT."""


def superlinear(run: Callable[[str], object], text: Callable[[int], str]) -> str | None:
    """A sentence about the growth at four and sixteen times the length if it is superlinear, else None."""
    try:
        if (first := _shortest(run, text(LENGTH), 1)) < FLOOR:
            return None
        times = [min(first, _shortest(run, text(LENGTH), 2)), _shortest(run, text(4 * LENGTH), 3)]
        if times[1] < RATIO * times[0]:
            return None
        times.append(_shortest(run, text(16 * LENGTH), 1))
        return None if times[2] < RATIO * times[1] else f"{LENGTH} characters and the 4- and 16-fold take {times} s"
    except Endless:
        return f"up to {16 * LENGTH} characters take more than {LIMIT} s"


def _shortest(run: Callable[[str], object], text: str, tries: int) -> float:
    """The shortest of several measurements: other load can only lengthen them."""
    return min(_once(run, text) for _ in range(tries))


def _once(run: Callable[[str], object], text: str) -> float:
    with _limited():
        started = time.thread_time()
        run(text)
        return time.thread_time() - started


@contextmanager
def _limited() -> Iterator[None]:
    """Abort after LIMIT by a signal, which Python's matcher checks regularly."""
    before = signal.signal(signal.SIGVTALRM, _end)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Endless
