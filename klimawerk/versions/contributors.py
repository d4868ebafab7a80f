"""Contributors: who changed an item since a version of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, union

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.partnerships.models import Membership
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.versions.models import Version


@dataclass(frozen=True)
class Contributor:
    """A person's id and the side of their membership ("" for a former member)."""

    id: int
    side: str


def contributors_since(item_id: int, since: Version | None) -> list[Contributor]:
    """Persons who set a field, wrote in a text or deleted a row since that version, ordered by id."""
    item = db.session.get_one(Item, item_id)
    rev, seq = (since.rev, since.seq) if since else (0, 0)
    fields = select(FieldChange.by).where(FieldChange.item_id == item_id, FieldChange.rev > rev)
    rows = select(Row.deleted_by).where(Row.item_id == item_id, Row.rev > rev)
    people = {person_id for person_id in db.session.scalars(union(fields, rows)) if person_id is not None}
    people |= document_store.writers_since(item.name, seq)
    sides = _sides(item.frame.partnership_id, people)
    return [Contributor(person_id, sides.get(person_id, "")) for person_id in sorted(people)]


def _sides(partnership_id: int, people: set[int]) -> dict[int, str]:
    query = select(Membership.person_id, Membership.side).where(
        Membership.partnership_id == partnership_id, Membership.person_id.in_(people)
    )
    return dict(db.session.execute(query).all())
