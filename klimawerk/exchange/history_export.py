"""Writes the versions and editions of a programme as JSON of the exchange format.

Users are replaced by pseudonyms that are unique within the file ("p1", "p2"), with the side they belonged to. Of who
kept a version or made an edition, only the side is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from klimawerk import safe_json
from klimawerk.database import yield_if_due
from klimawerk.editions.edition_export import edition_json, format_moment, redaction_notes
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.editions.service import editions_of
from klimawerk.exchange.history_draft import FORMAT
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.sheets.item_kinds import kinds_in_files
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of_all
from klimawerk.text import clean_json
from klimawerk.versions import part_store, service
from klimawerk.versions.models import Version

Json = dict[str, Any]


def write_history(programme: Programme) -> Json | None:
    """The part "history" of a file; None if there is nothing except the versions that an import created."""
    items = _items(programme)
    versions = _versions([item.id for item in items])
    editions = list(reversed(editions_of(programme.id)))
    if not editions and all(version.reason == service.IMPORT for group in versions.values() for version in group):
        return None
    pseudonyms = _Pseudonyms(version for group in versions.values() for version in group)
    hashes = {
        key for group in versions.values() for version in group for key in part_store.manifest_head(version)[1].values()
    }
    parts = part_store.load_parts(hashes)
    rows = rows_of_all([item.id for item in items])
    out = {
        "format": FORMAT,
        "programme": programme.key,
        "items": [_item_out(item, rows.get(item.id, {}), versions.get(item.id, []), pseudonyms) for item in items],
        "editions": [{"purpose": edition.purpose, **edition_json(edition)} for edition in editions],
        "parts": {key: _loaded(parts[key]) for key in sorted(parts)},
        **redaction_notes(hashes),
    }
    normalised: Json = _normalised_except_hashed(out)
    return normalised


def _loaded(part: bytes) -> Any:
    yield_if_due()
    return safe_json.loads(part)


def _normalised_except_hashed(value: Any) -> Any:
    """Texts in normal form, except for those that hashes were computed from."""
    yield_if_due()
    if isinstance(value, dict):
        return {
            key: entry if key in ("parts", "manifest") else _normalised_except_hashed(entry)
            for key, entry in value.items()
        }
    return [_normalised_except_hashed(entry) for entry in value] if isinstance(value, list) else clean_json(value)


class _Pseudonyms:
    """One pseudonym per user, in the order of first appearance; pseudonyms from an imported file are kept."""

    def __init__(self, versions: Iterable[Version]) -> None:
        ids = list(dict.fromkeys(contributor["id"] for version in versions for contributor in version.contributors))
        used = {id_ for id_ in ids if isinstance(id_, str)}
        free = (name for number in range(1, 2 * len(ids) + 2) if (name := f"p{number}") not in used)
        self._names = {id_: id_ if isinstance(id_, str) else next(free) for id_ in ids}

    def out(self, version: Version) -> list[dict[str, str]]:
        return [
            {"id": self._names[contributor["id"]], "side": contributor["side"]} for contributor in version.contributors
        ]


def _items(programme: Programme) -> list[Item]:
    """All items that are not deleted, and deleted ones that an edition contains; goals before measures."""
    in_editions = (
        select(Version.item_id)
        .join(EditionPart, EditionPart.version_id == Version.id)
        .join(Edition, Edition.id == EditionPart.edition_id)
        .where(Edition.programme_id == programme.id)
    )
    query = select(Item).where(
        Item.frame_id == programme.frame_id,
        Item.kind.in_(kinds_in_files()),
        Item.deleted_at.is_(None) | Item.id.in_(in_editions),
    )
    items = list(db.session.scalars(query))
    return sorted([*items, *_deleted_goals_of(items)], key=_sort_key)


def _sort_key(item: Item) -> tuple[int, bool, str, str]:
    """Sort key: the same order in every installation."""
    return kinds_in_files().index(item.kind), item.deleted_at is not None, item.code, item.key


def _deleted_goals_of(items: list[Item]) -> list[Item]:
    """Deleted goals of deleted measures."""
    known = {item.id for item in items}
    needed = {getattr(item, "goal_id", None) for item in items} - known - {None}
    return list(db.session.scalars(select(Item).where(Item.id.in_(needed))))


def _versions(item_ids: list[int]) -> dict[int, list[Version]]:
    query = select(Version).where(Version.item_id.in_(item_ids)).order_by(Version.item_id, Version.number)
    rows = db.session.scalars(query.options(undefer(Version.manifest)))
    return {item_id: list(versions) for item_id, versions in groupby(rows, lambda version: version.item_id)}


def _item_out(item: Item, rows: dict[str, list[Any]], versions: list[Version], pseudonyms: _Pseudonyms) -> Json:
    out: Json = {"kind": item.kind, "code": item.code, "key": item.key}
    if item.deleted_at is not None:
        out["deleted"] = True
    else:
        out["rows"] = {kind: [row.id for row in rows[kind]] for kind in sorted(rows)}
    return out | {"versions": [_version_out(version, pseudonyms) for version in versions]}


def _version_out(version: Version, pseudonyms: _Pseudonyms) -> Json:
    return {
        "number": version.number,
        "at": format_moment(version.at),
        "reason": version.reason,
        "label": version.label,
        "note": version.note,
        "side": version.side,
        "contributors": pseudonyms.out(version),
        "manifest": safe_json.loads(version.manifest),
        "hash": version.hash,
    }
