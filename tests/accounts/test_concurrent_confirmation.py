"""Two accounts of one address are confirmed at the same moment: one of them is, and the other is told."""

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
Again = Callable[[], object]
Door = Callable[[Person], Again]


def unconfirmed() -> Person:
    with writing():
        return service.add_person(EMAIL, "Ama", "", language="en", timezone="UTC", by=None, confirmed=False)


def by_hand(person: Person) -> Again:
    return lambda: service.confirm(person, by=None)


def by_mail(person: Person) -> Again:
    with writing():
        token = expiring_links.create_link(expiring_links.CONFIRM, by=None, person=person)[1]
    return lambda: expiring_links.confirm(token, "another passphrase")


def by_reset(person: Person) -> Again:
    with writing():
        token = expiring_links.create_link(
            expiring_links.RESET, by=None, person=person, payload={expiring_links.VERIFIED_BY_MAIL: True}
        )[1]
    return lambda: expiring_links.reset_password(token, "another passphrase")


def by_invitation(person: Person) -> Again:
    team = factories.partnership()
    inviter = member_of(team.de["coordinator"], team.partnership.id)
    assert inviter
    number = person.id
    link, token = invitations.invite(inviter, invitations.Invitation(EMAIL, "de", "editor", "en"))
    expiring_links.was_mailed(link)
    return lambda: invitations.accept(token, db.session.get_one(Person, number))


def outcome(door: Again) -> str:
    try:
        door()
    except service.EmailTaken:
        return "taken"
    return "done"


DOORS = [
    (by_hand, "taken"),
    (by_mail, "taken"),
    (by_reset, "done"),  # a new password, without the address
    (by_invitation, "done"),
]


@pytest.mark.parametrize(("door", "said"), DOORS)
def test_the_second_one_is_told_and_not_confirmed(app: Flask, door: Door, said: str) -> None:
    first, second = unconfirmed(), unconfirmed()
    again = door(second)
    service.confirm(first, by=None)
    assert outcome(again) == said
    assert confirmed() == [first.id]


@pytest.mark.slow
@pytest.mark.parametrize(("door", "said"), DOORS)
def test_also_while_the_first_ones_transaction_is_open(
    postgresql_address: str, app: Flask, door: Door, said: str
) -> None:
    """It was an IntegrityError: Something went wrong on our side."""
    first, second = unconfirmed(), unconfirmed()
    first_id, again, seen = first.id, door(second), []
    db.session.rollback()

    def second_one() -> None:
        with app.app_context():
            try:
                seen.append(outcome(again))
            except Exception as error:
                seen.append(type(error).__name__)
            db.session.remove()

    with being_confirmed(first_id):
        thread = threading.Thread(target=second_one, daemon=True)
        thread.start()
        wait_for_lock(thread)
    thread.join(30)
    assert seen == [said]
    assert confirmed() == [first_id]


@contextmanager
def being_confirmed(person_id: int) -> Iterator[None]:
    """Confirmed by a transaction that commits at the end of the block."""
    with db.engine.begin() as connection:
        change = text("UPDATE person SET confirmed_at = :at WHERE id = :id")
        connection.execute(change, {"at": now().replace(tzinfo=None), "id": person_id})
        yield


def wait_for_lock(thread: threading.Thread) -> None:
    """Until somebody waits for the open transaction, or has not had to."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with db.engine.connect() as connection:
        while thread.is_alive() and not connection.scalar(waiting):
            connection.rollback()
            thread.join(0.01)


def confirmed() -> list[int]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(db.select(Person.id).where(Person.email == EMAIL, Person.confirmed_at.is_not(None))))
