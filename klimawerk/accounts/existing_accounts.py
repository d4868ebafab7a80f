"""Row locks on accounts: check that they still exist, inside the transaction that writes for them.

A request loads its person when it begins; the account may have ended, or been erased, before the request writes. On
PostgreSQL the rows of `person` stay locked until the commit, so that erasing waits for transactions begun before it.
Lock order: a partnership (`partnerships.members.lock_partnerships`) before accounts.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.extensions import db


class AccountDeleted(Exception):
    """The account that the transaction writes for has ended, or been erased."""


def lock_existing(person_ids: Iterable[int]) -> set[int]:
    """Lock these accounts until the commit; returns the ids of those that have not ended. Inside `writing()`."""
    db.session.flush()
    query = select(Person).where(Person.id.in_(set(person_ids))).order_by(Person.id).with_for_update(key_share=True)
    people = db.session.scalars(query.execution_options(populate_existing=True)).all()
    return {person.id for person in people if person.ended_at is None}


def lock_if_exists(person_id: int) -> bool:
    """`lock_existing` for one account: whether it has not ended."""
    return person_id in lock_existing([person_id])


def lock_account(person_id: int) -> Person:
    """Lock the account until the commit and return it. Raises AccountDeleted. Inside `writing()`."""
    if not lock_if_exists(person_id):
        raise AccountDeleted
    return db.session.get_one(Person, person_id)


def lock_unless_erased(person_id: int) -> Person:
    """`lock_account` that accepts an ended account, as operators may change it; AccountDeleted only if erased."""
    lock_existing([person_id])
    person = db.session.get_one(Person, person_id)
    if person.erased_at is not None:
        raise AccountDeleted
    return person
