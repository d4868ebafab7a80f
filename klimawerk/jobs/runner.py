"""The job runner: `python -m klimawerk.jobs.runner`, a process beside the servers; the launcher starts and restarts it.

It looks for queued steps (folders.py) and computes each in a child of its own, forked from what is imported here, with
a limit of memory and time: a hostile file ends a child and nothing else. It knows neither the database nor a secret.
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
"""Children at the same time."""

MEMORY_LIMIT = 400_000_000
"""Bytes that a child may take in addition to what it shares with the runner (RLIMIT_DATA)."""

CPU, WALL = 120, 300
"""Seconds that a step may compute, and take at all."""

MAX_ATTEMPTS = 3
"""How often a step is begun when the runner itself was killed meanwhile."""

POLL_SECONDS = 0.1  # seconds between two looks at the folder
_SET_PDEATHSIG = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _JobProcess:
    order: JobOrder
    until: float


class JobRunner:
    """Computes what is queued in the jobs' folder. For one thread; `memory` bytes for each child."""

    def __init__(self, folder: Path, *, lock: int | None = None, memory: int = MEMORY_LIMIT) -> None:
        self._folder, self._lock, self._memory = folder, lock, memory
        self._children: dict[int, _JobProcess] = {}

    def look(self) -> bool:
        """One round: see what has ended, end what nobody wants, begin what is queued. Whether anything is left."""
        self._reap()
        for pid, child in self._children.items():
            if not child.order.is_open or time.monotonic() > child.until:
                _kill(pid)
        busy = {child.order for child in self._children.values()}
        for order in folders.open_orders(self._folder):
            if len(self._children) >= MAX_CHILDREN:
                break
            if order not in busy:
                self._begin(order)
        return bool(self._children)

    def finish(self) -> None:
        """Compute all that is queued."""
        while self.look():
            time.sleep(0.01)

    def stop(self) -> None:
        """End the children; what they were at stays queued."""
        for pid in self._children:
            _kill(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._children.clear()

    def _begin(self, order: JobOrder) -> None:
        if order.attempts() >= MAX_ATTEMPTS:
            order.write_answer({"failed": "died"})
            return
        order.note_attempt()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            _compute(order, self._lock, self._memory)
        self._children[pid] = _JobProcess(order, time.monotonic() + WALL)

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
                slow = time.monotonic() > child.until or os.waitstatus_to_exitcode(status) == -signal.SIGXCPU
                log.warning("a job's child ended before it had an answer (status %s)", status)
                child.order.write_answer({"failed": "time" if slow else "died"})


def main() -> int:
    """Run until told to stop (SIGTERM, SIGINT, SIGHUP), or until the process that started this one is gone."""
    logging.basicConfig(format="%(asctime)s %(levelname)s jobs: %(message)s", level=logging.WARNING)
    wished: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        wished.append(number)

    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, stop)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    parent = os.getppid()
    folder = folders.root(config.instance_folder())
    for name in [name for name in os.environ if name.startswith("KLIMAWERK_")]:
        del os.environ[name]  # no child sees a password or a key
    lock = None
    while lock is None and not wished and os.getppid() == parent:
        lock = folders.take_lock(folder, wait=False)
        if lock is None:
            time.sleep(0.5)  # the runner of a server that is just ending
    job_steps.import_steps()
    gc.collect()
    gc.freeze()
    runner = JobRunner(folder, lock=lock)
    while not wished and os.getppid() == parent:
        runner.look()
        time.sleep(POLL_SECONDS)
    runner.stop()
    return 0


def _compute(order: JobOrder, lock: int | None, memory: int) -> None:
    """This process is a child from now on; it never returns."""
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
    """Limits, the least urgency, and an end together with the runner. The lock is the runner's alone."""
    if lock is not None:
        os.close(lock)
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")  # where memory is short, a child ends before a server
    os.umask(0o077)
    os.nice(10)
    most = _data() + memory
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _data() -> int:
    """Bytes of this process's own data already, as RLIMIT_DATA counts them."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(lines["VmData"].split()[0]) * 1024


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
