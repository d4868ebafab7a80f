"""A fork server: starts gunicorn for tests by forking a process that has imported everything.

Starting a server takes two seconds of processor time, mostly for imports, and a full test run starts hundreds.
Templates and URL rules are compiled once, too. The forked process is the same program with the same settings,
monkey-patched by gevent before anything is imported, as in gunicorn's worker. Tests of the start itself, and those with
several processes, do not use it (`servers.py`).
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # klimawerk must not be imported before gevent has patched


class ForkedServer:
    """A forked server, with the interface of `subprocess.Popen`."""

    def __init__(self, parent: ForkServer, pid: int) -> None:
        self.pid = pid
        self._fork_server = parent
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status (negative: the signal that ended it), or None while it runs."""
        if self._status is None:
            self._status = self._fork_server.ask("status", self.pid)
        return self._status

    def wait(self, timeout: float = 60) -> int:
        """Its exit status. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("gunicorn", timeout)
            time.sleep(0.02)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkServer:
    """A process that has imported everything and executes commands; one for each test process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.server_forks"],
            cwd=ROOT,
            env=inherited,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._close)

    def start(self, environment: dict[str, str], output: Path) -> ForkedServer:
        """Start gunicorn with this environment; its output is appended to the file `output`."""
        pid = self.ask("start", [environment, str(output)])
        assert pid is not None
        return ForkedServer(self, pid)

    def ask(self, order: str, argument: object) -> int | None:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps([order, argument]) + "\n")
            self._process.stdin.flush()
            answer: int | None = json.loads(self._process.stdout.readline())
            return answer

    def _close(self) -> None:
        """End the fork server, which ends the servers it started; it does so as well when this process ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@functools.cache
def fork_server() -> ForkServer:
    return ForkServer()


def main() -> None:
    """Execute commands from standard input, one per line, until its end."""
    from gevent import monkey

    monkey.patch_all()
    import_module("gunicorn.app.wsgiapp")
    import_module("gunicorn.workers.ggevent")
    import klimawerk

    for module in pkgutil.walk_packages(klimawerk.__path__, "klimawerk."):
        import_module(module.name)
    _compile()
    running: set[int] = set()
    fork = monkey.get_original("os", "fork")
    waitpid = monkey.get_original("os", "waitpid")
    for line in sys.stdin:
        order, argument = json.loads(line)
        if order == "start":
            answer = fork()
            if answer == 0:
                _serve(*argument)
            running.add(answer)
        else:
            answer = _status(waitpid(argument, os.WNOHANG))
            if answer is not None:
                running.discard(argument)
        print(json.dumps(answer), flush=True)
    for pid in running:
        os.kill(pid, signal.SIGTERM)


def _compile() -> None:
    """Compile once what each forked server would compile anew: all templates and URL rules, 0.3 s of a server's 0.8."""
    import klimawerk
    from klimawerk import config as configuration
    from tests import shared_caches

    shared_caches.share()
    with tempfile.TemporaryDirectory() as folder:
        app = klimawerk.create_app(configuration.load(instance=Path(folder), secret_key="compiles"))
        for name in app.jinja_env.list_templates():
            app.jinja_env.get_template(name)
    for thread in threading.enumerate():  # a fork would inherit it half run: the rate limiter's, of 10 ms
        if thread is not threading.current_thread():
            thread.join()


def _status(waited: tuple[int, int]) -> int | None:
    pid, status = waited
    return os.waitstatus_to_exitcode(status) if pid else None


def _serve(environment: dict[str, str], output: str) -> None:
    """Run gunicorn in this process; does not return."""
    import gevent
    from gunicorn.app import wsgiapp

    gevent.reinit()
    os.environ.clear()
    os.environ.update(environment)
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.argv = ["gunicorn", *environment.get("TEST_SERVES", "").split()]
    status = 1
    try:
        wsgiapp.run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
