"""Two accounts of one address are confirmed concurrently: one succeeds, the other gets EmailTaken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import text

from klimawerk.accounts import expiring_links, service
from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.partnerships import invitations
from klimawerk.partnerships.access import member_of
from tests import factories

EMAIL = "ama@example.org"
Attempt = Callable[[], object]
PreparedWay = Callable[[Person], Attempt]


def unconfirmed() -> Person:
    with writing():
        return service.add_person(EMAIL, "Ama", "", language="en", timezone="UTC", by=None, confirmed=False)


def by_hand(person: Person) -> Attempt:
    return lambda: service.confirm(person, by=None)


def by_mail(person: Person) -> Attempt:
    with writing():
        token = expiring_links.create_link(expiring_links.CONFIRM, by=None, person=person)[1]
    return lambda: expiring_links.confirm(token, "another passphrase")


def by_reset(person: Person) -> Attempt:
    with writing():
        token = expiring_links.create_link(
            expiring_links.RESET, by=None, person=person, payload={expiring_links.VERIFIED_BY_MAIL: True}
        )[1]
    return lambda: expiring_links.reset_password(token, "another passphrase")


def by_invitation(person: Person) -> Attempt:
    team = factories.partnership()
    inviter = member_of(team.de["coordinator"], team.partnership.id)
    assert inviter
    person_id = person.id
    link, token = invitations.invite(inviter, invitations.Invitation(EMAIL, "de", "editor", "en"))
    expiring_links.was_mailed(link)
    return lambda: invitations.accept(token, db.session.get_one(Person, person_id))


def outcome(attempt: Attempt) -> str:
    try:
        attempt()
    except service.EmailTaken:
        return "taken"
    return "done"


WAYS = [
    (by_hand, "taken"),
    (by_mail, "taken"),
    (by_reset, "done"),  # a new password, without the address
    (by_invitation, "done"),
]


@pytest.mark.parametrize(("prepare", "expected"), WAYS)
def test_the_second_one_is_told_and_not_confirmed(app: Flask, prepare: PreparedWay, expected: str) -> None:
    first, second = unconfirmed(), unconfirmed()
    attempt = prepare(second)
    service.confirm(first, by=None)
    assert outcome(attempt) == expected
    assert confirmed_ids() == [first.id]


@pytest.mark.slow
@pytest.mark.parametrize(("prepare", "expected"), WAYS)
def test_also_while_the_first_ones_transaction_is_open(
    postgresql_address: str, app: Flask, prepare: PreparedWay, expected: str
) -> None:
    """Before, this was an IntegrityError, and the page said: Something went wrong on our side."""
    first, second = unconfirmed(), unconfirmed()
    first_id, attempt, outcomes = first.id, prepare(second), []
    db.session.rollback()

    def confirm_second() -> None:
        with app.app_context():
            try:
                outcomes.append(outcome(attempt))
            except Exception as error:
                outcomes.append(type(error).__name__)
            db.session.remove()

    with open_confirmation(first_id):
        thread = threading.Thread(target=confirm_second, daemon=True)
        thread.start()
        wait_for_lock(thread)
    thread.join(30)
    assert outcomes == [expected]
    assert confirmed_ids() == [first_id]


@contextmanager
def open_confirmation(person_id: int) -> Iterator[None]:
    """Context: a transaction that has confirmed the person, and commits at the end."""
    with db.engine.begin() as connection:
        change = text("UPDATE person SET confirmed_at = :at WHERE id = :id")
        connection.execute(change, {"at": now().replace(tzinfo=None), "id": person_id})
        yield


def wait_for_lock(thread: threading.Thread) -> None:
    """Wait until a transaction waits for a lock, or the thread has ended without waiting."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with db.engine.connect() as connection:
        while thread.is_alive() and not connection.scalar(waiting):
            connection.rollback()
            thread.join(0.01)


def confirmed_ids() -> list[int]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(db.select(Person.id).where(Person.email == EMAIL, Person.confirmed_at.is_not(None))))
