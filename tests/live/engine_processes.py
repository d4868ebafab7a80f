"""Server processes as in production (gunicorn, gevent worker), with the engine alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from klimawerk.config import ROOT
from tests.servers import free_port


class Process:
    """One gunicorn on its own port; `kill` gives it no chance to clean up."""

    def __init__(self, folder: Path, database: str, queue: str | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"server-{self.port}.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KLIMAWERK_")},
            "PORT": str(self.port),
            "KLIMAWERK_INSTANCE": str(folder / "instance"),
            "KLIMAWERK_DATABASE_URL": database,
            "KLIMAWERK_ASYNC_MODE": "gevent",
            "KLIMAWERK_SECRET_KEY": "tests",
            **({"KLIMAWERK_REDIS_URL": queue} if queue else {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        command = [sys.executable, "-m", "gunicorn"]  # with the settings of gunicorn.conf.py, as in production
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "tests.live.engine_app:make()"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/socket.io/?EIO=4&transport=polling", timeout=2).ok
        except requests.RequestException:
            return False

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        """kill -9 of the master and its worker, which are in a process group of their own."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
