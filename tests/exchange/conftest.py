"""The example as a file and as JSON; row counts of all tables."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from klimawerk import exchange
from klimawerk.extensions import db
from klimawerk.jobs import service as jobs
from klimawerk.jobs import states
from klimawerk.jobs.runner import JobRunner
from tests.servers import KlimawerkServer

EXAMPLE = (Path(exchange.__file__).parent / "example_programme.json").read_bytes()

Json = dict[str, Any]
Census = Callable[[], dict[str, int]]


@pytest.fixture
def example() -> Json:
    """The example as JSON, for a test to change."""
    return copy.deepcopy(json.loads(EXAMPLE))


@pytest.fixture
def census(app: Flask) -> Census:
    """Counts the rows of each table."""

    def count() -> dict[str, int]:
        db.session.rollback()
        return {
            name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in db.metadata.tables.items()
        }

    return count


@pytest.fixture
def job_runner(live_server: KlimawerkServer) -> Iterator[None]:
    """The job runner beside a server that was started without the launcher."""
    with live_server.job_runner():
        yield


def finish_jobs() -> None:
    """Compute and store all jobs, as the runner and the servers do, in real child processes."""
    folder = states.root()
    runner = JobRunner(folder)
    for _round in range(3):
        runner.finish()
        jobs.process_jobs(lambda work: work())


def as_bytes(file: Any) -> bytes:
    return json.dumps(file, ensure_ascii=False).encode()
