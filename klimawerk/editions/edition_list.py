"""List entries of editions, with names and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from klimawerk.accounts.person_names import names_of
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.editions.service import PURPOSES
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.sheets.code_labels import side_names
from klimawerk.sheets.models import Item
from klimawerk.versions.models import Version


@dataclass(frozen=True)
class EditionEntry:
    """An edition. `by`: who made it, with the municipality; `goals` and `measures`: their numbers."""

    edition: Edition
    by: str
    goals: int
    measures: int

    visited = False  # as versions in a picker

    @property
    def number(self) -> str:
        return str(self.edition.number)

    @property
    def title(self) -> str:
        return self.edition.name

    @property
    def at(self) -> datetime:
        return self.edition.at

    @property
    def purpose(self) -> str:
        return str(PURPOSES.get(self.edition.purpose, self.edition.purpose))


def edition_entries(editions: Sequence[Edition], programme: Programme) -> list[EditionEntry]:
    """Entries with names and counts, in two queries for any number of editions."""
    person_ids = {edition.by for edition in editions if edition.by}
    names = names_of(person_ids)
    sides = side_names(programme.frame.partnership)
    counts = _counts([edition.id for edition in editions])
    return [
        EditionEntry(
            edition,
            _by(edition, names, sides),
            counts.get((edition.id, "goal"), 0),
            counts.get((edition.id, "measure"), 0),
        )
        for edition in editions
    ]


def _by(edition: Edition, names: dict[int, str], sides: dict[str, str]) -> str:
    place = sides.get(edition.side, "")
    name = names.get(edition.by or 0, str(_("Somebody")))
    return f"{name} ({place})" if place else name


def _counts(ids: list[int]) -> dict[tuple[int, str], int]:
    query = (
        select(EditionPart.edition_id, Item.kind, func.count())
        .join(Version, Version.id == EditionPart.version_id)
        .join(Item, Item.id == Version.item_id)
        .where(EditionPart.edition_id.in_(ids))
        .group_by(EditionPart.edition_id, Item.kind)
    )
    return {(id_, kind): count for id_, kind, count in db.session.execute(query).all()}
