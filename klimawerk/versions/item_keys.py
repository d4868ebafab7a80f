"""References between items in versions: stored as keys, which are the same in every installation, not as local ids."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item

KeyMap = dict[Any, int]
"""Local id of each item of one programme by its key. Also by its id, which format 1 used."""


def keys_around(item_id: int) -> KeyMap:
    """All items of the programme that this item belongs to, including those in the bin."""
    frame = select(Item.frame_id).where(Item.id == item_id).scalar_subquery()
    return keys_of_frame(frame)


def keys_of_frame(frame_id: Any) -> KeyMap:
    """All items of one programme, including those in the bin."""
    pairs = db.session.execute(select(Item.key, Item.id).where(Item.frame_id == frame_id)).all()
    return {**dict(pairs), **{id_: id_ for _key, id_ in pairs}}


def with_keys(item: Item) -> dict[str, Any]:
    """The item's values as a version stores them: references as keys."""
    fields = _reference_fields(item.kind) & item.values.keys()
    if not fields:
        return item.values
    ids = {id_ for name in fields for id_ in item.values[name]}
    key_by_id: dict[int, str] = dict(db.session.execute(select(Item.id, Item.key).where(Item.id.in_(ids))).all())
    replaced = {name: [key_by_id[id_] for id_ in item.values[name] if id_ in key_by_id] for name in fields}
    return {**item.values, **replaced}


def with_numbers(kind: str, values: dict[str, Any], known: KeyMap) -> dict[str, Any]:
    """The values of a version as the item itself would store them: references as local ids, without unknown ones."""
    fields = _reference_fields(kind) & values.keys()
    return {**values, **{name: [known[key] for key in values[name] if key in known] for name in fields}}


def _reference_fields(kind: str) -> set[str]:
    return {field.name for field in sheet_of(kind).fields.values() if field.kind == "measures"}
