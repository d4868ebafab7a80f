"""A full disk during an upload: the same message as for other routes, no file left, and it works afterwards."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from klimawerk.jobs import folders, states
from klimawerk.jobs.folders import JobOrder
from tests import factories
from tests.client import ProofReader
from tests.faults.small_disk import disk, full
from tests.faults.test_full_disk import is_unavailable
from tests.jobs.conftest import SMALL

__all__ = ["disk"]


@pytest.fixture
def on_disk(app: Flask, disk: Path) -> None:
    """Everything but the database lies on the small disk."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.instance_path = str(disk)
    app.extensions["klimawerk"] = replace(app.extensions["klimawerk"], instance=disk)
    states.root()


def send(client: ProofReader, size: int = 0) -> TestResponse:
    client.get("/import")
    sent = {"file": (io.BytesIO(SMALL + b" " * size), "programme.json"), "csrf_token": client.token}
    return client.post("/import", data=sent)


@pytest.mark.parametrize("size", [0, 500_000, 2_000_000], ids=["small", "spooled", "large"])
def test_an_upload_that_finds_no_room_is_told_so_and_can_be_sent_again(
    on_disk: None, disk: Path, client: ProofReader, size: int
) -> None:
    client.login(factories.person())
    with full(disk):
        assert is_unavailable(send(client, size))
        assert list(folders.folder_keys(states.root())) == []
    assert send(client, size).status_code == 303


def test_a_disk_that_is_full_once_the_file_is_there_leaves_no_job_that_nobody_computes(
    on_disk: None, disk: Path, client: ProofReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job waited for ever, and kept its person from sending the file again (409)."""
    real = JobOrder.write

    def write(order: JobOrder, task: dict[str, object]) -> None:
        with full(disk):
            real(order, task)

    client.login(factories.person())
    monkeypatch.setattr(JobOrder, "write", write)
    assert is_unavailable(send(client))
    (disk / "filler").unlink(missing_ok=True)  # `full` deletes it only when nothing was raised
    monkeypatch.undo()
    assert send(client).status_code == 303
