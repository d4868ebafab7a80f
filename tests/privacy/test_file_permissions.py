"""File permissions: files with personal data or secrets are private to their owner, whatever the umask is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from klimawerk import config as configuration
from klimawerk import create_app
from klimawerk.accounts.models import Person
from klimawerk.extensions import db
from klimawerk.operations import service
from tests import factories


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """A usual umask, by which new files are readable by all users."""
    before = os.umask(0o022)
    yield
    os.umask(before)


_OPEN_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM person").fetchall()
connection.close()
"""


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}


def new_installation(instance: Path) -> Flask:
    app = create_app(configuration.load(instance=instance, testing=True))
    with app.app_context():
        upgrade()
        factories.person()
    return app


def test_a_new_installation_is_its_owners_alone(tmp_path: Path) -> None:
    app = new_installation(tmp_path / "deep" / "instance")
    file_modes = modes(tmp_path / "deep" / "instance")
    assert {"klimawerk.sqlite", "klimawerk.sqlite-wal", "klimawerk.sqlite-shm", "secret_key"} <= file_modes.keys()
    assert set(file_modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "deep" / "instance").stat().st_mode) == 0o700
    with app.app_context():
        service.write_backup(tmp_path / "backup")
        db.session.remove()
        db.engine.dispose()
    assert modes(tmp_path)["backup"] == 0o600


@pytest.mark.parametrize("connections", [1, 2, 7])
def test_however_many_connections_another_process_that_leaves_takes_nothing_along(
    tmp_path: Path, connections: int
) -> None:
    """The process that closes an SQLite database last removes its log; SQLite finds out by locks which one is last."""
    app = new_installation(tmp_path)
    with app.app_context(), ExitStack() as opened:
        for _ in range(connections):
            connection = opened.enter_context(db.engine.connect())
            connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one()
        subprocess.run([sys.executable, "-c", _OPEN_AND_CLOSE, str(tmp_path / "klimawerk.sqlite")], check=True)
        assert (tmp_path / "klimawerk.sqlite-wal").exists()
        assert (tmp_path / "klimawerk.sqlite-shm").exists()
        opened.close()
        factories.person()
        assert db.session.query(Person).count() == 2
        db.session.remove()
        db.engine.dispose()
    subprocess.run([sys.executable, "-c", _OPEN_AND_CLOSE, str(tmp_path / "klimawerk.sqlite")], check=True)
    assert not (tmp_path / "klimawerk.sqlite-wal").exists(), "no process was left, and SQLite did not notice"


def test_what_was_readable_before_is_corrected_at_the_start(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    app = new_installation(instance)
    for path in instance.iterdir():
        path.chmod(0o644)
    instance.chmod(0o755)
    restarted = create_app(configuration.load(instance=instance, testing=True))
    with restarted.app_context():
        assert factories.person().id == 2
        assert set(modes(instance).values()) == {0o600}
        db.session.remove()
        db.engine.dispose()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_part_of_a_backup_that_was_left_behind_opens_nothing(tmp_path: Path) -> None:
    app = new_installation(tmp_path / "instance")
    leftover = tmp_path / ".backup.part"
    leftover.touch()
    leftover.chmod(0o666)
    with app.app_context():
        service.write_backup(tmp_path / "backup")
        db.session.remove()
        db.engine.dispose()
    assert modes(tmp_path) == {"backup": 0o600}


def test_an_existing_folder_that_is_shared_on_purpose_stays_so(tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir(mode=0o750)
    (tmp_path / "instance").chmod(0o750)
    configuration.load(instance=tmp_path / "instance")
    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o750
