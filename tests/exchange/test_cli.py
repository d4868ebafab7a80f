"""The `flask` commands for import and export."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from klimawerk.exchange.demo import EXAMPLE
from klimawerk.extensions import db
from klimawerk.partnerships.access import my_memberships
from klimawerk.programmes.models import Programme
from tests import factories


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(arguments))
    db.session.rollback()
    return result.exit_code, result.output


def programmes() -> int:
    return db.session.scalar(select(func.count()).select_from(Programme)) or 0


def test_a_file_goes_in_and_comes_out_again(app: Flask, tmp_path: Path) -> None:
    user = factories.person()
    status, text = run(app, "import", str(EXAMPLE), "--owner", user.email, "--side", "partner")
    note, *rest = text.splitlines()
    assert (status, rest) == (0, ["Programme 1: 5 goals, 10 measures."])
    assert note.startswith("Note: measures[9] (ED-02) → period → start: "), "it began before the programme does"
    assert [m.side for m in my_memberships(user)] == ["partner"]
    assert run(app, "export", "1", str(tmp_path / "out.json"))[0] == 0
    assert run(app, "import", str(tmp_path / "out.json"))[0] == 0
    assert programmes() == 2


def test_a_check_imports_nothing(app: Flask) -> None:
    status, text = run(app, "import", "--check", str(EXAMPLE))
    assert status == 0
    assert "can be imported: 5 goals, 10 measures" in text
    assert programmes() == 0


def test_mistakes_are_said_without_a_trace(app: Flask, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(EXAMPLE.read_bytes().replace(b'"goal": "Z5"', b'"goal": "Z55"', 1))
    status, text = run(app, "import", str(bad))
    assert status == 1
    assert "is refused. measures[8] (ED-01) → goal: “Z55” is referred to, but is not in the file." in text
    assert run(app, "import", str(EXAMPLE), "--owner", "nobody@example.org")[0] == 1
    assert run(app, "export", "99") == (1, "Error: There is no programme 99. Known: none\n")
    assert programmes() == 0
