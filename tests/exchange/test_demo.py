"""The demonstration fills an empty database once, and does not change one with real data."""

from __future__ import annotations

import dataclasses
import stat

import pytest
from flask import Flask
from sqlalchemy import func, select

from klimawerk.accounts.models import Person
from klimawerk.accounts.service import InvalidInput, set_password, sign_in
from klimawerk.exchange import demo
from klimawerk.exchange.service import import_programme
from klimawerk.extensions import db
from klimawerk.partnerships.access import my_memberships
from klimawerk.programmes.models import Programme
from tests import factories
from tests.exchange.conftest import EXAMPLE, Census


def with_password(app: Flask, password: str | None) -> None:
    app.extensions["klimawerk"] = dataclasses.replace(app.extensions["klimawerk"], demo_password=password)


def test_an_empty_database_gets_the_example_and_an_account_for_each_role_and_side(app: Flask) -> None:
    accounts = demo.ensure_demo()
    assert {(account.side, account.role) for account in accounts} == {
        *((side, role) for side in ("de", "partner") for role in ("coordinator", "editor", "reviewer", "observer")),
        ("neutral", "moderator"),
    }
    for account in accounts:
        person = sign_in(account.email, account.password)
        assert person is not None
        assert person.demo
        assert [(m.side, m.role) for m in my_memberships(person)] == [(account.side, account.role)]
    assert db.session.scalar(select(func.count()).select_from(Programme)) == 1


def test_a_second_start_changes_nothing_and_tells_the_same_password(app: Flask, census: Census) -> None:
    first, before = demo.ensure_demo(), census()
    assert demo.ensure_demo() == first
    assert census() == before
    password_file = app.extensions["klimawerk"].instance / "demo_password"
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600


def test_the_password_of_the_environment_holds_from_the_next_start(app: Flask) -> None:
    random = demo.ensure_demo()[0]
    with_password(app, "a password of my own")
    assert {account.password for account in demo.ensure_demo()} == {"a password of my own"}
    assert sign_in(random.email, "a password of my own")
    assert sign_in(random.email, random.password) is None
    with_password(app, "short")
    with pytest.raises(InvalidInput):
        demo.ensure_demo()


def test_what_is_printed_is_true_even_after_somebody_changed_it(app: Flask) -> None:
    account = demo.ensure_demo()[0]
    person = db.session.scalars(select(Person).where(Person.email == account.email)).one()
    set_password(person, "changed by a visitor", by=person)
    assert demo.ensure_demo()[0] == account
    assert sign_in(account.email, account.password)


def test_a_database_with_real_people_is_left_alone(app: Flask, census: Census) -> None:
    factories.person()
    before = census()
    assert demo.ensure_demo() == []
    assert census() == before


def test_a_database_with_an_imported_programme_is_left_alone(app: Flask, census: Census) -> None:
    import_programme(EXAMPLE, by=None)
    before = census()
    assert demo.ensure_demo() == []
    assert census() == before


def test_once_a_real_person_has_joined_no_demo_password_is_set_any_more(app: Flask) -> None:
    account = demo.ensure_demo()[0]
    factories.person()
    with_password(app, "another password")
    assert demo.ensure_demo() == []
    assert sign_in(account.email, "another password") is None
