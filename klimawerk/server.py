"""Starts the real server: `python -m klimawerk.server`. `WORKERS` processes on ports `PORT`, `PORT` + 1, ...

Each process is a gunicorn with one gevent worker, since long-polling must reach the same process every time: nginx
in front chooses it (README, Deploying). Beside them runs one job runner (klimawerk/jobs), which nobody waits for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from types import FrameType

from klimawerk import config as configuration
from klimawerk.config import ROOT

START_TIMEOUT = 60.0
"""Seconds that a process may take until it answers."""

MOST_ENDS, SPAN = 5, 60.0
"""So many ends of processes within so many seconds are no accident any more."""


RUNNER_RESTART_DELAY = (1.0, 60.0)
"""Seconds until a runner that ended is started again, at first and at most; each end soon after doubles them. However
often it ends, the servers go on, and what is queued waits."""


def main() -> int:
    """Serve until told to stop (SIGTERM, SIGINT, SIGHUP). Returns 0 after a wish, else a process's status."""
    try:
        config = configuration.load()
        first = configuration.port()
    except configuration.BadConfiguration as problem:
        print(f"Klimawerk cannot start: {problem}", file=sys.stderr)
        return 2
    ports = range(first, first + config.workers)
    return _serve(ports)


def _serve(ports: Sequence[int]) -> int:
    wished: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        wished.append(number)
        runner.stop()
        for process in processes.values():
            process.terminate()

    def ask_for_counts(number: int, _frame: FrameType | None) -> None:
        for process in processes.values():
            process.send_signal(number)

    processes: dict[int, subprocess.Popen[bytes]] = {}
    runner = _RunnerProcess()
    signal.signal(signal.SIGUSR1, ask_for_counts)
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, stop)
    for port in ports:
        processes[port] = _start(port)
    runner.start()
    if _answer(processes):
        print(_startup_message(ports), flush=True)
        status = _keep_running(processes, runner, wished)
    else:
        status = next((s for process in processes.values() if (s := process.poll()) is not None), 1)
    runner.stop()
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        process.wait()
    runner.wait()
    return 0 if wished else status or 1


def _keep_running(processes: dict[int, subprocess.Popen[bytes]], runner: _RunnerProcess, wished: list[int]) -> int:
    """Start again what ends by accident, while the others go on; a status as soon as it is wished, or no accident."""
    ends: list[float] = []
    while True:
        for port, process in processes.items():
            status = process.poll()
            if status is None:
                continue
            ends = [at for at in ends if time.monotonic() - at < SPAN] + [time.monotonic()]
            if wished or len(ends) >= MOST_ENDS:
                return status
            print(f"The process on port {port} ended ({status}); it is started again.", file=sys.stderr, flush=True)
            processes[port] = _start(port)
            if wished:
                processes[port].terminate()
        runner.look()
        time.sleep(0.2)


class _RunnerProcess:
    """The job runner's process, started again whenever it ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._began = self._due = 0.0
        self._pause, self._longest = RUNNER_RESTART_DELAY
        self._stopped = False

    def start(self) -> None:
        if not self._stopped:
            self._began = time.monotonic()
            command = [sys.executable, "-m", "klimawerk.jobs.runner"]
            self._process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)  # noqa: S603

    def look(self) -> None:
        moment = time.monotonic()
        if self._process is not None and (status := self._process.poll()) is not None and not self._stopped:
            self._process = None
            if moment - self._began >= SPAN:
                self._pause = RUNNER_RESTART_DELAY[0]
            self._due, self._pause = moment + self._pause, min(self._longest, 2 * self._pause)
            print(f"The job runner ended ({status}); it is started again.", file=sys.stderr, flush=True)
        if self._process is None and moment >= self._due:
            self.start()

    def stop(self) -> None:
        self._stopped = True
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()


def _start(port: int) -> subprocess.Popen[bytes]:
    """A process group of its own: Ctrl+C reaches this launcher alone, which then stops each gunicorn once."""
    command = [sys.executable, "-m", "gunicorn"]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PORT": str(port)}, start_new_session=True)  # noqa: S603


def _answer(processes: dict[int, subprocess.Popen[bytes]]) -> bool:
    """Whether every process has answered within START_WITHIN; False as soon as one has ended before it did."""
    until = time.monotonic() + START_TIMEOUT
    waiting = list(processes)
    while waiting and time.monotonic() < until and all(processes[port].poll() is None for port in waiting):
        waiting = [port for port in waiting if not _healthy(port)]
        time.sleep(0.1)
    return not waiting


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _startup_message(ports: Sequence[int]) -> str:
    if len(ports) == 1:
        return f"Klimawerk is at http://localhost:{ports[0]} (Ctrl+C stops it)"
    return f"Klimawerk serves on ports {ports[0]} to {ports[-1]}; nginx belongs in front (Ctrl+C stops it)"


if __name__ == "__main__":
    sys.exit(main())
