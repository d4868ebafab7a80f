"""Whether accounts are still there, asked inside the transaction that writes for them.

A request loads its person when it begins; the account may have ended, or been erased, before the request writes. On
PostgreSQL the rows of `person` stay locked until the commit, so that erasing waits for what was begun before it. In a
verb that takes a partnership's turn, too (`partnerships.members.take_turn`), these rows come second.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.extensions import db


class AccountDeleted(Exception):
    """The account that this was to be written for has ended, or been erased."""


def lock_existing(person_ids: Iterable[int]) -> set[int]:
    """Those of them whose account is there, kept from others until the commit. Inside `writing()`."""
    db.session.flush()
    query = select(Person).where(Person.id.in_(set(person_ids))).order_by(Person.id).with_for_update(key_share=True)
    found = db.session.scalars(query.execution_options(populate_existing=True)).all()
    return {person.id for person in found if person.ended_at is None}


def lock_if_exists(person_id: int) -> bool:
    """`held` for one."""
    return person_id in lock_existing([person_id])


def lock_account(person_id: int) -> Person:
    """The person, kept from others until the commit. Raises AccountGone. Inside `writing()`."""
    if not lock_if_exists(person_id):
        raise AccountDeleted
    return db.session.get_one(Person, person_id)


def lock_unless_erased(person_id: int) -> Person:
    """`require` for an account that may have ended, and can be changed then by an operator. Raises AccountGone."""
    lock_existing([person_id])
    person = db.session.get_one(Person, person_id)
    if person.erased_at is not None:
        raise AccountDeleted
    return person
