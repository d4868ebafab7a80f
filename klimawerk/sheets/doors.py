"""Who may join an item's live document and watch its topic: the answer for both is the item's partnership."""

from __future__ import annotations

from klimawerk.accounts.models import Person
from klimawerk.collab import access
from klimawerk.collab.access import Access
from klimawerk.extensions import db
from klimawerk.live import topics
from klimawerk.partnerships.access import Member, member_of
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.models import Item

KINDS = ("programme", "goal", "measure")


def init_app() -> None:
    access.register(access_to)
    for kind in KINDS:
        topics.register(kind, may_watch)


def access_to(person_id: int, name: str) -> Access | None:
    """What the person may do with the document "measure:7"; None when they may not know of it."""
    kind, _, number = name.partition(":")
    member = _member(person_id, int(number)) if kind in KINDS and number.isascii() and number.isdigit() else None
    item = db.session.get(Item, int(number)) if member else None
    if member is None or item is None or item.kind != kind or item.deleted_at is not None:
        return None
    return Access(
        read=True,
        write=member.may(Right.EDIT),
        reason="" if member.may(Right.EDIT) else "role",
        name=member.person.name,
        side=member.side,
        place=place_of(member),
        role=member.role,
    )


def may_watch(person_id: int, item_id: int) -> bool:
    return _member(person_id, item_id) is not None


def place_of(member: Member) -> str:
    """The name of the member's municipality; "" for people on neither side."""
    if member.membership.municipality:
        return member.membership.municipality.name
    return next((m.name for m in member.partnership.municipalities if m.side == member.side), "")


def _member(person_id: int, item_id: int) -> Member | None:
    person = db.session.get(Person, person_id)
    item = db.session.get(Item, item_id)
    member = member_of(person, item.frame.partnership_id) if person and item else None
    return member if member and member.may(Right.READ) else None
