"""`flask user`: the operator creates, lists and ends accounts; every error is a sentence."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from klimawerk.accounts import service
from klimawerk.accounts.models import Person
from klimawerk.database import writing
from klimawerk.extensions import db
from tests import factories


def test_a_new_account_can_sign_in_with_the_password_that_was_shown(app: Flask) -> None:
    result = _run(app, "add", "Ama@Example.org", "Ama Example", "--language", "en", "--generate")
    assert result.exit_code == 0
    password = result.output.split("Password: ")[1].strip()
    assert service.sign_in("ama@example.org", password) is not None
    assert service.sign_in("ama@example.org", password + "x") is None


def test_a_password_is_asked_for_twice_and_never_shown(app: Flask) -> None:
    typed = "a good passphrase\na good passphrase\n"
    result = _run(app, "add", "ama@example.org", "Ama Example", stdin=typed)
    assert result.exit_code == 0
    assert "passphrase" not in result.output
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


def _unconfirmed(email: str) -> Person:
    """An unconfirmed account, as made by an invitation whose link was shown to the inviting coordinator."""
    password_hash = service.password_hash(factories.PASSWORD, email)
    with writing():
        return service.add_person(
            email, "Anybody", password_hash, language="en", timezone="UTC", by=None, confirmed=False
        )


COMMANDS = [("operator",), ("password", "--generate"), ("end", "--yes"), ("erase", "--yes", "--anyway")]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("how_many", [1, 2])
def test_an_account_that_is_not_confirmed_is_never_taken_for_its_address(
    app: Flask, command: tuple[str, ...], how_many: int
) -> None:
    """Before, a stranger's account became an operator, being the only one with the address."""
    accounts = [_unconfirmed("colleague@example.org") for _ in range(how_many)]
    before = _run(app, "list").output
    answer = _run(app, *command, "colleague@example.org")
    assert answer.exit_code == 1
    assert "Nobody has confirmed the address colleague@example.org" in answer.output
    assert "flask user confirm" in answer.output
    assert answer.output.rstrip().endswith(", ".join(str(account.id) for account in accounts) + ".")
    assert _run(app, "list").output == before


@pytest.mark.parametrize("command", COMMANDS)
def test_it_can_be_named_by_its_number_and_once_confirmed_by_its_address(app: Flask, command: tuple[str, ...]) -> None:
    stranger = _unconfirmed("colleague@example.org")
    assert _run(app, *command, str(stranger.id)).exit_code == 0
    account = _unconfirmed("own@example.org")
    assert _run(app, "confirm", "--yes", account.email).exit_code == 0
    assert _run(app, *command, "own@example.org").exit_code == 0


def test_the_owner_is_found_by_the_address_whoever_else_has_it(app: Flask) -> None:
    """Negative control."""
    stranger, owner = _unconfirmed("own@example.org"), factories.person(email="own@example.org")
    assert _run(app, "operator", "own@example.org").exit_code == 0
    db.session.expire_all()
    assert (owner.operator, stranger.operator) == (True, False)


def _run(app: Flask, *arguments: str, stdin: str | None = None) -> Result:
    result = app.test_cli_runner().invoke(args=["user", *arguments], input=stdin)
    db.session.rollback()
    return result
