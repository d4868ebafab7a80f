"""The topic of a programme, which also tracks the order, outline and codes of its goals and measures.

All code notes it before the topics of goals and measures, so that transactions cannot deadlock."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import String, bindparam, cast, literal, or_, select
from sqlalchemy.orm import with_polymorphic

from klimawerk.database import may_be_outdated
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.live.models import Topic
from klimawerk.sheets.models import Item

ORDER = "order"
"""The key in `Item.revs` for the revision at which goals or measures were last created, deleted or moved."""

OUTLINE = "outline"
"""The key in `Item.revs` for the revision at which a title or code in the outline last changed."""

RATE = "rate"
"""The key in `Item.revs` for the revision at which the planning rate was last set."""


_HEAD = select(cast(Item.id, String)).where(Item.frame_id == bindparam("frame"), Item.kind == "programme").limit(1)
_IS_ITEM = Topic.name == bindparam("name", type_=String)
_REVISIONS = select(_IS_ITEM, Topic.rev).where(
    or_(_IS_ITEM, Topic.name == literal("programme:").concat(_HEAD.scalar_subquery()))
)


def programme_head(item: Item) -> Item:
    """The programme that the item belongs to."""
    return db.session.scalars(select(Item).where(Item.frame_id == item.frame_id, Item.kind == "programme")).one()


def revision_with_programme(item: Item) -> tuple[int, int]:
    """The revisions of the item's topic and of its programme's, read in one statement; the item is not older than
    that."""
    found = dict(db.session.execute(_REVISIONS, {"name": item.name, "frame": item.frame_id}).all())
    not_older(item)
    rev = found.get(True, 0)
    return rev, found.get(False, 0) or rev


def not_older(item: Item) -> None:
    """Read the item again where it may be older than the revisions that were read last: a select leaves an item as it
    is that the session holds already."""
    if may_be_outdated():
        db.session.refresh(item)


def all_not_older(items: Iterable[Item]) -> None:
    """`not_older` for several items, in one statement."""
    if may_be_outdated():
        any_kind = with_polymorphic(Item, "*")
        query = select(any_kind).where(any_kind.id.in_([item.id for item in items]))
        db.session.scalars(query.execution_options(populate_existing=True)).all()


def note_programme_key(head: Item, key: str) -> None:
    """Raise the programme's revision and store it under `key` (ORDER, OUTLINE). Call inside writing(); on PostgreSQL
    the topic's row stays locked until the commit."""
    rev = note(head.name)
    db.session.refresh(head)
    head.revs = {**head.revs, key: rev}
    db.session.flush()  # before `lock_for_update` refreshes the head
