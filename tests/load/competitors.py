"""The measured servers: Klimawerk as `make run` starts it, and two peers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from klimawerk.config import ROOT
from tests.load import bench_data
from tests.load.bench_data import Ground
from tests.load.load_generator import HERE, node
from tests.load.process_cost import Cost, cost
from tests.servers import free_port

_UNSET = ("KLIMAWERK_", "PYTHONDONTWRITEBYTECODE")


class Competitor:
    """A server with a folder of its own. `line`: the name of its protocol in lines/."""

    line = ""
    title = ""
    durable = True

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.urls: list[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def client(self, number: int, document: int) -> dict[str, Any]:
        """What the generator needs to open the `number`-th client, in the `document`-th document."""
        return {"doc": f"document-{document}"}

    def start(self) -> None:
        """Returns when the server responds. RuntimeError with its output when it does not."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_UNSET)}
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command(), cwd=ROOT, env={**kept, **self.environment()}, stdout=output, stderr=output
            )
        end = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.title} does not start:\n{log.read_text()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def kill(self) -> None:
        """`kill -9` of all its processes at once."""
        if self._process is None:
            return
        for process in self._family():
            process.kill()
        self._process.wait()
        self._process = None

    def kill_below_launcher(self) -> None:
        """`kill -9` of all but the launcher, which restarts the others."""
        for process in self._family()[1:]:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self) -> None:
        """Ask it to terminate, and let it store what it still has in memory."""
        assert self._process is not None
        family = self._family()
        self._process.send_signal(signal.SIGTERM)
        if not _ended(family[:1]):
            self.kill()
        for process in family[1:]:  # node may have been started by a script that passes no signal on
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        assert _ended(family[1:]), f"{self.title} does not end"
        self._process = None

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    def cost(self) -> Cost:
        assert self._process is not None
        return cost(self._process.pid)


def _ended(family: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(family, timeout=30)[1]


class KlimawerkCompetitor(Competitor):
    line, title = "klimawerk", "Klimawerk"

    def __init__(self, folder: Path, prepared: Path, ground_: Ground) -> None:
        super().__init__(folder)
        self.ground = ground_
        self.address = bench_data.copy(prepared, folder)
        self.more: dict[str, str] = {}
        """More environment variables of the server."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "klimawerk.server"]

    def environment(self) -> dict[str, str]:
        return {
            "PORT": str(self.port),
            "WORKERS": "1",
            "KLIMAWERK_INSTANCE": str(self.folder / "instance"),
            "KLIMAWERK_DATABASE_URL": self.address,
            **self.more,
        }

    def give_past(self, name: str, state: bytes, rest: list[bytes]) -> None:
        """Make this the whole log of a document, before the server starts."""
        bench_data.give_past(self.address, self.folder / "instance", name, state, rest)

    def client(self, number: int, document: int) -> dict[str, Any]:
        cookies, documents = self.ground.cookies, self.ground.documents
        return {"doc": documents[document], "cookie": cookies[number % len(cookies)]}


class KlimawerkProcesses(KlimawerkCompetitor):
    """Several processes with PostgreSQL and Valkey; people are distributed over them as nginx would do it."""

    def __init__(self, folder: Path, ground_: Ground, workers: int, database: str, queue: str) -> None:
        Competitor.__init__(self, folder)
        self.title = f"{workers} on PostgreSQL"
        self.ground, self.address = ground_, database
        self.port = free_port(workers)
        self.url = f"http://127.0.0.1:{self.port}"
        self.urls = [f"http://127.0.0.1:{port}" for port in range(self.port, self.port + workers)]
        self.more = {"WORKERS": str(workers), "KLIMAWERK_REDIS_URL": queue}


class Hocuspocus(Competitor):
    line, title, durable = "hocuspocus", "Hocuspocus", False

    def command(self) -> list[str]:
        return [node(), str(HERE / "peers" / "hocuspocus.mjs"), str(self.port), str(self.folder / "data.sqlite")]


class YWebsocket(Competitor):
    line, title = "y-websocket", "y-websocket"

    def command(self) -> list[str]:
        return [node(), str(HERE / "node_modules" / "@y" / "websocket-server" / "src" / "server.js")]

    def environment(self) -> dict[str, str]:
        return {"HOST": "127.0.0.1", "PORT": str(self.port), "YPERSISTENCE": str(self.folder / "level")}
