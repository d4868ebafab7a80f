"""`flask user`: the operator makes, lists and ends accounts, and every mistake is answered with a sentence."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from klimawerk.accounts import service
from klimawerk.extensions import db
from tests import factories


def test_a_new_account_can_sign_in_with_the_password_that_was_shown(app: Flask) -> None:
    made = _run(app, "add", "Ama@Example.org", "Ama Example", "--language", "en", "--generate")
    assert made.exit_code == 0
    password = made.output.split("Password: ")[1].strip()
    assert service.sign_in("ama@example.org", password) is not None
    assert service.sign_in("ama@example.org", password + "x") is None


def test_a_password_is_asked_for_twice_and_never_shown(app: Flask) -> None:
    typed = "a good passphrase\na good passphrase\n"
    made = _run(app, "add", "ama@example.org", "Ama Example", stdin=typed)
    assert made.exit_code == 0
    assert "passphrase" not in made.output
    assert service.sign_in("ama@example.org", "a good passphrase") is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "taken@example.org", "Somebody", "--generate"),
        ("add", "no address", "Somebody", "--generate"),
        ("add", "new@example.org", "Somebody", "--timezone", "Mars/Olympus", "--generate"),
        ("password", "nobody@example.org", "--generate"),
        ("end", "nobody@example.org", "--yes"),
        ("operator", "nobody@example.org"),
    ],
)
def test_a_mistake_is_a_sentence_and_changes_nothing(app: Flask, arguments: tuple[str, ...]) -> None:
    factories.person("Taken", email="taken@example.org")
    answer = _run(app, *arguments)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: ")
    assert answer.output.rstrip().endswith(".")
    assert len(service.list_people()) == 1


def test_a_new_password_replaces_the_old_one(app: Flask) -> None:
    person = factories.person(email="ama@example.org")
    shown = _run(app, "password", "ama@example.org", "--generate").output
    assert service.sign_in(person.email, factories.PASSWORD) is None
    assert service.sign_in(person.email, shown.split("It is: ")[1].strip()) is not None


def test_an_ended_account_is_listed_as_ended_and_cannot_sign_in(app: Flask) -> None:
    factories.person("Ama", email="ama@example.org")
    assert _run(app, "end", "ama@example.org", stdin="n\n").exit_code == 1
    assert service.sign_in("ama@example.org", factories.PASSWORD) is not None
    assert _run(app, "end", "ama@example.org", "--yes").exit_code == 0
    assert service.sign_in("ama@example.org", factories.PASSWORD) is None
    assert "ended" in _run(app, "list").output


def test_an_operator_is_made_and_unmade(app: Flask) -> None:
    factories.person("Ama", email="ama@example.org")
    assert "operator" not in _run(app, "list").output
    _run(app, "operator", "ama@example.org")
    assert "operator" in _run(app, "list").output
    _run(app, "operator", "ama@example.org", "--off")
    assert "operator" not in _run(app, "list").output


def _run(app: Flask, *arguments: str, stdin: str | None = None) -> Result:
    result = app.test_cli_runner().invoke(args=["user", *arguments], input=stdin)
    db.session.rollback()
    return result
