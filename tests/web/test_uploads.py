"""Limits on concurrent large uploads, per person and in total."""

from __future__ import annotations

import io
import threading

import pytest
from flask import Flask

from klimawerk.accounts.models import Person
from klimawerk.web import uploads
from tests import factories
from tests.client import ProofReader

LARGE = uploads.LARGE_UPLOAD + 1


class BlockingBody(io.BytesIO):
    """A request body that blocks until `go_on`; `begun` is set when the server reads it."""

    def __init__(self, go_on: threading.Event) -> None:
        super().__init__(b"x" * LARGE)
        self.begun, self._go_on = threading.Event(), go_on

    def readinto(self, buffer: object) -> int:
        return self._wait() or super().readinto(buffer)  # type: ignore[arg-type]

    def read(self, *size: int | None) -> bytes:
        self._wait()
        return super().read(*size)

    def _wait(self) -> int:
        self.begun.set()
        self._go_on.wait(30)
        return 0


@pytest.fixture
def under_way(app: Flask):  # type: ignore[no-untyped-def]
    """`under_way(person)` starts a large upload that lasts until the end of the test."""
    go_on, threads = threading.Event(), []

    def begin(person: Person) -> None:
        client, body = signed_in(app, person), BlockingBody(go_on)
        thread = threading.Thread(target=lambda: send(client, body), daemon=True)
        thread.start()
        threads.append(thread)
        assert body.begun.wait(20)

    yield begin
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert uploads.running().total() == 0


def signed_in(app: Flask, person: Person) -> ProofReader:
    client = app.test_client()
    assert isinstance(client, ProofReader)
    client.login(person)
    return client


def send(client: ProofReader, body: io.BytesIO, size: int = LARGE) -> int:
    with client.application.app_context():
        kind = "application/x-www-form-urlencoded"
        headers = {"Content-Length": str(size)}
        return client.post("/account", input_stream=body, headers=headers, content_type=kind).status_code


def test_a_third_large_file_of_one_person_waits_and_nobody_elses_does(app: Flask, under_way) -> None:  # type: ignore[no-untyped-def]
    greedy, other = factories.person(), factories.person()
    for _ in range(uploads.MOST_OF_PERSON):
        under_way(greedy)
    client = signed_in(app, greedy)
    body = io.BytesIO(b"x" * LARGE)
    assert send(client, body) == 429
    assert body.tell() == 0, "nothing of it is read"
    assert send(client, io.BytesIO(b"name=Ama"), 8) == 302, "small forms go on"
    assert send(signed_in(app, other), io.BytesIO(b"x" * LARGE)) != 429


def test_all_people_together_have_so_many(app: Flask, under_way, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(uploads, "MOST", 2)
    for _ in range(2):
        under_way(factories.person())
    client = signed_in(app, factories.person())
    assert send(client, io.BytesIO(b"x" * LARGE)) == 429


def test_places_are_given_back_also_after_a_body_that_is_refused(app: Flask) -> None:
    person = factories.person()
    client = signed_in(app, person)
    for _ in range(uploads.MOST_OF_PERSON + 2):
        assert send(client, io.BytesIO(b"x" * LARGE)) in (400, 413, 422)
