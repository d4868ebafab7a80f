"""Permission checks for items: each function loads an item and aborts unless the signed-in user has the right to it.

A user who may not read an item gets the same 404 as for an item that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from flask import abort

from klimawerk.collab.storage.document_store import is_locked
from klimawerk.extensions import db
from klimawerk.partnerships.access import Member, member_or_404
from klimawerk.partnerships.rights import Right
from klimawerk.sheets.edit_locks import lock_sentence
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import Conflict, Item, Row
from klimawerk.sheets.update_lock import ItemLocked

ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Opened:
    """An item and the user's membership in its partnership. `locked`: whether the item is closed for editing."""

    item: Item
    member: Member
    locked: bool

    @property
    def writes(self) -> bool:
        """Whether the user may edit the item while it is not locked."""
        return item_kinds[self.item.kind].may_write(self.member)

    @property
    def editable(self) -> bool:
        """Whether the user may edit the item now."""
        return self.writes and not self.locked and self.item.deleted_at is None

    def may(self, right: Right) -> bool:
        """Whether the user has the right to the item; who may edit depends on its kind."""
        return self.writes if right is Right.EDIT else self.member.may(right)

    @property
    def may_moderate(self) -> bool:
        """Whether the user may lock and unlock the item."""
        return self.member.may(Right.MODERATE)


def readable_item(item_id: int) -> Opened:
    """The item, if the user may read it. Aborts with 404 otherwise, and for deleted items and those being imported."""
    item = db.session.get(Item, item_id)
    if item is None or item.frame.arriving:
        abort(404)
    member = member_or_404(item.frame.partnership_id)
    if not item_kinds[item.kind].may_read(member) or item.deleted_at is not None:
        abort(404)
    return Opened(item, member, is_locked(item.name))


def allowed_item(item_id: int, right: Right) -> Opened:
    """The item, if the user may read it (else 404) and has the right to it (else 403)."""
    opened = readable_item(item_id)
    if not opened.may(right):
        abort(403)
    return opened


def writable_item(item_id: int) -> Opened:
    """The item, if the user may edit it now. Aborts with 404 or 403 as `allowed_item`; raises ItemLocked (423)."""
    opened = allowed_item(item_id, Right.EDIT)
    if opened.locked:
        raise ItemLocked(lock_sentence(opened.item))
    return opened


def writable_row(row_id: str) -> tuple[Opened, Row]:
    """The row with its item, if the user may edit the item now. Deleted rows are returned, too."""
    row = db.session.get(Row, row_id) or abort(404)
    return writable_item(row.item_id), row


def writable_conflict(conflict_id: int) -> tuple[Opened, Conflict]:
    """The conflict with its item, if the user may edit the item now."""
    conflict = db.session.get(Conflict, conflict_id) or abort(404)
    return writable_item(conflict.item_id), conflict


def of_kind(opened: Opened, kind: type[ItemT]) -> ItemT:
    """The item as an instance of the model `kind`. Aborts with 404 if it is of another kind."""
    return opened.item if isinstance(opened.item, kind) else abort(404)
