"""The topic of a programme, which also tracks the order, outline and codes of its goals and measures.

All code notes it before the topics of goals and measures, so that transactions cannot deadlock."""

from __future__ import annotations

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets.models import Item

ORDER = "order"
"""The key in `Item.revs` for the revision at which goals or measures were last created, deleted or moved."""

OUTLINE = "outline"
"""The key in `Item.revs` for the revision at which a title or code in the outline last changed."""


def programme_head(item: Item) -> Item:
    """The programme that the item belongs to."""
    return db.session.scalars(select(Item).where(Item.frame_id == item.frame_id, Item.kind == "programme")).one()


def note_programme_key(head: Item, key: str) -> None:
    """Raise the programme's revision and store it under `key` (ORDER, OUTLINE). Call inside writing(); on PostgreSQL
    the topic's row stays locked until the commit."""
    rev = note(head.name)
    db.session.refresh(head)
    head.revs = {**head.revs, key: rev}
    db.session.flush()  # before `lock_for_update` refreshes the head
