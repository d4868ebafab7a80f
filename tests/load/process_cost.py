"""CPU time and memory of processes, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import psutil

_TICK = os.sysconf("SC_CLK_TCK")
Figures = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """CPU seconds so far and resident bytes, of a process and its descendants."""

    cpu: float
    memory: int


def cost(pid: int) -> Cost:
    """The cost of the process `pid` and of its living descendants."""
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
    """The value below which `share` (0 to 1) of them lie; None for an empty list."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def percentiles(values: list[float]) -> Figures:
    return {f"p{share}": percentile(values, share / 100) for share in (50, 95, 99)}


class Costly(Protocol):
    def cost(self) -> Cost:
        """Its cost so far."""


def measured(server: Costly, generator: Costly, work: Callable[[], Figures]) -> Figures:
    """The figures of `work`, with the cost of server and generator meanwhile."""
    before, generated = server.cost(), generator.cost()
    figures = work()
    after = server.cost()
    figures["cpu"], figures["memory"] = after.cpu - before.cpu, after.memory
    figures["generator_cpu"] = generator.cost().cpu - generated.cpu
    return figures
