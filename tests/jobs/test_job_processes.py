"""Real processes: the runner started by the launcher, and processes that are killed while they work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from klimawerk.accounts.models import Person
from klimawerk.config import ROOT
from klimawerk.extensions import db
from klimawerk.jobs.models import DONE, FAILED, READY, RUNNING, STORING, Job
from klimawerk.jobs.runner import lower_priority
from klimawerk.measures.models import Measure
from klimawerk.sheets.models import Frame
from klimawerk.versions import verification
from tests import factories
from tests.jobs.conftest import SMALL
from tests.jobs.large_import import large_file
from tests.live.engine_server import until
from tests.servers import KlimawerkServer


def runner_of(server: KlimawerkServer) -> psutil.Process | None:
    """The runner that the launcher has started."""
    for process in psutil.Process(server.pid).children():
        if "klimawerk.jobs.runner" in process.cmdline():
            return process
    return None


class ImportingUser:
    """A user who imports a file in a browser."""

    def __init__(self, server: KlimawerkServer, person: Person) -> None:
        self.server, self.person = server, person
        self.session = server.session(person)
        self.address = ""

    def send(self, file: bytes) -> None:
        files = {"file": ("programme.json", file)}
        answer = self._post(f"{self.server.url}/import", files=files)
        assert answer.status_code == 303, answer.text
        self.address = f"{self.server.url}{answer.headers['Location']}"

    def confirm(self) -> None:
        assert self._post(self.address, data={"side": "de"}).status_code == 303

    def page(self) -> str:
        """The current page; "" while its server is down."""
        try:
            return self.session.get(self.address, timeout=20).text
        except requests.RequestException:
            return ""

    def _post(self, address: str, **content: Any) -> requests.Response:
        headers = {"Referer": self.server.url}
        return self.session.post(address, headers=headers, allow_redirects=False, timeout=60, **content)


def job_of(person: Person) -> Job:
    db.session.rollback()
    query = select(Job).where(Job.person_id == person.id).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def stored_or_nothing(measures: int) -> None:
    """Everything is stored, or nothing."""
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Frame).where(Frame.arriving.is_not(None))) == 0
    assert db.session.scalar(select(func.count()).select_from(Measure)) == measures
    assert list(verification.version_faults()) == []


@pytest.mark.parametrize("added", [0, 14])
def test_the_runner_gives_way_to_the_servers(added: int, tmp_path: Path) -> None:
    """`nice` adds to the niceness of the test run, which may be lowered itself; 19 is the most."""
    niceness = max(10, min(19, os.getpriority(os.PRIO_PROCESS, 0) + added))
    command = ["nice", "-n", str(added), sys.executable, "-m", "klimawerk.jobs.runner"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "KLIMAWERK_INSTANCE": str(tmp_path)}) as process:
        try:
            runner = psutil.Process(process.pid)
            until(lambda: any((tmp_path / "jobs").glob("*")), 30)  # it has begun
            assert runner.nice() == niceness
        finally:
            process.kill()


def test_what_computes_a_step_gives_way_to_the_servers() -> None:
    pid = os.fork()
    if pid == 0:
        for _ in range(2):  # it is not lowered again
            lower_priority()
        os._exit(os.getpriority(os.PRIO_PROCESS, 0))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == max(10, os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.slow
def test_an_import_survives_the_death_of_the_runner(app: Flask, sqlite_address: str, tmp_path: Path) -> None:
    person = factories.person("Somebody")
    server = KlimawerkServer(tmp_path, sqlite_address, launched=True)
    server.start()
    try:
        until(lambda: runner_of(server) is not None, 20)
        runner = runner_of(server)
        assert runner is not None
        runner.suspend()  # so that the file cannot be previewed before the runner ends
        user = ImportingUser(server, person)
        user.send(SMALL)
        assert "The file is being looked at" in user.page()
        runner.kill()
        until(lambda: "This will come in" in user.page(), 40)
        assert "The job runner ended (-9); it is started again." in server.log
        user.confirm()
        until(lambda: "The programme has been imported" in user.page(), 40)
        stored_or_nothing(measures=2)
        after = runner_of(server)
        assert after is not None
        assert server.stop() == 0
        assert not after.is_running()
    finally:
        server.close()


def kill_child(server: KlimawerkServer, _job: Job) -> None:
    runner = runner_of(server)
    assert runner is not None
    for child in runner.children():
        child.kill()


def kill_runner(server: KlimawerkServer, _job: Job) -> None:
    runner = runner_of(server)
    assert runner is not None
    runner.kill()


def kill_storing(_server: KlimawerkServer, job: Job) -> None:
    psutil.Process(int(job.claimed_by.partition("-")[0])).kill()


def kill_all(server: KlimawerkServer, _job: Job) -> None:
    server.kill()
    server.start()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "kill", "end"),
    [
        (RUNNING, kill_child, FAILED),
        (RUNNING, kill_runner, DONE),
        (RUNNING, kill_all, DONE),
        (STORING, kill_storing, DONE),
        (STORING, kill_runner, DONE),
        (STORING, kill_all, DONE),
    ],
)
def test_whatever_dies_all_of_it_is_there_or_nothing(
    app: Flask,
    postgresql_address: str,
    valkey_address: str,
    tmp_path: Path,
    when: str,
    kill: Callable[[KlimawerkServer, Job], None],
    end: str,
) -> None:
    person = factories.person("Somebody")
    server = KlimawerkServer(tmp_path, postgresql_address, WORKERS="2", KLIMAWERK_REDIS_URL=valkey_address)
    server.start()
    try:
        until(lambda: runner_of(server) is not None, 20)
        user = ImportingUser(server, person)
        user.send(large_file(goals=20, measures=60, steps=60))
        until(lambda: job_of(person).state == READY, 90)
        user.confirm()
        until(lambda: (job_of(person).state, job_of(person).progress >= 5) == (when, True), 120)
        kill(server, job_of(person))
        until(lambda: job_of(person).state == end, 180)
        until(lambda: not list((server.instance / "jobs").glob("*/")), 60)
        stored_or_nothing(measures=60 if end == DONE else 0)
    finally:
        server.close()


def memory_of(process: psutil.Process) -> int:
    """Bytes of memory, shared memory counted proportionally; 0 for a process that has just ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


@pytest.mark.slow
def test_six_people_with_millions_of_values_leave_the_machine_its_memory(
    app: Flask, sqlite_address: str, tmp_path: Path
) -> None:
    """Six such files took 2.9 GB once. A machine of 2 GB has less than 1.7 GB for Klimawerk."""
    people = [factories.person(f"P{number}") for number in range(6)]
    numbers = b"[" + b",".join(b"%d" % (10**6 + number) for number in range(1_400_000)) + b"]"
    server = KlimawerkServer(tmp_path, sqlite_address, launched=True)
    server.start()
    peak = 0
    try:
        until(lambda: runner_of(server) is not None, 20)
        for number, person in enumerate(people):
            ImportingUser(server, person).send(b"[" + b"{}," * 6_000_000 + b"{}]" if number < 2 else numbers)

        def ended() -> bool:
            nonlocal peak
            peak = max(peak, sum(map(memory_of, server.processes())))
            return all(job_of(person).state == FAILED for person in people)

        until(ended, 120)
        assert peak < 1_400_000_000
        assert re.search(r"Traceback", server.log) is None
    finally:
        server.close()
