"""A job's folder is removed while another process uses it: the user gets a message, and no process fails."""

from __future__ import annotations

import io
import logging
import os
import shutil
from collections.abc import Callable

import pytest
from flask import Flask

from klimawerk.jobs import folders, states
from klimawerk.jobs import service as jobs
from klimawerk.jobs.folders import JobOrder
from klimawerk.jobs.models import CANCELLED, READY
from klimawerk.jobs.runner import JobRunner
from tests import factories
from tests.client import ProofReader
from tests.jobs.conftest import SMALL, current_job, prepared_job, submitted_job


@pytest.fixture
def cancelled_first(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request cancels the job between the update of its row and the writing of its order."""
    real = JobOrder.write

    def write(order: JobOrder, task: dict[str, object]) -> None:
        with app.app_context():
            jobs.cancel(current_job(order.folder.name))
        real(order, task)

    monkeypatch.setattr(JobOrder, "write", write)


def test_a_file_that_is_cancelled_while_it_is_queued_is_said_to_be(client: ProofReader, cancelled_first: None) -> None:
    """The order was written into a removed folder: status 500."""
    client.login(factories.person())
    client.get("/import")
    sent = {"file": (io.BytesIO(SMALL), "programme.json"), "csrf_token": client.token}
    answer = client.post("/import", data=sent, follow_redirects=True)
    assert answer.status_code == 200
    assert "The import was cancelled. Nothing was stored." in answer.text
    assert list(folders.folder_keys(states.root())) == []


def test_an_import_that_is_taken_and_cancelled_at_once_is_said_to_be_cancelled(
    client: ProofReader, runner: JobRunner, request: pytest.FixtureRequest
) -> None:
    person = factories.person()
    client.login(person)
    key = submitted_job(person).key
    runner.finish()
    assert current_job(key).state == READY
    client.get(f"/import/{key}")
    request.getfixturevalue("cancelled_first")
    answer = client.post(f"/import/{key}", data={"side": "de", "csrf_token": client.token}, follow_redirects=True)
    assert answer.status_code == 200
    assert "The import was cancelled. Nothing was stored." in answer.text


def test_what_is_cancelled_after_a_server_has_claimed_it_is_no_fault_of_the_database(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    key = prepared_job(factories.person()).key

    def cancelled_first(work: Callable[[], None]) -> None:
        jobs.cancel(current_job(key))
        work()

    jobs.process_jobs(cancelled_first)
    assert current_job(key).state == CANCELLED
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_the_runner_goes_on_when_a_folder_goes_while_it_looks(
    app: Flask, runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_job, removed_job = submitted_job(factories.person("One")), submitted_job(factories.person("Other"))
    folders_to_remove = [states.folder_of(removed_job)]

    def first(real: Callable[..., object]) -> Callable[..., object]:
        def look(path: object = ".") -> object:
            if path in [*folders_to_remove, *map(str, folders_to_remove)]:
                shutil.rmtree(folders_to_remove.pop())
            return real(path)

        return look

    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, first(getattr(os, name)))
    runner.finish()
    monkeypatch.undo()
    assert folders_to_remove == []
    assert current_job(kept_job.key).state == READY
