"""Authors of the single changes between two states of an item: who set a field, added or deleted a row, wrote in a
text, and when.

Only what is recorded is told: deleting words leaves no author, and moving a row neither. If one person alone changed
the item between the two states, all changes are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.sheets.models import FieldChange, Item, Row
from klimawerk.versions import comparison
from klimawerk.versions.comparison import Comparison, RowChange
from klimawerk.versions.history import names_of_contributors
from klimawerk.versions.models import Version

LAST_REV = 2**31 - 1


@dataclass(frozen=True)
class ChangeAuthor:
    """A person who took part in a change: display name, and code of the side ("" for neither)."""

    name: str
    side: str


@dataclass(frozen=True)
class ChangeRecord:
    """The authors of one change, and when the last of them made it; None if that is not known."""

    authors: tuple[ChangeAuthor, ...] = ()
    at: datetime | None = None


UNRECORDED = ChangeRecord()


@dataclass(frozen=True)
class ChangeAuthors:
    """The recorded changes: {(row id or "", field): {person: time of their last change}}; texts have the row "text"."""

    recorded: dict[tuple[str, str], dict[int, datetime]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    sides: dict[int, str] = field(default_factory=dict)

    def of_value(self, key: str) -> ChangeRecord:
        return self._record([("", key)])

    def of_text(self, fragment: str) -> ChangeRecord:
        return self._record([(_TEXT, fragment)])

    def of_row(self, row: RowChange) -> ChangeRecord:
        return self._record([(row.id, ""), *((row.id, cell.key) for cell in row.cells)])

    def _record(self, places: Iterable[tuple[str, str]]) -> ChangeRecord:
        latest: dict[int, datetime] = {}
        for place in places:
            for person, at in self.recorded.get(place, {}).items():
                latest[person] = max(at, latest.get(person, at))
        if not latest:
            alone = len(self.sides) == 1
            return ChangeRecord(tuple(self._author(person) for person in self.sides)) if alone else UNRECORDED
        newest_first = sorted(latest, key=lambda person: latest[person], reverse=True)
        return ChangeRecord(tuple(self._author(person) for person in newest_first), latest[newest_first[0]])

    def _author(self, person: int) -> ChangeAuthor:
        return ChangeAuthor(self.names.get(person, ""), self.sides[person])


_TEXT = "text"


def change_authors(
    item: Item, old: Version | None, new: Version | None, compared: Comparison, contributors: list[dict[str, Any]]
) -> ChangeAuthors:
    """The authors of what `compared` holds. `contributors`: everybody who changed the item between the two states."""
    sides = {person["id"]: person["side"] for person in contributors if isinstance(person["id"], int)}
    names = names_of_contributors(contributors)
    if old is None or not sides:
        return ChangeAuthors(names=names)
    recorded = _fields(item, old, new)
    for row_id, people in _rows(compared).items():
        recorded.setdefault((row_id, ""), {}).update(people)
    if compared.texts:
        recorded |= _texts(item, old, new, compared.texts)
    known = {place: {person: at for person, at in by.items() if person in sides} for place, by in recorded.items()}
    return ChangeAuthors(known, names, sides)


def _fields(item: Item, old: Version, new: Version | None) -> dict[tuple[str, str], dict[int, datetime]]:
    between = (FieldChange.rev > old.rev, FieldChange.rev <= (new.rev if new else LAST_REV))
    query = select(FieldChange.row_id, FieldChange.field, FieldChange.by, func.max(FieldChange.at))
    query = query.where(FieldChange.item_id == item.id, *between)
    query = query.group_by(FieldChange.row_id, FieldChange.field, FieldChange.by)
    recorded: dict[tuple[str, str], dict[int, datetime]] = {}
    for row_id, name, by, at in db.session.execute(query):
        if by is not None:
            recorded.setdefault((row_id or "", name), {})[by] = at
    return recorded


def _rows(compared: Comparison) -> dict[str, dict[int, datetime]]:
    """Who added or deleted each row."""
    kinds = {row.id: row.kind for rows in compared.rows.values() for row in rows}
    added = {id_ for id_, kind in kinds.items() if kind == comparison.ADDED}
    removed = {id_ for id_, kind in kinds.items() if kind == comparison.REMOVED}
    if not added | removed:
        return {}
    rows = db.session.scalars(select(Row).where(Row.id.in_(added | removed)))
    made = [(row.id, row.created_by, row.created_at) if row.id in added else _deletion(row) for row in rows]
    return {row_id: {by: at} for row_id, by, at in made if by is not None and at is not None}


def _deletion(row: Row) -> tuple[str, int | None, datetime | None]:
    return row.id, row.deleted_by, row.deleted_at


def _texts(
    item: Item, old: Version, new: Version | None, fragments: Iterable[str]
) -> dict[tuple[str, str], dict[int, datetime]]:
    """Who wrote the words of each text that came between the two states and still stand in it."""
    first, last = old.at.timestamp(), new.at.timestamp() if new else float("inf")
    recorded: dict[tuple[str, str], dict[int, datetime]] = {}
    for fragment, spans in document_store.stored_attribution(item.name).items():
        written = [span for span in spans if span.by is not None and first < span.at <= last]
        for span in sorted(written, key=lambda span: span.at) if fragment in fragments else ():
            assert span.by is not None
            recorded.setdefault((_TEXT, fragment), {})[span.by] = datetime.fromtimestamp(span.at, UTC)
    return recorded
