"""The job runner: `python -m klimawerk.jobs.runner`, a process beside the servers; the launcher starts and restarts it.

It polls for queued steps (folders.py) and computes each in a child of its own, forked from this process, with limits on
memory and time: a hostile file ends one child and nothing else. It has access to neither the database nor any secret.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from klimawerk import config
from klimawerk.jobs import folders, job_steps
from klimawerk.jobs.folders import JobOrder

MAX_CHILDREN = 2
"""Concurrent child processes."""

MEMORY_LIMIT = 400_000_000
"""Bytes that a child may allocate beyond what it shares with the runner (RLIMIT_DATA)."""

MAX_CPU_SECONDS, MAX_WALL_SECONDS = 120, 300
"""CPU time and elapsed time that a step may take."""

MAX_ATTEMPTS = 3
"""How often a step is started if the runner itself is killed each time."""

POLL_SECONDS = 0.1  # between two rounds

NICENESS = 10
"""Niceness of the runner and of its children, at least: on a busy machine the servers come first."""

_PR_SET_PDEATHSIG = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _JobProcess:
    order: JobOrder
    deadline: float  # time.monotonic()


class JobRunner:
    """Computes the queued steps of the jobs folder, in one thread. `memory`: bytes for each child."""

    def __init__(self, folder: Path, *, lock: int | None = None, memory: int = MEMORY_LIMIT) -> None:
        self._folder, self._lock, self._memory = folder, lock, memory
        self._children: dict[int, _JobProcess] = {}

    def poll(self) -> bool:
        """One round: reap ended children, kill those whose job is cancelled or too slow, start queued steps.

        Returns whether a child is running.
        """
        self._reap()
        for pid, child in self._children.items():
            if not child.order.is_open or time.monotonic() > child.deadline:
                _kill(pid)
        busy = {child.order for child in self._children.values()}
        for order in folders.open_orders(self._folder):
            if len(self._children) >= MAX_CHILDREN:
                break
            if order not in busy:
                self._start(order)
        return bool(self._children)

    def finish(self) -> None:
        """Compute all queued steps."""
        while self.poll():
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill the children; their steps stay queued."""
        for pid in self._children:
            _kill(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._children.clear()

    def _start(self, order: JobOrder) -> None:
        if order.attempts() >= MAX_ATTEMPTS:
            order.write_answer({"failed": "died"})
            return
        order.note_attempt()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            _compute(order, self._lock, self._memory)
        self._children[pid] = _JobProcess(order, time.monotonic() + MAX_WALL_SECONDS)

    def _reap(self) -> None:
        for pid, child in list(self._children.items()):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 1
            if not ended:
                continue
            del self._children[pid]
            if child.order.is_open:
                timed_out = time.monotonic() > child.deadline or os.waitstatus_to_exitcode(status) == -signal.SIGXCPU
                log.warning("a job's child ended before it had an answer (status %s)", status)
                child.order.write_answer({"failed": "time" if timed_out else "died"})


def main() -> int:
    """Run until a signal (SIGTERM, SIGINT, SIGHUP) or until the parent process has ended."""
    logging.basicConfig(format="%(asctime)s %(levelname)s jobs: %(message)s", level=logging.WARNING)
    stop_signals: list[int] = []
    lower_priority()

    def stop(number: int, _frame: FrameType | None) -> None:
        stop_signals.append(number)

    for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signal_number, stop)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    parent = os.getppid()
    folder = folders.root(config.instance_folder())
    for name in [name for name in os.environ if name.startswith("KLIMAWERK_")]:
        del os.environ[name]  # children inherit no password and no key
    lock = None
    while lock is None and not stop_signals and os.getppid() == parent:
        lock = folders.take_lock(folder, wait=False)
        if lock is None:
            time.sleep(0.5)  # wait for the runner of a server that is shutting down
    job_steps.import_steps()
    gc.collect()
    gc.freeze()
    runner = JobRunner(folder, lock=lock)
    while not stop_signals and os.getppid() == parent:
        runner.poll()
        time.sleep(POLL_SECONDS)
    runner.stop()
    return 0


def lower_priority() -> None:
    """Give this process the niceness NICENESS, unless it is lower in priority already."""
    if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def _compute(order: JobOrder, lock: int | None, memory: int) -> None:
    """The main function of a child process; it never returns."""
    status = 1
    try:
        _apply_limits(lock, memory)
        order.write_answer(_answer(order))
        status = 0
    except MemoryError:
        gc.collect()
        order.write_answer({"failed": "memory"})
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _answer(order: JobOrder) -> job_steps.Answer:
    try:
        task = order.task()
        return job_steps.find_step(task["kind"], order.step)(order.folder, task, order.write_progress)
    except MemoryError:
        raise
    except Exception:
        log.exception("a job failed")
        return {"failed": "error"}


def _apply_limits(lock: int | None, memory: int) -> None:
    """Apply resource limits and a low priority, and end together with the runner. The child does not hold the lock."""
    if lock is not None:
        os.close(lock)
    for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signal_number, signal.SIG_DFL)
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")  # short of memory, the kernel kills a child before a server
    os.umask(0o077)
    lower_priority()
    limit = _data_size() + memory
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _data_size() -> int:
    """Bytes of data that this process has allocated already, as RLIMIT_DATA counts them."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(lines["VmData"].split()[0]) * 1024


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
