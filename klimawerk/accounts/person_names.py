"""Display names of people by id, also of people who were erased."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.extensions import db


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Display names by person id, in one query; ids without a row are left out."""
    query = select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return {person_id: display_name(name) for person_id, name in db.session.execute(query).all()}


def display_name(name: str) -> str:
    """The stored name; "Former member" in place of an erased one."""
    return name or str(_("Former member"))
