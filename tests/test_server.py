"""The launcher: start message, stop, restart of killed processes, and errors for invalid settings."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from klimawerk.config import ROOT
from tests.live.engine_server import until
from tests.servers import KlimawerkServer, free_port


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"WORKERS": "2"}, "PostgreSQL"),
        ({"WORKERS": "2", "KLIMAWERK_DATABASE_URL": "postgresql://localhost/none"}, "KLIMAWERK_REDIS_URL"),
        ({"WORKERS": "many"}, "WORKERS"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "0"}, "PORT"),
    ],
)
def test_a_setting_that_cannot_work_is_a_sentence(settings: dict[str, str], word: str, tmp_path: Path) -> None:
    for command in (["-m", "klimawerk.server"], ["-m", "flask", "--app", "wsgi", "routes"]):
        if "PORT" in settings and "flask" in command:
            continue
        environment = {**os.environ, "KLIMAWERK_INSTANCE": str(tmp_path), **settings}
        ended = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode != 0
        assert word in ended.stderr
        assert "Traceback" not in ended.stderr


def test_the_launcher_greets_when_it_serves_and_stops_when_told(
    app: Flask, sqlite_address: str, tmp_path: Path
) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "KLIMAWERK_INSTANCE": str(tmp_path),
        "KLIMAWERK_DATABASE_URL": sqlite_address,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "klimawerk.server"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert f"http://localhost:{port}" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0


def test_when_one_process_is_killed_the_other_goes_on_and_it_is_started_again(
    app: Flask, postgresql_address: str, valkey_address: str, tmp_path: Path
) -> None:
    server = KlimawerkServer(tmp_path, postgresql_address, WORKERS="2", KLIMAWERK_REDIS_URL=valkey_address)
    server.start()
    until(lambda: "serves on ports" in server.log, 30)
    server.kill_process(server.port + 1)
    assert server.answers(server.port)
    assert not server.answers(server.port + 1)
    until(lambda: "ended (-9)" in server.log, 30)
    until(lambda: server.answers(server.port + 1), 60)
    assert server.stop() == 0


def test_a_process_that_cannot_start_ends_all_with_its_reason(
    app: Flask, postgresql_address: str, valkey_address: str, tmp_path: Path
) -> None:
    server = KlimawerkServer(tmp_path, postgresql_address, WORKERS="2", KLIMAWERK_REDIS_URL=valkey_address)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port + 1))
        with pytest.raises(AssertionError, match="the server ended"):
            server.start()
    assert not server.answers(server.port)
