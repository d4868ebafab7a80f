"""Actions on a whole item: create, order among siblings, set the writing language, lock and unlock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from klimawerk.collab.storage import document_store
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets import edit_locks, lock_service
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Frame, Item
from klimawerk.sheets.order_keys import key_between, moved_key
from klimawerk.sheets.update_lock import lock_for_update

WRITING_LANGUAGE_KEY = "writing language"
"""The key in `Item.revs` for the revision at which the writing language was last set."""

Texts = dict[str, dict[str, Any] | None]


def create_item(item: Item, *, values: dict[str, Any] | None, texts: Texts | None) -> None:
    """Store a new item with its first revision and its live document with all fragments; existing locks apply to it."""
    with writing():
        db.session.add(item)
        db.session.flush()
        rev = note(item.name)
        db.session.refresh(item.frame)  # languages may have been added since it was read
        item.values = dict(values or {})
        item.revs = dict.fromkeys(item.values, rev)
        fragments: Texts = dict.fromkeys(sheet_of(item.kind).fragments(item.frame.languages))
        document_store.create_document(item.name, {**fragments, **(texts or {})})
        edit_locks.lock_new_item(item)


def siblings(frame: Frame, kind: type[Item]) -> Sequence[Item]:
    """The items of one kind in a programme, in order, without those in the bin; also those that the session holds
    already are read as they are now."""
    query = select(kind).where(kind.frame_id == frame.id, kind.deleted_at.is_(None)).order_by(kind.order_key, kind.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def order_key_after(listed: Sequence[Item]) -> str:
    """An order key after all of `listed`. The list includes items in the bin, since they keep their place."""
    return key_between(max((item.order_key for item in listed), default=""), "")


def move_item(item: Item, listed: Sequence[Item], before: int | None, step: str = "") -> None:
    """Move `item` within `listed` (all items of the list in order, including the bin): see `order_keys.moved_key`."""
    listed_keys = [(sibling.id, sibling.order_key, sibling.deleted_at is not None) for sibling in listed]
    key = moved_key(listed_keys, item.id, before=before, step=step)
    if key:
        item.order_key = key


def set_writing_language(item: Item, language: str, *, by: int) -> None:
    """Set the language that all users write in for now; "" for none. Raises ValueError if the programme lacks it."""
    with writing():
        rev = lock_for_update(item)
        if language and language not in item.frame.languages:
            raise ValueError(language)
        item.revs = {**item.revs, WRITING_LANGUAGE_KEY: rev}
        item.writing_language = language


def lock_item(item: Item, reason: str, *, by: str) -> None:
    """Lock the item on behalf of a holder known by name only."""
    lock_service.lock(item, reason, lock_service.LockHolder(name=by))


def unlock_item(item: Item) -> None:
    """End every lock set on the item itself; locks on its goal or programme remain."""
    lock_service.end_locks_of(item)
