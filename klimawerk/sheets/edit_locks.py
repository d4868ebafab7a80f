"""Edit locks: which locks cover an item, the resulting lock state, and how it is shown. lock_service.py changes them.

The rows of `EditLock` are the source. The state derived for each item, whether it is locked and by whom, is stored with
its live document (`Document.locked`, `lock_reason`, `locked_by`): the statement that stores updates of texts reads it
there, all other code calls `is_locked`. A transaction that changes a lock, an item's place or a name derives it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import names_of
from klimawerk.collab.storage import document_store
from klimawerk.extensions import db
from klimawerk.sheets.models import EditLock, Item
from klimawerk.text import truncate

PERSON_PREFIX = "person"
MAX_REASON_LENGTH = 200
"""In characters; also the limit for all reasons, and for the names of all holders, of one item together."""
LockState = tuple[bool, str, str]
"""(locked, reasons, names of the holders), as stored with a document."""


@dataclass(frozen=True)
class LockView:
    """A lock as shown to the user. `scope` is "" if the lock is on the item itself."""

    id: int
    name: str
    reason: str
    scope: str
    at: datetime

    @property
    def text(self) -> str:
        """ "Miriam Osei-Lang: We vote now"; name or reason may be missing."""
        return f"{self.name}: {self.reason}".strip(" :")


def locks_covering(item: Item) -> list[EditLock]:
    """The locks whose scope includes the item, the oldest first."""
    return [lock for lock in locks_of(item) if covers(lock, item)]


def locks_except(item: Item) -> list[EditLock]:
    """The locks on the whole programme except the item, the oldest first."""
    return [lock for lock in locks_of(item) if lock.except_id == item.id]


_LOCKS = (
    select(EditLock)
    .join(Item, Item.id == EditLock.item_id)
    .where(Item.frame_id == bindparam("frame"))
    .order_by(EditLock.id)
)


def locks_of(item: Item) -> list[EditLock]:
    """All locks in the item's programme, the oldest first."""
    return list(db.session.scalars(_LOCKS, {"frame": item.frame_id}))


def covers(lock: EditLock, item: Item) -> bool:
    """Whether the item is in the lock's scope."""
    if lock.item.kind == "programme":
        return lock.except_id != item.id
    return lock.item_id in (item.id, item.parent_id)


def lock_state(locks: list[EditLock]) -> LockState:
    """The lock state of an item that these locks cover. Erased users have no name in it, since all readers see it."""
    names = _names(locks)
    by = dict.fromkeys(name for lock in locks if (name := names[lock.id]))
    reasons = dict.fromkeys(lock.reason for lock in locks if lock.reason)
    return bool(locks), truncate(" · ".join(reasons), MAX_REASON_LENGTH), truncate(", ".join(by), MAX_REASON_LENGTH)


def lock_new_item(item: Item) -> None:
    """Lock an item that has just been created, if existing locks cover it. Call inside writing()."""
    locked, reason, by = lock_state(locks_covering(item))
    if locked:
        document_store.close_documents([item.name], reason, by)


def lock_views(item: Item, locks: list[EditLock] | None = None) -> list[LockView]:
    """The locks on the item, or the given ones, as its page shows them."""
    if locks is None:
        locks = locks_covering(item)
    if not locks:
        return []
    people = names_of(_person_ids(locks))
    codes = _codes({id_ for lock in locks for id_ in (lock.except_id,) if id_})
    return [
        LockView(
            lock.id,
            people.get(_person_id(lock) or 0, lock.holder_name),
            lock.reason,
            ""
            if lock.item_id == item.id and not lock.except_id
            else scope_label(lock.item, codes.get(lock.except_id or 0)),
            lock.at,
        )
        for lock in locks
    ]


def scope_label(item: Item, except_code: str | None = None) -> str:
    """The scope of a lock on the item, as part of a sentence."""
    if except_code:
        return str(_("everything but %(code)s", code=except_code))
    if item.kind == "programme":
        return str(_("the whole programme"))
    return str(_("%(code)s with its measures", code=item.code)) if item.kind == "goal" else item.code


def lock_sentence(item: Item) -> str:
    """A sentence that the item is closed for editing, with the holders and reasons of its locks."""
    code = item.code
    closed = _("%(code)s is closed for editing.", code=code) if code else _("The programme is closed for editing.")
    return " ".join([closed, *(lock.text.rstrip(".") + "." for lock in lock_views(item) if lock.text)])


def _names(locks: list[EditLock]) -> dict[int, str]:
    """{id of the lock: name of its holder as stored now}"""
    people = _person_ids(locks)
    query = select(Person.id, Person.name).where(Person.id.in_(people))
    by_person: dict[int, str] = dict(db.session.execute(query).all()) if people else {}
    return {lock.id: by_person.get(_person_id(lock) or 0, lock.holder_name) for lock in locks}


def _person_ids(locks: Iterable[EditLock]) -> set[int]:
    return {number for lock in locks if (number := _person_id(lock))}


def _person_id(lock: EditLock) -> int | None:
    kind, _colon, number = lock.holder.partition(":")
    return int(number) if kind == PERSON_PREFIX else None


def _codes(ids: set[int]) -> dict[int, str]:
    query = select(Item.id, Item.code).where(Item.id.in_(ids))
    return dict(db.session.execute(query).all()) if ids else {}
