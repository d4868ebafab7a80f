"""Names of people by their numbers, wherever somebody is named who may have been erased."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.extensions import db


def names_of(numbers: Iterable[int]) -> dict[int, str]:
    """The names of those whom there is a row of, in one query; "Former member" for who was erased."""
    query = select(Person.id, Person.name).where(Person.id.in_(set(numbers)))
    return {number: display_name(name) for number, name in db.session.execute(query).all()}


def display_name(name: str) -> str:
    """The name as it is in the database, or what stands in its place."""
    return name or str(_("Former member"))
