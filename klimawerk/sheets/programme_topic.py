"""The head of a programme, whose topic stands for what its goals and measures have in common: their order, their
outline, their codes. It is noted before any of their own topics, everywhere, so that nobody waits in a circle."""

from __future__ import annotations

from sqlalchemy import select

from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets.models import Item

ORDER = "order"
"""Under this key a programme's `revs` hold when its goals and measures last came, went or moved."""

OUTLINE = "outline"
"""Under this key they hold when a title or a code in the outline last changed."""


def programme_head(item: Item) -> Item:
    """The programme that the item belongs to."""
    return db.session.scalars(select(Item).where(Item.frame_id == item.frame_id, Item.kind == "programme")).one()


def note_programme_key(head: Item, key: str) -> None:
    """Something of that kind changes. Inside writing(); until the commit it is nobody else's turn to do that."""
    rev = note(head.name)
    db.session.refresh(head)
    head.revs = {**head.revs, key: rev}
    db.session.flush()  # what is noted is not lost when the head itself is held, which reads it anew
