"""Whether a function takes more than linear time: processor time of this thread, at growing lengths."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LENGTH = 4_000  # characters; a quadratic scan needs some milliseconds for it, a linear one microseconds
FLOOR = 0.001  # seconds; what takes less at LENGTH is no danger and is not looked at again
RATIO = 8.0  # from one length to the fourfold one: 4 is linear, 16 quadratic
LIMIT = 0.5  # seconds of processor time after which a match is ended; it was not linear then


class Endless(Exception):
    """It did not come to an end within LIMIT."""


def superlinear(run: Callable[[str], object], text: Callable[[int], str]) -> str | None:
    """How it grows, in a sentence, if it is more than linear: at four and at sixteen times the length."""
    try:
        if (first := _least(run, text(LENGTH), 1)) < FLOOR:
            return None
        times = [min(first, _least(run, text(LENGTH), 2)), _least(run, text(4 * LENGTH), 3)]
        if times[1] < RATIO * times[0]:
            return None
        times.append(_least(run, text(16 * LENGTH), 1))
        return None if times[2] < RATIO * times[1] else f"{LENGTH} characters and the 4- and 16-fold take {times} s"
    except Endless:
        return f"up to {16 * LENGTH} characters take more than {LIMIT} s"


def _least(run: Callable[[str], object], text: str, tries: int) -> float:
    """The shortest of some tries: whatever else the machine does can only lengthen them."""
    return min(_once(run, text) for _ in range(tries))


def _once(run: Callable[[str], object], text: str) -> float:
    with _limited():
        began = time.thread_time()
        run(text)
        return time.thread_time() - began


@contextmanager
def _limited() -> Iterator[None]:
    """Python's matcher looks for signals from time to time, so that one can end it."""
    before = signal.signal(signal.SIGVTALRM, _end)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Endless
