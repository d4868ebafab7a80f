"""While the disk is full every route responds with a message and 503, and none fails otherwise."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from klimawerk.database import WRITE_FAILURES, writing
from klimawerk.extensions import db
from klimawerk.live import changes
from tests import factories
from tests.client import ProofReader
from tests.factories import Team
from tests.faults.small_disk import disk, full, sqlite_address

__all__ = ["disk", "sqlite_address"]
CALM = "The server cannot store or read anything just now.", "Der Server kann gerade nichts speichern"


@pytest.fixture(autouse=True)
def _as_served(app: Flask) -> None:
    """Exceptions after the view has responded are handled too, and not raised into the test."""
    app.config["PROPAGATE_EXCEPTIONS"] = False


@pytest.fixture
def full_disk(app: Flask, team: Team, disk: Path) -> Iterator[None]:
    """The disk is full until the test is over."""
    with filled(disk):
        yield


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not even the smallest change fits: free pages inside of the file are used up too."""
    with full(disk):
        with suppress(*WRITE_FAILURES):
            for number in range(500):
                with writing():
                    changes.note(f"measure:{number}" + "x" * 70)
        yield


def is_unavailable(answer: TestResponse) -> bool:
    said = any(sentence in answer.text for sentence in CALM)
    return answer.status_code == 503 and said and answer.headers["Retry-After"] == "10"


@pytest.mark.parametrize("path", ["/login", "/forgot"])
def test_a_stranger_gets_the_pages_for_signing_in_although_nothing_can_be_stored(
    full_disk: None, client: ProofReader, path: str
) -> None:
    assert client.get(path).status_code == 200


def test_who_signs_in_is_told_so_and_can_do_it_afterwards(
    app: Flask, team: Team, disk: Path, client: ProofReader
) -> None:
    person = team.de["editor"]
    signs = {"email": person.email, "password": factories.PASSWORD}
    assert client.get("/login").status_code == 200
    with filled(disk):
        assert is_unavailable(client.post("/login", data=signs))
        assert is_unavailable(client.post("/login", data={**signs, "password": "something else"}))
    assert client.post("/login", data=signs).status_code == 302


def test_who_is_signed_in_goes_on_reading_and_what_cannot_be_stored_is_said_at_every_door(
    app: Flask, team: Team, disk: Path, client: ProofReader
) -> None:
    client.login(team.de["coordinator"])
    factories.measure(factories.programme(team))
    stumbled, read = [], 0
    with filled(disk):
        for rule in app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                answer = _asked(client, rule, method)
                read += method == "GET" and answer.status_code == 200
                if answer.status_code >= 500 and not is_unavailable(answer):
                    stumbled.append(f"{method} {rule.rule}: {answer.status_code}")
    assert stumbled == []
    assert read > 20


def _asked(client: ProofReader, rule: Rule, method: str) -> TestResponse:
    """For the first object of each kind, without proof-reading, since parts of pages are requested too."""
    address = re.sub(r"<[^>]+>", "1", rule.rule)
    with client.application.app_context():
        answer = FlaskClient.open(client, address, method=method, headers={"X-CSRFToken": client.token})
    db.session.rollback()
    return answer


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 503), (errno.EDQUOT, 503), (errno.EACCES, 500)])
def test_a_file_that_finds_no_room_is_the_same_and_any_other_fault_is_not(
    app: Flask, client: ProofReader, number: int, status: int
) -> None:
    """An upload is spooled to a file; the last one is the negative control."""

    def stumble() -> str:
        raise OSError(number, "no")

    app.add_url_rule("/stumble", "stumble", stumble)
    answer = client.get("/stumble")
    assert answer.status_code == status
    assert is_unavailable(answer) == (status == 503)
