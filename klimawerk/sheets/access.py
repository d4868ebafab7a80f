"""Items are loaded through the person: who may not know of one gets the same 404 as for one that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from flask import abort

from klimawerk.collab.document_store import is_locked
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, member_or_404
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.edit_locks import lock_sentence
from klimawerk.sheets.models import Conflict, Item, Row
from klimawerk.sheets.update_lock import ItemLocked

ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Opened:
    """An item together with the person's place in its partnership."""

    item: Item
    member: Member
    locked: bool

    @property
    def writes(self) -> bool:
        """Whether the person may edit it while it is open for editing."""
        return self.member.may(Right.EDIT)

    @property
    def editable(self) -> bool:
        return self.writes and not self.locked and self.item.deleted_at is None

    @property
    def may_moderate(self) -> bool:
        return self.member.may(Right.MODERATE)


def readable_item(item_id: int) -> Opened:
    """The item, if the signed-in person may read it; else 404. Deleted ones are in the bin, not here."""
    item = db.session.get(Item, item_id)
    if item is None or item.frame.arriving:
        abort(404)
    member = member_or_404(item.frame.partnership_id)
    if not member.may(Right.READ) or item.deleted_at is not None:
        abort(404)
    return Opened(item, member, is_locked(item.name))


def allowed_item(item_id: int, right: Right) -> Opened:
    """The item, if the person may read it (else 404) and has `right` there (else 403)."""
    opened = readable_item(item_id)
    if not opened.member.may(right):
        abort(403)
    return opened


def writable_item(item_id: int) -> Opened:
    """The item, if the person may edit it now; 404 unknown, 403 without the right, 423 (Closed) while it is closed."""
    opened = allowed_item(item_id, Right.EDIT)
    if opened.locked:
        raise ItemLocked(lock_sentence(opened.item))
    return opened


def writable_row(row_id: str) -> tuple[Opened, Row]:
    """The row with its item, if the person may edit it now. A deleted row is found too: its answer is 409."""
    row = db.session.get(Row, row_id) or abort(404)
    return writable_item(row.item_id), row


def writable_conflict(conflict_id: int) -> tuple[Opened, Conflict]:
    conflict = db.session.get(Conflict, conflict_id) or abort(404)
    return writable_item(conflict.item_id), conflict


def of_kind(opened: Opened, kind: type[ItemT]) -> ItemT:
    """The opened item as a `kind`; 404 when it is something else."""
    return opened.item if isinstance(opened.item, kind) else abort(404)
