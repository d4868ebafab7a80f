"""Shared fixtures: an app with its own database, real servers, browsers, a mailbox; and the selection of slow tests.

PostgreSQL, Valkey and Chromium are started once per run; databases are copies of a prepared one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from tests import browsers, long_runs, servers, shared_caches
from tests.client import ProofReader
from tests.lines import network_paths
from tests.mailbox import Mailbox

# A slow machine must not fail a test.
settings.register_profile("klimawerk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("klimawerk")
shared_caches.share()

for name in [name for name in os.environ if name.startswith("KLIMAWERK_") or name in ("PORT", "WORKERS")]:
    del os.environ[name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked `lines` over several network paths; `TEST_LINES` in the environment sets them for all tests."""
    if "line" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("lines")
        if asked := os.environ.get("TEST_LINES", ""):
            metafunc.parametrize("line", asked.split(","))
        elif marked:
            metafunc.parametrize("line", [network_paths.DIRECT, *marked.args])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests with a browser `browser`, and those that run only with LONG=1 `slow`.

    The default run executes each test once, with SQLite, one process and a direct connection (or the paths that
    TEST_LINES names). PostgreSQL, Valkey, nginx, several processes, small disks (which need root) and other network
    paths are left to the long run. On other paths, one database is enough.
    """
    for item in items:
        if _has_browser(item):
            item.add_marker("browser")
        if {"postgresql_address", "valkey_address", "disk"} & set(_fixtures(item)) or _needs_servers(item):
            item.add_marker("slow")
    deselected = [item for item in items if not _fits(item) or (item.get_closest_marker("slow") and not long_runs.LONG)]
    config.hook.pytest_deselected(items=deselected)
    selected = set(items) - set(deselected)
    items[:] = [item for item in items if item in selected]


def _fits(item: pytest.Item) -> bool:
    params = _params(item)
    return "any_database" not in params or network_paths.fits(
        params.get("line", network_paths.DIRECT), params["any_database"]
    )


def _needs_servers(item: pytest.Item) -> bool:
    params = _params(item)
    other_path = "TEST_LINES" not in os.environ and params.get("line", network_paths.DIRECT) != network_paths.DIRECT
    return other_path or params.get("any_database") == "postgresql"


def _params(item: pytest.Item) -> dict[str, Any]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def _fixtures(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", ()))


def _has_browser(item: pytest.Item) -> bool:
    return bool({"browser", "windows", "page_for"} & set(_fixtures(item)))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    server = servers.PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_address() -> Iterator[str]:
    with servers.valkey() as address:
        yield address


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "klimawerk.sqlite"
    _create_tables(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def _postgresql_template(postgresql: servers.PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> str:
    address = postgresql.create()
    _create_tables(address, tmp_path_factory.mktemp("template"))
    return address


def _create_tables(address: str, instance: Path) -> None:
    app = create_app(configuration.load(instance=instance, database_url=address, secret_key="template"))
    with app.app_context():
        db.create_all()
        db.engine.dispose()


@pytest.fixture
def sqlite_address(_sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a SQLite database for this test, with all tables."""
    path = tmp_path / "klimawerk.sqlite"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_address(postgresql: servers.PostgreSQL, _postgresql_template: str) -> Iterator[str]:
    """The address of a PostgreSQL database for this test, with all tables."""
    address = postgresql.create(_postgresql_template)
    yield address
    postgresql.drop(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> str:
    """Parametrises the test over both kinds of database; `app` and `live_server` use the same one."""
    return str(request.getfixturevalue(f"{request.param}_address"))


@pytest.fixture
def database_address(request: pytest.FixtureRequest) -> str:
    """SQLite, or the database of `any_database` or `postgresql_address` where the test uses these fixtures."""
    for asked in ("any_database", "postgresql_address"):
        if asked in request.fixturenames:
            return str(request.getfixturevalue(asked))
    if "line" in request.fixturenames and request.getfixturevalue("line") == network_paths.TWO:
        return str(request.getfixturevalue("postgresql_address"))
    return str(request.getfixturevalue("sqlite_address"))


@pytest.fixture
def app(database_address: str, tmp_path: Path) -> Iterator[Flask]:
    """The app, in an app context, with an empty database."""
    settings = configuration.load(
        instance=tmp_path / "instance",
        database_url=database_address,
        secret_key="tests",
        testing=True,
        rate_limits=False,
    )
    app = create_app(settings)
    app.test_client_class = ProofReader
    shared_caches.remember(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> ProofReader:
    """A test client, anonymous until `client.login(person)`."""
    made = app.test_client()
    assert isinstance(made, ProofReader)
    return made


@pytest.fixture
def line() -> str:
    """The network path by which browsers reach `live_server`: one of `tests.lines.network_paths.ALL`."""
    return network_paths.DIRECT


@pytest.fixture
def live_server(
    app: Flask, database_address: str, tmp_path: Path, line: str, request: pytest.FixtureRequest
) -> Iterator[servers.KlimawerkServer]:
    """The real server on the same database as `app`, which factories fill."""
    with network_paths.server_on(
        line, tmp_path, database_address, lambda: request.getfixturevalue("valkey_address")
    ) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture
def windows(browser: Browser, live_server: servers.KlimawerkServer, line: str) -> Iterator[browsers.Windows]:
    """Browser windows onto the live server; a script error or a request to another host fails the test."""
    kind = network_paths.SpreadWindows if line == network_paths.TWO else browsers.Windows
    windows = kind(browser, live_server.url)
    yield windows
    windows.close()
    assert not windows.faults, "\n".join(windows.faults)


@pytest.fixture
def page_for(windows: browsers.Windows) -> Callable[..., Page]:
    """`page_for(person)` opens a window signed in as that person."""

    def open_page(person: Person | None, **options: Any) -> Page:
        return windows.open(person, **options)

    return open_page


@pytest.fixture
def smtp() -> Iterator[Mailbox]:
    """A mail server: set `KLIMAWERK_SMTP_URL` (or the setting) to `smtp.url` and read `smtp.messages`."""
    mailbox = Mailbox(servers.free_port())
    mailbox.start()
    yield mailbox
    mailbox.stop()
