"""What a process costs, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Processor seconds so far and resident bytes, of a process with all below it."""

    cpu: float
    memory: int


def cost(pid: int) -> Cost:
    """What the process `pid` and those it has started (and has still) have cost."""
    pids = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return Cost(sum(map(_cpu, pids)), sum(map(_memory, pids)))


def _cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _memory(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def percentile(values: list[float], share: float) -> float | None:
    """The value below which `share` (0 to 1) of them lie; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
