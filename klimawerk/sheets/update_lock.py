"""Update lock of an item: locks its topic's row until the commit, then checks whether the item may be changed.

Routes check earlier whether the item is locked for editing or deleted, but another transaction may change that before
this one begins. So every function that changes an item checks again here, while it holds the row lock.
"""

from __future__ import annotations

from flask_babel import gettext as _

from klimawerk.collab.storage.document_store import is_locked
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets import edit_locks
from klimawerk.sheets.models import Item


class ItemLocked(Exception):
    """The item is closed for editing. `str()` gives a sentence with the item, the holders of its locks and reasons."""


class ItemDeleted(Exception):
    """The item is in the bin. `str()` gives a sentence that names the item."""


def lock_for_update(item: Item, *, allow_locked: bool = False, allow_deleted: bool = False) -> int:
    """Lock the item against other changes until the commit, and return its new revision. Call inside `writing()`.

    The item is reloaded. Lock several items in this order: programme, goals, measures. Raises ItemDeleted and
    ItemLocked, unless `allow_deleted` or `allow_locked`.
    """
    rev = note(item.name)
    db.session.refresh(item)
    if item.deleted_at is not None and not allow_deleted:
        raise ItemDeleted(
            _("%(code)s is in the bin.", code=item.code) if item.code else _("The programme was deleted.")
        )
    if not allow_locked and is_locked(item.name):
        raise ItemLocked(edit_locks.lock_sentence(item))
    return rev
