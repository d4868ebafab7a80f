"""`flask import` beside a running server: other users can write meanwhile, and a killed import leaves no data."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from klimawerk import clock
from klimawerk.config import ROOT
from klimawerk.database import writing
from klimawerk.exchange.demo import EXAMPLE
from klimawerk.extensions import db
from klimawerk.jobs import service as jobs
from klimawerk.jobs import storing
from klimawerk.jobs.models import Job
from klimawerk.sheets.models import Frame
from tests import factories
from tests.exchange.conftest import Census
from tests.jobs.large_import import large_file
from tests.live.engine_server import until


def test_an_import_from_the_shell_lets_others_write_in_between(app: Flask, tmp_path: Path) -> None:
    before = set(Path(app.instance_path).iterdir())
    commits: list[object] = []
    event.listen(db.engine, "commit", note := lambda connection: commits.append(connection))
    result = app.test_cli_runner().invoke(args=["import", str(EXAMPLE)])
    event.remove(db.engine, "commit", note)
    noted, done = result.output.splitlines()
    assert noted.startswith("Note: measures[9] (ED-02)")
    assert done == "Programme 1: 5 goals, 10 measures."
    assert len(commits) > 3
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0
    assert set(Path(app.instance_path).iterdir()) == before


@pytest.mark.slow
def test_one_that_is_killed_leaves_nothing(app: Flask, any_database: str, census: Census, tmp_path: Path) -> None:
    factories.programme(factories.partnership())
    before = census()
    file = tmp_path / "file.json"
    file.write_bytes(large_file(goals=20, measures=60, steps=60))
    environment = {**os.environ, "KLIMAWERK_INSTANCE": app.instance_path, "KLIMAWERK_DATABASE_URL": any_database}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "import", str(file)]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:

        def has_begun() -> bool:
            db.session.rollback()
            assert process.poll() is None
            return (db.session.scalar(select(Job.progress)) or 0) >= 5

        until(has_begun, 120)
        process.kill()
    assert db.session.scalar(select(func.count()).select_from(Frame).where(Frame.arriving.is_not(None))) == 1
    jobs.clean_up()
    assert census()["frame"] == before["frame"] + 1, "it may still be alive"
    with writing() as session:
        session.execute(update(Job).values(heard_at=clock.now() - 2 * storing.CLAIM_TIMEOUT))
    jobs.process_jobs(lambda work: work())
    jobs.clean_up()
    assert {**census(), "job": 0} == {**before, "job": 0}
