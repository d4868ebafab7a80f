"""Permission checks for Socket.IO: who may join an item's live document, and who may watch its topic.

Both depend on the user's membership in the item's partnership, and on the item's kind (`item_kinds.py`).
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from klimawerk import scalars
from klimawerk.accounts.models import Person
from klimawerk.collab.access import DocumentAccess
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, current_memberships
from klimawerk.partnerships.models import Membership, Partnership
from klimawerk.sheets.item_kinds import ItemKind, item_kinds
from klimawerk.sheets.models import Frame, Item

_MEMBERSHIPS_OF_ITEM = (
    select(Membership, Person, Item.kind, Item.deleted_at)
    .join(Person, Person.id == Membership.person_id)
    .join(Partnership, Partnership.id == Membership.partnership_id)
    .join(Frame, Frame.partnership_id == Partnership.id)
    .join(Item, Item.frame_id == Frame.id)
    .where(Person.id == bindparam("person"), Item.id == bindparam("item"), Partnership.deleted_at.is_(None))
    .options(joinedload(Membership.municipality))
)


class ItemReader(NamedTuple):
    """A user's membership in the partnership of an item, the item's kind, and whether the item is in the bin."""

    member: Member
    kind: ItemKind
    deleted: bool


def document_access(person_id: int, name: str) -> DocumentAccess | None:
    """The user's permissions on the live document `name` ("measure:7"); None if they may not read it."""
    kind, _, number = name.partition(":")
    try:
        id_ = scalars.item_id(number)
    except ValueError:
        return None
    reader = item_reader(person_id, id_) if kind in item_kinds and str(id_) == number else None
    if reader is None or reader.kind.name != kind or reader.deleted:
        return None
    member, write = reader.member, reader.kind.may_write(reader.member)
    return DocumentAccess(
        read=True,
        write=write,
        reason="" if write else "role",
        name=member.person.name,
        side=member.side,
        place=municipality_name(member),
        role=member.role,
    )


def may_watch(person_id: int, item_id: int) -> bool:
    """Whether the user may watch the topic of the item, which may be in the bin."""
    return item_reader(person_id, item_id) is not None


def municipality_name(member: Member) -> str:
    """The name of the member's municipality, else of the first one on their side; "" for neutral members."""
    if member.membership.municipality:
        return member.membership.municipality.name
    return next((m.name for m in member.partnership.municipalities if m.side == member.side), "")


def item_reader(person_id: int, item_id: int) -> ItemReader | None:
    """The user's membership for the item, bin included; None if they may not read it, or it does not exist.

    One query, built once when the module is loaded: each page that opens runs it for every one of its topics and texts.
    """
    rows = db.session.execute(_MEMBERSHIPS_OF_ITEM, {"person": person_id, "item": item_id}).all()
    members = current_memberships(rows[0].Person, [row.Membership for row in rows]) if rows else []
    kind = item_kinds.get(rows[0].kind) if members else None
    if kind is None or not kind.may_read(members[0]):
        return None
    return ItemReader(members[0], kind, rows[0].deleted_at is not None)
