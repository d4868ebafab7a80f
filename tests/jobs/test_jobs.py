"""Jobs as users see them: one at a time, two in all, errors as messages, and no data left of a job that ended."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time

import pytest
from flask import Flask

from klimawerk.config import ROOT
from klimawerk.jobs import folders, states
from klimawerk.jobs import service as jobs
from klimawerk.jobs.folders import JobOrder
from klimawerk.jobs.models import CANCELLED, FAILED, QUEUED, READY, RUNNING, STORING
from klimawerk.jobs.runner import MAX_CHILDREN, JobRunner
from tests import factories
from tests.client import ProofReader
from tests.exchange.conftest import Census
from tests.jobs.conftest import SMALL, current_job, expire_claim, prepared_job, submitted_job

MILLIONS = b"[" + b",".join([b"{}"] * 1_700_000) + b"]"


def upload(client: ProofReader, data: bytes = SMALL, name: str = "programme.json") -> tuple[int, str, str]:
    """Upload a file: status, page and address."""
    client.get("/import")
    answer = client.post("/import", data={"file": (io.BytesIO(data), name), "csrf_token": client.token})
    return answer.status_code, answer.text, answer.location or ""


def test_millions_of_values_are_refused_before_anything_is_built(client: ProofReader, runner: JobRunner) -> None:
    client.login(factories.person())
    _status, _page, address = upload(client, MILLIONS)
    runner.finish()
    assert "The file holds more than 1,500,000 values." in client.get(address).text
    assert not any(states.root().glob("*/input")), "what was refused is not kept"


@pytest.mark.parametrize(
    "data", [b"[" * 2_000_000, b'{"a":' * 1_600_000, b'["' + b'","' * 1_600_000 + b'"]'], ids=["lists", "keys", "texts"]
)
def test_whatever_the_values_are(app: Flask, runner: JobRunner, data: bytes) -> None:
    job = submitted_job(factories.person(), data)
    runner.finish()
    problem = current_job(job.key).problem
    assert problem is not None
    assert "1,500,000" in problem["sentence"]["en"]


def test_a_second_file_waits_until_the_first_is_done_or_cancelled(client: ProofReader, runner: JobRunner) -> None:
    client.login(factories.person())
    _status, _page, address = upload(client, name="first.json")
    status, page, _ = upload(client, name="second.json")
    assert status == 409
    assert "“first.json” is being imported for you" in page
    assert f'action="{address}/cancel"' in page
    cancelled = client.post(f"{address}/cancel", data={"csrf_token": client.token}, follow_redirects=True)
    assert "The import was cancelled. Nothing was stored." in cancelled.text
    status, _page, address = upload(client, name="second.json")
    assert status == 303
    runner.finish()
    assert "This will come in" in client.get(address).text


def test_two_are_computed_at_a_time_and_the_others_wait_in_order(app: Flask, runner: JobRunner) -> None:
    keys = [submitted_job(factories.person(f"P{number}")).key for number in range(MAX_CHILDREN + 2)]
    runner.poll()
    assert [current_job(key).state for key in keys] == [RUNNING, RUNNING, QUEUED, QUEUED]
    runner.finish()
    assert {current_job(key).state for key in keys} == {READY}


@pytest.mark.slow
def test_one_that_takes_too_much_memory_ends_and_no_other(app: Flask) -> None:
    large, small = factories.person("Large"), factories.person("Small")
    large_data = b"[" + b",".join(b'"%d"' % number for number in range(1_400_000)) + b"]"
    key, other = submitted_job(large, large_data).key, submitted_job(small).key
    JobRunner(states.root(), memory=30_000_000).finish()
    assert current_job(key).state == FAILED
    assert str(jobs.problem_of(current_job(key))).startswith(("This needed more memory", "The job was ended"))
    assert current_job(other).state == READY


def test_a_child_that_is_killed_is_a_sentence(client: ProofReader, runner: JobRunner) -> None:
    client.login(factories.person())
    _status, _page, address = upload(client)
    runner.poll()
    for pid in runner._children:
        os.kill(pid, signal.SIGKILL)
    runner.finish()
    assert "The job was ended before it was finished. Nothing was stored." in client.get(address).text


def test_what_a_dead_runner_had_begun_is_begun_again_but_not_for_ever(app: Flask) -> None:
    key = submitted_job(factories.person()).key
    order = JobOrder(states.folder_of(current_job(key)), "look")
    for _death in range(2):
        killed_runner = JobRunner(states.root())
        killed_runner.poll()
        killed_runner.stop()
    assert order.attempts() == 2
    JobRunner(states.root()).finish()
    assert current_job(key).state == READY
    fatal_job = submitted_job(factories.person("Other")).key
    for _death in range(3):
        killed_runner = JobRunner(states.root())
        killed_runner.poll()
        killed_runner.stop()
    JobRunner(states.root()).finish()
    assert current_job(fatal_job).state == FAILED


def test_cancelling_ends_the_child_at_once(app: Flask, runner: JobRunner) -> None:
    job = submitted_job(factories.person())
    runner.poll()
    (pid,) = runner._children
    os.kill(pid, signal.SIGSTOP)  # it would not end by itself
    assert jobs.cancel(current_job(job.key))
    runner.finish()
    assert current_job(job.key).state == CANCELLED
    assert list(folders.folder_keys(states.root())) == []


def test_the_page_says_when_nobody_is_there_to_compute(client: ProofReader) -> None:
    client.login(factories.person())
    _status, _page, address = upload(client)
    waiting = "What does this work is not running at the moment."
    assert waiting in client.get(address).text
    lock = folders.take_lock(states.root(), wait=False)
    assert lock is not None
    assert waiting not in client.get(address).text
    os.close(lock)
    assert waiting in client.get(address).text, "a lock ends with its owner"


def test_nobody_can_cancel_or_see_what_another_does(client: ProofReader, runner: JobRunner) -> None:
    client.login(factories.person())
    _status, _page, address = upload(client)
    client.post("/logout")
    client.login(factories.person("Another"))
    client.get("/import")
    assert client.post(f"{address}/cancel", data={"csrf_token": client.token}).status_code == 404
    assert client.get(f"{address}/state").status_code == 404
    assert "is being imported for you" not in client.get("/import").text


def test_files_and_rows_go_after_half_an_hour(app: Flask, runner: JobRunner, census: Census) -> None:
    before = census()["job"]
    job = submitted_job(factories.person())
    runner.finish()
    assert current_job(job.key).state == READY
    jobs.clean_up()
    assert (states.folder_of(current_job(job.key)) / folders.INPUT).exists()
    states.change(current_job(job.key), (READY,), changed_at=job.created_at - 2 * jobs.RETENTION)
    jobs.clean_up()
    assert census()["job"] == before
    assert list(folders.folder_keys(states.root())) == []


def test_a_folder_without_a_job_goes(app: Flask) -> None:
    orphan_folder = states.root() / "left"
    orphan_folder.mkdir()
    jobs.clean_up()
    assert orphan_folder.exists(), "its job may just be being made"
    os.utime(orphan_folder, (time.time() - 120,) * 2)
    jobs.clean_up()
    assert not orphan_folder.exists()


def test_what_is_sent_can_be_read_by_its_owner_alone(app: Flask) -> None:
    job = submitted_job(factories.person())
    for path in (states.root(), states.folder_of(job), *states.folder_of(job).iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


def test_only_one_of_several_processes_stores_it(app: Flask, any_database: str) -> None:
    job = prepared_job(factories.person())
    assert job.state == STORING
    started: list[object] = []
    for _process in range(3):
        jobs.process_jobs(started.append)
    assert len(started) == 1
    expire_claim(job)
    for _process in range(3):
        jobs.process_jobs(started.append)
    assert len(started) == 2, "whoever is silent is dead"


STORING_BESIDE_A_PAGE = """
from gevent import monkey
monkey.patch_all()
import time
from contextlib import nullcontext
import gevent
from klimawerk import cooperative
from klimawerk.jobs import storing

def compute(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass

def page():
    global statements
    while True:
        cooperative.yield_if_due()
        compute(0.004)
        statements += 1

statements = 0
reader = gevent.spawn(page)
gevent.sleep(0.05)
before = statements
storing.in_slices((lambda _session: compute(0.008) for _ in range(50)), nullcontext)
print(statements - before)
"""


def test_a_page_gets_on_while_a_job_is_stored() -> None:
    """Both yield; a page that yields at every statement had to wait until everything was stored."""
    done = subprocess.run(
        [sys.executable, "-c", STORING_BESIDE_A_PAGE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) >= 50
