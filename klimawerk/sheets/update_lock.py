"""Taking an item's turn to be changed: its topic's row first, and only then the question what is true of the item.

A door has asked before whether the item is open for editing and not in the bin, but since then somebody else may have
closed or deleted it. Every verb that changes an item asks again here, where nobody can come in between.
"""

from __future__ import annotations

from flask_babel import gettext as _

from klimawerk.collab.document_store import is_locked
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets import edit_locks
from klimawerk.sheets.models import Item


class ItemLocked(Exception):
    """The item is closed for editing. `str(closed)` is a sentence that names it, who closed it and why."""


class ItemDeleted(Exception):
    """The item is in the bin. `str(gone)` is a sentence that names it."""


def lock_for_update(item: Item, *, though_closed: bool = False, though_gone: bool = False) -> int:
    """Until the commit nobody else changes the item; answers its new revision. Inside `writing()`.

    What was read of it before is forgotten. Of several items the programme comes first, then goals, then measures.
    Raises Gone and Closed, unless the verb is possible `though_gone` or `though_closed`.
    """
    rev = note(item.name)
    db.session.refresh(item)
    if item.deleted_at is not None and not though_gone:
        raise ItemDeleted(
            _("%(code)s is in the bin.", code=item.code) if item.code else _("The programme was deleted.")
        )
    if not though_closed and is_locked(item.name):
        raise ItemLocked(edit_locks.lock_sentence(item))
    return rev
