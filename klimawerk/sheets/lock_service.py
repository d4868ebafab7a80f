"""Closing and opening for editing: setting and ending locks (edit_locks.py). Comments and reading go on.

Every verb takes the programme's turn first, so that locks, new items and moves of one programme happen one after the
other; each item whose locks change gets a new revision of its own topic, by which open pages follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import with_polymorphic

from klimawerk.collab import document_store
from klimawerk.collab.models import Document
from klimawerk.database import after_commit, writing
from klimawerk.extensions import db
from klimawerk.live.changes import note
from klimawerk.sheets.edit_locks import (
    MAX_REASON_LENGTH,
    PERSON_PREFIX,
    LockState,
    covers,
    lock_state,
    locks_covering,
    locks_except,
    locks_of,
)
from klimawerk.sheets.models import EditLock, Item
from klimawerk.sheets.programme_topic import OUTLINE, note_programme_key, programme_head
from klimawerk.sheets.signals import locks_changed
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.text import truncate

_KINDS = ("programme", "goal", "measure")
"""In which order items are noted, everywhere."""


@dataclass(frozen=True)
class LockHolder:
    """On whose behalf a lock is held: `key` is "person:3" (later "workshop:5"), or "" for a `name` alone.
    `by`: who closes, None for the server."""

    key: str = ""
    name: str = ""
    by: int | None = None


def person_holder(person_id: int) -> LockHolder:
    """Somebody who closes for themselves."""
    return LockHolder(f"{PERSON_PREFIX}:{person_id}", by=person_id)


def lock(item: Item, reason: str, holder: LockHolder, *, except_id: int | None = None) -> None:
    """Close the item with all that stands under it, or a programme but for one measure. Raises Gone.

    A holder has one lock per scope: closing it again sets its reason.
    """
    with writing():
        _lock_items(item)
        wanted = {
            "item_id": item.id,
            "except_id": except_id,
            "holder": holder.key,
            "holder_name": truncate(holder.name, MAX_REASON_LENGTH),
        }
        lock = db.session.scalar(select(EditLock).filter_by(**wanted))
        if lock is None:
            lock = EditLock(**wanted, by=holder.by)
            db.session.add(lock)
        lock.reason = truncate(reason, MAX_REASON_LENGTH)
        db.session.flush()
        _derive_states(item, [lock])


def end_lock(item: Item, lock_id: int) -> None:
    """End one of the locks that cover the item, or all but it; nothing when it has ended already. Raises Gone."""
    with writing():
        _lock_items(item)
        _end(item, [lock for lock in locks_covering(item) + locks_except(item) if lock.id == lock_id])


def end_locks_of(item: Item) -> None:
    """End every lock whose scope begins with the item; those from above stay. Raises Gone."""
    with writing():
        _lock_items(item)
        _end(item, db.session.scalars(select(EditLock).where(EditLock.item_id == item.id)).all())


def update_holder_name(_sender: object, person_id: int) -> None:
    """Something about the person has changed: what is kept of their locks follows their name. Inside writing()."""
    rederive(db.session.scalars(select(EditLock).where(EditLock.holder == person_holder(person_id).key)).all())


def rederive(locks: Sequence[EditLock]) -> None:
    """What is kept of these locks follows their holders' names. Inside writing()."""
    db.session.flush()
    heads = {head.id: head for head in (programme_head(lock.item) for lock in locks)}
    for id_ in sorted(heads):
        note(heads[id_].name)
        _derive_states(heads[id_], [])


def _lock_items(item: Item) -> None:
    note_programme_key(programme_head(item), OUTLINE)  # the list in which goals and measures are moved is drawn anew
    lock_for_update(item, though_closed=True)


def _end(item: Item, locks: Sequence[EditLock]) -> None:
    for lock in locks:
        db.session.delete(lock)
    db.session.flush()
    _derive_states(item, locks)


def _derive_states(item: Item, changed: Sequence[EditLock]) -> None:
    """Bring every item of the programme, the bin included, to what its locks say; those that a changed lock covers, or
    spares, are told of in any case."""
    locks, items = locks_of(item), _items(item)
    kept = _stored_state([one.name for one in items])
    states: dict[LockState, list[str]] = {}
    touched: list[int] = []
    for one in items:
        state = lock_state([lock for lock in locks if covers(lock, one)])
        if kept.get(one.name) != state or any(covers(lock, one) or lock.except_id == one.id for lock in changed):
            one.lock_rev = note(one.name)
            touched.append(one.id)
            states.setdefault(state, []).append(one.name)
    for (closed, reason, by), names in states.items():
        if closed:
            document_store.close_documents(names, reason, by)
        else:
            document_store.open_documents(names)

    def tell() -> None:
        locks_changed.send(items=touched)

    after_commit(tell)


def _items(item: Item) -> list[Item]:
    every = with_polymorphic(Item, "*")
    found = db.session.scalars(select(every).where(every.frame_id == item.frame_id)).all()
    return sorted(found, key=lambda one: (_KINDS.index(one.kind), one.id))


def _stored_state(names: list[str]) -> dict[str, LockState]:
    columns = (Document.locked, Document.lock_reason, Document.locked_by)
    rows = db.session.execute(select(Document.name, *columns).where(Document.name.in_(names))).all()
    return {name: (locked, reason, by) for name, locked, reason, by in rows}
