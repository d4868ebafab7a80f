"""How versions name other items: by keys, which stay the same wherever a programme moves; here they have numbers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.sheets.models import Item
from klimawerk.sheets.sheet_schema import sheet_of

KeyMap = dict[Any, int]
"""The number of each item of one programme by its key; by its number too, as format 1 had it."""


def keys_around(item_id: int) -> KeyMap:
    """All items of the programme that this one belongs to, also those in the bin."""
    frame = select(Item.frame_id).where(Item.id == item_id).scalar_subquery()
    return keys_of_frame(frame)


def keys_of_frame(frame_id: Any) -> KeyMap:
    """All items of one programme, also those in the bin."""
    found = db.session.execute(select(Item.key, Item.id).where(Item.frame_id == frame_id)).all()
    return {**dict(found), **{id_: id_ for _key, id_ in found}}


def with_keys(item: Item) -> dict[str, Any]:
    """The item's values as a version holds them."""
    names = _references(item.kind) & item.values.keys()
    if not names:
        return item.values
    wanted = {id_ for name in names for id_ in item.values[name]}
    known: dict[int, str] = dict(db.session.execute(select(Item.id, Item.key).where(Item.id.in_(wanted))).all())
    changed = {name: [known[id_] for id_ in item.values[name] if id_ in known] for name in names}
    return {**item.values, **changed}


def with_numbers(kind: str, values: dict[str, Any], known: KeyMap) -> dict[str, Any]:
    """The values of a version as the item itself would hold them."""
    names = _references(kind) & values.keys()
    return {**values, **{name: [known[key] for key in values[name] if key in known] for name in names}}


def _references(kind: str) -> set[str]:
    return {field.name for field in sheet_of(kind).fields.values() if field.kind == "measures"}
