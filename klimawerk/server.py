"""Launcher of the production server: `python -m klimawerk.server`. `WORKERS` processes on ports `PORT`, `PORT` + 1, ...

Each process is a gunicorn with one gevent worker, since long-polling must reach the same process every time: nginx in
front chooses it (README, Deploying). Beside them runs one job runner (klimawerk/jobs); no request waits for it.
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
"""Seconds within which a process has to answer."""

MAX_ENDS, ENDS_PERIOD = 5, 60.0
"""So many ends of processes within so many seconds stop the server."""


RUNNER_RESTART_DELAY = (1.0, 60.0)
"""Seconds until a job runner that ended is restarted, at first and at most; an early end doubles it. However
often it ends, the servers go on, and queued jobs wait."""


def main() -> int:
    """Serve until a signal (SIGTERM, SIGINT, SIGHUP). Returns 0 after a signal, else the status of a process."""
    try:
        config = configuration.load()
        first = configuration.port()
    except configuration.BadConfiguration as problem:
        print(f"Klimawerk cannot start: {problem}", file=sys.stderr)
        return 2
    ports = range(first, first + config.workers)
    return _serve(ports)


def _serve(ports: Sequence[int]) -> int:
    stop_signals: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stop_signals.append(number)
        runner.stop()
        for process in processes.values():
            process.terminate()

    def ask_for_counts(number: int, _frame: FrameType | None) -> None:
        for process in processes.values():
            process.send_signal(number)

    processes: dict[int, subprocess.Popen[bytes]] = {}
    runner = _RunnerProcess()
    signal.signal(signal.SIGUSR1, ask_for_counts)
    for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signal_number, stop)
    for port in ports:
        processes[port] = _start(port)
    runner.start()
    if _wait_until_healthy(processes):
        print(_startup_message(ports), flush=True)
        status = _keep_running(processes, runner, stop_signals)
    else:
        status = next((s for process in processes.values() if (s := process.poll()) is not None), 1)
    runner.stop()
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        process.wait()
    runner.wait()
    return 0 if stop_signals else status or 1


def _keep_running(
    processes: dict[int, subprocess.Popen[bytes]], runner: _RunnerProcess, stop_signals: list[int]
) -> int:
    """Restart processes that end, while the others go on. Returns a status after a stop signal, or after too many
    ends."""
    ends: list[float] = []
    while True:
        for port, process in processes.items():
            status = process.poll()
            if status is None:
                continue
            ends = [at for at in ends if time.monotonic() - at < ENDS_PERIOD] + [time.monotonic()]
            if stop_signals or len(ends) >= MAX_ENDS:
                return status
            print(f"The process on port {port} ended ({status}); it is started again.", file=sys.stderr, flush=True)
            processes[port] = _start(port)
            if stop_signals:
                processes[port].terminate()
        runner.poll()
        time.sleep(0.2)


class _RunnerProcess:
    """The process of the job runner, restarted whenever it ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = self._due_at = 0.0
        self._pause, self._max_pause = RUNNER_RESTART_DELAY
        self._stopped = False

    def start(self) -> None:
        if not self._stopped:
            self._began_at = time.monotonic()
            command = [sys.executable, "-m", "klimawerk.jobs.runner"]
            self._process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)  # noqa: S603

    def poll(self) -> None:
        moment = time.monotonic()
        if self._process is not None and (status := self._process.poll()) is not None and not self._stopped:
            self._process = None
            if moment - self._began_at >= ENDS_PERIOD:
                self._pause = RUNNER_RESTART_DELAY[0]
            self._due_at, self._pause = moment + self._pause, min(self._max_pause, 2 * self._pause)
            print(f"The job runner ended ({status}); it is started again.", file=sys.stderr, flush=True)
        if self._process is None and moment >= self._due_at:
            self.start()

    def stop(self) -> None:
        self._stopped = True
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()


def _start(port: int) -> subprocess.Popen[bytes]:
    """Start a gunicorn in a process group of its own: Ctrl+C reaches only this launcher, which then stops each gunicorn
    once."""
    command = [sys.executable, "-m", "gunicorn"]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PORT": str(port)}, start_new_session=True)  # noqa: S603


def _wait_until_healthy(processes: dict[int, subprocess.Popen[bytes]]) -> bool:
    """Whether every process has answered within START_TIMEOUT; False as soon as one has ended before it did."""
    deadline = time.monotonic() + START_TIMEOUT
    waiting = list(processes)
    while waiting and time.monotonic() < deadline and all(processes[port].poll() is None for port in waiting):
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
