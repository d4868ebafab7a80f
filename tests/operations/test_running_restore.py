"""Restore while users write: texts from after the backup are discarded everywhere, and restored ones stay."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import stamp
from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from socketio import Client
from socketio.exceptions import SocketIOError

from klimawerk.config import ROOT
from klimawerk.database import writing
from klimawerk.operations import service
from klimawerk.programmes.service import create_programme
from tests import factories
from tests.servers import KlimawerkServer


@pytest.mark.slow
def test_open_editors_are_told_and_old_words_are_not_merged(
    live_server: KlimawerkServer, any_database: str, tmp_path: Path
) -> None:
    stamp()
    team = factories.partnership()
    programme = create_programme(team.partnership, languages=["de", "en"], lead_language="de", by=None)
    client = live_server.socket(team.de["editor"])
    events: list[Any] = []
    client.on("doc:closed", events.append)
    client.on("signed-out", events.append)  # sessions are no part of a backup
    document, gen = _join(client, programme.name)
    assert _type(client, programme.name, document, "before the backup")["ok"]
    service.write_backup(tmp_path / "backup")
    assert _type(client, programme.name, document, "after the backup")["ok"]

    _run(live_server, "restore", str(tmp_path / "backup"), "--yes")

    try:
        accepted = _type(client, programme.name, document, "after the restore")["ok"]
    except SocketIOError:  # the page was signed out first
        accepted = False
    assert not accepted
    _wait_for(lambda: events)
    assert all(event.get("doc", programme.name) == programme.name for event in events)
    new_client = live_server.socket(team.de["editor"])
    restored, new_gen = _join(new_client, programme.name)
    text = str(restored.get("title.de", type=XmlFragment))
    assert new_gen != gen
    assert "before the backup" in text
    assert "after" not in text
    assert _type(new_client, programme.name, restored, "and on")["ok"]
    for socket in (client, new_client):
        socket.disconnect()
    assert "Traceback" not in live_server.log


@pytest.mark.slow
def test_a_backup_is_taken_while_people_write(live_server: KlimawerkServer, any_database: str, tmp_path: Path) -> None:
    stamp()
    team = factories.partnership()
    programme = create_programme(team.partnership, languages=["en"], lead_language="en", by=None)
    client = live_server.socket(team.partner["editor"])
    document, _ = _join(client, programme.name)
    for number in range(10):
        assert _type(client, programme.name, document, f"word {number}", "title.en")["ok"]
        if number == 4:
            _run(live_server, "backup", str(tmp_path / "backup"))
    client.disconnect()
    with writing():
        summary = service.check_backup(tmp_path / "backup")
    assert summary.rows > 10


def _join(client: Client, name: str) -> tuple[Doc[Any], str]:
    answer = client.call("doc:join", {"doc": name}, timeout=10)
    assert answer["ok"], answer
    document: Doc[Any] = Doc()
    document.apply_update(b64decode(answer["u"]))
    return document, answer["gen"]


def _type(client: Client, name: str, document: Doc[Any], text: str, fragment_name: str = "title.de") -> dict[str, Any]:
    before = document.get_state()
    fragment = document.get(fragment_name, type=XmlFragment)
    paragraph = XmlElement("paragraph", {}, [XmlText(text)])
    fragment.children.append(paragraph)
    update = b64encode(document.get_update(before)).decode()
    return dict(client.call("doc:update", {"doc": name, "u": update}, timeout=10))


def _run(server: KlimawerkServer, *arguments: str) -> None:
    environment = {
        **os.environ,
        "KLIMAWERK_DATABASE_URL": server.database_url,
        "KLIMAWERK_INSTANCE": str(server.instance),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def _wait_for(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
