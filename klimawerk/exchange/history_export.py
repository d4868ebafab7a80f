"""A programme's versions and editions to the format's JSON.

Persons are told apart by pseudonyms that mean nothing outside of the file ("p1", "p2"), with the side they stood on;
who kept a version or made an edition, by the side alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from klimawerk import safe_json
from klimawerk.editions.edition_export import edition_json, format_moment, redaction_notes
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.editions.service import editions_of
from klimawerk.exchange.history_draft import FORMAT
from klimawerk.extensions import db
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import rows_of_all
from klimawerk.text import clean_json
from klimawerk.versions import part_store, service
from klimawerk.versions.models import Version

Json = dict[str, Any]


def write_history(programme: Programme) -> Json | None:
    """What a file holds under "history"; None while there is nothing but what an import made by itself."""
    items = _items(programme)
    versions = _versions([item.id for item in items])
    editions = list(reversed(editions_of(programme.id)))
    if not editions and all(one.reason == service.IMPORT for some in versions.values() for one in some):
        return None
    names = _Pseudonyms(one for some in versions.values() for one in some)
    hashes = {key for some in versions.values() for one in some for key in part_store.manifest_head(one)[1].values()}
    parts = part_store.load_parts(hashes)
    rows = rows_of_all([item.id for item in items])
    out = {
        "format": FORMAT,
        "programme": programme.key,
        "items": [_item_out(item, rows.get(item.id, {}), versions.get(item.id, []), names) for item in items],
        "editions": [{"purpose": one.purpose, **edition_json(one)} for one in editions],
        "parts": {key: safe_json.loads(parts[key]) for key in sorted(parts)},
        **redaction_notes(hashes),
    }
    cleaned: Json = _normalised_except_hashed(out)
    return cleaned


def _normalised_except_hashed(value: Any) -> Any:
    """Texts in their one form, but for what hashes were made of."""
    if isinstance(value, dict):
        return {
            key: one if key in ("parts", "manifest") else _normalised_except_hashed(one) for key, one in value.items()
        }
    return [_normalised_except_hashed(one) for one in value] if isinstance(value, list) else clean_json(value)


class _Pseudonyms:
    """One for each person, in the order in which they first appear; those of an earlier file stay."""

    def __init__(self, versions: Iterable[Version]) -> None:
        ids = list(dict.fromkeys(one["id"] for version in versions for one in version.contributors))
        taken = {id_ for id_ in ids if isinstance(id_, str)}
        free = (name for number in range(1, 2 * len(ids) + 2) if (name := f"p{number}") not in taken)
        self._names = {id_: id_ if isinstance(id_, str) else next(free) for id_ in ids}

    def out(self, version: Version) -> list[dict[str, str]]:
        return [{"id": self._names[one["id"]], "side": one["side"]} for one in version.contributors]


def _items(programme: Programme) -> list[Item]:
    """All that is there, and of what lies in the bin what an edition needs: the goals before the measures."""
    in_editions = (
        select(Version.item_id)
        .join(EditionPart, EditionPart.version_id == Version.id)
        .join(Edition, Edition.id == EditionPart.edition_id)
        .where(Edition.programme_id == programme.id)
    )
    found = select(Item).where(
        Item.frame_id == programme.frame_id, Item.deleted_at.is_(None) | Item.id.in_(in_editions)
    )
    items = list(db.session.scalars(found))
    return sorted([*items, *_goals_of_gone(items)], key=_place)


def _place(item: Item) -> tuple[int, bool, str, str]:
    """The same order wherever the programme is."""
    return ("programme", "goal", "measure").index(item.kind), item.deleted_at is not None, item.code, item.key


def _goals_of_gone(items: list[Item]) -> list[Item]:
    """Goals in the bin that a measure in the bin stands under."""
    known = {item.id for item in items}
    needed = {getattr(item, "goal_id", None) for item in items} - known - {None}
    return list(db.session.scalars(select(Item).where(Item.id.in_(needed))))


def _versions(item_ids: list[int]) -> dict[int, list[Version]]:
    query = select(Version).where(Version.item_id.in_(item_ids)).order_by(Version.item_id, Version.number)
    found = db.session.scalars(query.options(undefer(Version.manifest)))
    return {item_id: list(some) for item_id, some in groupby(found, lambda version: version.item_id)}


def _item_out(item: Item, rows: dict[str, list[Any]], versions: list[Version], names: _Pseudonyms) -> Json:
    out: Json = {"kind": item.kind, "code": item.code, "key": item.key}
    if item.deleted_at is not None:
        out["deleted"] = True
    else:
        out["rows"] = {kind: [row.id for row in rows[kind]] for kind in sorted(rows)}
    return out | {"versions": [_version_out(version, names) for version in versions]}


def _version_out(version: Version, names: _Pseudonyms) -> Json:
    return {
        "number": version.number,
        "at": format_moment(version.at),
        "reason": version.reason,
        "label": version.label,
        "note": version.note,
        "side": version.side,
        "contributors": names.out(version),
        "manifest": safe_json.loads(version.manifest),
        "hash": version.hash,
    }
