"""Locks on items: which ones cover an item, what follows for it, how that is said (lock_service.py sets them).

The rows of `EditLock` are the truth. What follows for one item, whether it is closed and by whom, is kept with its live
document (`Document.locked`, `lock_reason`, `locked_by`): writers of texts read it in the statement that stores them,
everybody else by `is_locked`. It is derived anew in the transaction that changes a lock, an item's place or a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.accounts.person_names import names_of
from klimawerk.collab import document_store
from klimawerk.extensions import db
from klimawerk.sheets.models import EditLock, Item
from klimawerk.text import truncate

PERSON_PREFIX = "person"
MAX_REASON_LENGTH = 200
"""Characters of a reason, and of the names of all holders together."""
LockState = tuple[bool, str, str]
"""(closed, reasons, names of the holders), as a document keeps it."""


@dataclass(frozen=True)
class LockView:
    """A lock as a person reads it. `scope` is "" where the lock is the item's own."""

    id: int
    name: str
    reason: str
    scope: str
    at: datetime

    @property
    def words(self) -> str:
        """ "Miriam Osei-Lang: We vote now"; either may be missing."""
        return f"{self.name}: {self.reason}".strip(" :")


def locks_covering(item: Item) -> list[EditLock]:
    """The locks that close the item, the oldest first."""
    return [lock for lock in locks_of(item) if covers(lock, item)]


def locks_except(item: Item) -> list[EditLock]:
    """The locks that close everything but the item, the oldest first."""
    return [lock for lock in locks_of(item) if lock.except_id == item.id]


def locks_of(item: Item) -> list[EditLock]:
    """All locks in the item's programme, the oldest first."""
    query = select(EditLock).join(Item, Item.id == EditLock.item_id).where(Item.frame_id == item.frame_id)
    return list(db.session.scalars(query.order_by(EditLock.id)))


def covers(lock: EditLock, item: Item) -> bool:
    """Whether the item is in the lock's scope."""
    if lock.item.kind == "programme":
        return lock.except_id != item.id
    return lock.item_id in (item.id, item.parent_id)


def lock_state(locks: list[EditLock]) -> LockState:
    """What follows for an item that these locks cover. Who was erased has no name here, since it is for everybody."""
    names = _names(locks)
    by = dict.fromkeys(name for lock in locks if (name := names[lock.id]))
    reasons = dict.fromkeys(lock.reason for lock in locks if lock.reason)
    return bool(locks), truncate(" · ".join(reasons), MAX_REASON_LENGTH), truncate(", ".join(by), MAX_REASON_LENGTH)


def lock_new_item(item: Item) -> None:
    """Close an item that has just been made, if its place is closed. Inside writing()."""
    closed, reason, by = lock_state(locks_covering(item))
    if closed:
        document_store.close_documents([item.name], reason, by)


def lock_views(item: Item, locks: list[EditLock] | None = None) -> list[LockView]:
    """The locks that close the item, for its page, or these."""
    if locks is None:
        locks = locks_covering(item)
    if not locks:
        return []
    people = names_of(_people(locks))
    codes = _codes({id_ for lock in locks for id_ in (lock.except_id,) if id_})
    return [
        LockView(
            lock.id,
            people.get(_person(lock) or 0, lock.holder_name),
            lock.reason,
            ""
            if lock.item_id == item.id and not lock.except_id
            else scope_words(lock.item, codes.get(lock.except_id or 0)),
            lock.at,
        )
        for lock in locks
    ]


def scope_words(item: Item, except_code: str | None = None) -> str:
    """What a lock on the item closes, as part of a sentence."""
    if except_code:
        return str(_("everything but %(code)s", code=except_code))
    if item.kind == "programme":
        return str(_("the whole programme"))
    return str(_("%(code)s with its measures", code=item.code)) if item.kind == "goal" else item.code


def lock_sentence(item: Item) -> str:
    """That the item is closed for editing, by whom and why."""
    code = item.code
    closed = _("%(code)s is closed for editing.", code=code) if code else _("The programme is closed for editing.")
    return " ".join([closed, *(one.words.rstrip(".") + "." for one in lock_views(item) if one.words)])


def _names(locks: list[EditLock]) -> dict[int, str]:
    """{lock: name of its holder as it is in the database}"""
    people = _people(locks)
    query = select(Person.id, Person.name).where(Person.id.in_(people))
    known: dict[int, str] = dict(db.session.execute(query).all()) if people else {}
    return {lock.id: known.get(_person(lock) or 0, lock.holder_name) for lock in locks}


def _people(locks: Iterable[EditLock]) -> set[int]:
    return {number for lock in locks if (number := _person(lock))}


def _person(lock: EditLock) -> int | None:
    kind, _colon, number = lock.holder.partition(":")
    return int(number) if kind == PERSON_PREFIX else None


def _codes(ids: set[int]) -> dict[int, str]:
    query = select(Item.id, Item.code).where(Item.id.in_(ids))
    return dict(db.session.execute(query).all()) if ids else {}
