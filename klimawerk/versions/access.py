"""Read access to an item's history: everyone who may read the item, also while it is in the bin."""

from __future__ import annotations

from flask import abort

from klimawerk.collab.storage.document_store import is_locked
from klimawerk.extensions import db
from klimawerk.partnerships.access import member_or_404
from klimawerk.sheets.access import Opened
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import Item
from klimawerk.versions.models import Version
from klimawerk.versions.service import version_by_number


def readable_item_history(item_id: int) -> Opened:
    """The item, deleted or not, if the signed-in user may read it. Aborts with 404 otherwise."""
    item = db.session.get(Item, item_id) or abort(404)
    member = member_or_404(item.frame.partnership_id)
    if not item_kinds[item.kind].may_read(member):
        abort(404)
    return Opened(item, member, is_locked(item.name))


def version_of(opened: Opened, number: int) -> Version:
    """The item's version with that number. Aborts with 404 if there is none."""
    return version_by_number(opened.item.id, number) or abort(404)
