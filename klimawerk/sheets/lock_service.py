"""Setting and ending edit locks (edit_locks.py), which close items for editing. Reading and comments are not affected.

Every function locks the programme's topic row first, so that locks, new items and moves within a programme are
serialised. Each item whose locks change gets a new revision of its own topic, by which open pages are refreshed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import with_polymorphic

from klimawerk.collab.models import Document
from klimawerk.collab.storage import document_store
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
from klimawerk.sheets.item_kinds import item_kinds
from klimawerk.sheets.models import EditLock, Item
from klimawerk.sheets.programme_topic import OUTLINE, note_programme_key, programme_head
from klimawerk.sheets.signals import locks_changed
from klimawerk.sheets.update_lock import lock_for_update
from klimawerk.text import truncate


@dataclass(frozen=True)
class LockHolder:
    """The holder of a lock. `key`: "person:3" (later "workshop:5"), or "" for a holder known by `name` only.
    `by`: id of the user who sets the lock, None for the server."""

    key: str = ""
    name: str = ""
    by: int | None = None


def person_holder(person_id: int) -> LockHolder:
    """The holder for a user who sets a lock for themselves."""
    return LockHolder(f"{PERSON_PREFIX}:{person_id}", by=person_id)


def lock(item: Item, reason: str, holder: LockHolder, *, except_id: int | None = None) -> None:
    """Lock the item with all items under it, or a programme except for one measure. Raises ItemDeleted.

    A holder has one lock per scope: locking it again changes the reason.
    """
    with writing():
        _lock_items(item)
        key = {
            "item_id": item.id,
            "except_id": except_id,
            "holder": holder.key,
            "holder_name": truncate(holder.name, MAX_REASON_LENGTH),
        }
        lock = db.session.scalar(select(EditLock).filter_by(**key))
        if lock is None:
            lock = EditLock(**key, by=holder.by)
            db.session.add(lock)
        lock.reason = truncate(reason, MAX_REASON_LENGTH)
        db.session.flush()
        _derive_states(item, [lock])


def end_lock(item: Item, lock_id: int) -> None:
    """End one of the locks that cover the item, or everything except it. Does nothing if the lock has ended already.
    Raises ItemDeleted."""
    with writing():
        _lock_items(item)
        _end(item, [lock for lock in locks_covering(item) + locks_except(item) if lock.id == lock_id])


def end_locks_of(item: Item) -> None:
    """End every lock set on the item itself; locks on its goal or programme remain. Raises ItemDeleted."""
    with writing():
        _lock_items(item)
        _end(item, db.session.scalars(select(EditLock).where(EditLock.item_id == item.id)).all())


def update_holder_name(person_id: int) -> None:
    """Update the stored lock states after a change to a person, since these hold the name. Call inside writing()."""
    rederive(db.session.scalars(select(EditLock).where(EditLock.holder == person_holder(person_id).key)).all())


def rederive(locks: Sequence[EditLock]) -> None:
    """Derive the stored lock states of these locks' programmes again, with current names. Call inside writing()."""
    db.session.flush()
    heads = {head.id: head for head in (programme_head(lock.item) for lock in locks)}
    for id_ in sorted(heads):
        note(heads[id_].name)
        _derive_states(heads[id_], [])


def _lock_items(item: Item) -> None:
    note_programme_key(programme_head(item), OUTLINE)  # pages with the order of goals and measures reload it
    lock_for_update(item, allow_locked=True)


def _end(item: Item, locks: Sequence[EditLock]) -> None:
    for lock in locks:
        db.session.delete(lock)
    db.session.flush()
    _derive_states(item, locks)


def _derive_states(item: Item, changed: Sequence[EditLock]) -> None:
    """Store the lock state of every item of the programme, bin included. Items whose state changed get a new revision,
    and so do those that a changed lock covers or excepts."""
    locks, items = locks_of(item), _items(item)
    stored = _stored_states([candidate.name for candidate in items])
    names_by_state: dict[LockState, list[str]] = {}
    changed_ids: list[int] = []
    for candidate in items:
        state = lock_state([lock for lock in locks if covers(lock, candidate)])
        if stored.get(candidate.name) != state or any(
            covers(lock, candidate) or lock.except_id == candidate.id for lock in changed
        ):
            candidate.lock_rev = note(candidate.name)
            changed_ids.append(candidate.id)
            names_by_state.setdefault(state, []).append(candidate.name)
    for (locked, reason, by), names in names_by_state.items():
        if locked:
            document_store.close_documents(names, reason, by)
        else:
            document_store.open_documents(names)

    def announce() -> None:
        locks_changed.send(changed_ids)

    after_commit(announce)


def _items(item: Item) -> list[Item]:
    any_item = with_polymorphic(Item, "*")
    items = db.session.scalars(select(any_item).where(any_item.frame_id == item.frame_id)).all()
    kinds = list(item_kinds)
    return sorted(items, key=lambda listed: (kinds.index(listed.kind), listed.id))


def _stored_states(names: list[str]) -> dict[str, LockState]:
    columns = (Document.locked, Document.lock_reason, Document.locked_by)
    rows = db.session.execute(select(Document.name, *columns).where(Document.name.in_(names))).all()
    return {name: (locked, reason, by) for name, locked, reason, by in rows}
