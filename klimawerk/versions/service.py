"""Verbs: keep a version by hand, take one by itself, give it a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from klimawerk.clock import now
from klimawerk.database import writing
from klimawerk.extensions import db
from klimawerk.idempotency import earlier, once
from klimawerk.live.changes import note
from klimawerk.partnerships.access import Member
from klimawerk.sheets.models import Frame, Item
from klimawerk.text import truncate
from klimawerk.versions import part_store
from klimawerk.versions.contributors import Contributor, contributors_since
from klimawerk.versions.hash_chain import sha256_hex, version_hash
from klimawerk.versions.item_state import ItemReading, read_item, read_snapshot
from klimawerk.versions.models import Version

KEPT, QUIET, IMPORT, RESTORE, EDITION = "kept", "quiet", "import", "restore", "edition"
"""Why it was taken: by hand, by itself when editing fell quiet, by an import, around a restore, for an edition."""

MAX_ATTEMPTS = 5
MAX_NOTE_LENGTH = 2_000  # characters


class VersionContention(Exception):
    """Others took versions of the same item again and again meanwhile."""


class VersionOvertaken(Exception):
    """Somebody else took a version since this one was read."""


def versions_topic(item_id: int) -> str:
    """Name of the topic that the item's history is announced under."""
    return f"versions:{item_id}"


def keep_version(
    item_id: int, *, by: Member, label: str = "", remark: str = "", request_key: str | None = None
) -> tuple[Version, bool]:
    """Keep the present state. Where nothing has changed, the last version gets the label if it has none.

    Answers the version, and whether it is a new one; for a `request_key` that kept one before, that one. Raises Busy.
    """
    if before := earlier(request_key):
        return db.session.get_one(Version, int(before)), True
    words = {"label": truncate(label.strip(), 120), "remark": truncate(remark.strip(), MAX_NOTE_LENGTH)}
    taken = take_version(item_id, KEPT, by=by.person.id, side=by.side, request_key=request_key, **words)
    if taken:
        return taken, True
    last = latest_version(item_id)
    assert last is not None
    if words["label"] and not last.label:
        rename_version(last, **words)
    return last, False


def take_version(
    item_id: int,
    reason: str,
    *,
    by: int | None = None,
    side: str = "",
    label: str = "",
    remark: str = "",
    request_key: str | None = None,
) -> Version | None:
    """A new version of the item as it is; None when nothing has changed since the last one. Raises Busy.

    What takes time is done outside of the transaction, which then only has to compare and to store.
    """
    for _attempt in range(MAX_ATTEMPTS):
        with read_snapshot():
            last = latest_version(item_id)
            reading = read_item(item_id)
            people = contributors_since(item_id, last)
        if _is_unchanged(last, reading):
            return None
        words = {"by": by, "side": side, "label": label, "note": remark}
        made = build_version(item_id, last, reading, reason, people, words)
        packed = part_store.pack_parts(reading.parts)

        def store(made: Version = made, last: Version | None = last, packed: part_store.Packed = packed) -> str:
            _append(made, last, packed)
            return str(made.id)

        try:
            return db.session.get_one(Version, int(once(request_key, store)))
        except (VersionOvertaken, IntegrityError):
            continue
    raise VersionContention(str(item_id))


def record_version(
    item_id: int, reason: str, *, by: int | None = None, side: str = "", remark: str = ""
) -> Version | None:
    """The same inside the writing() that changes the item: the caller holds the item, so nobody can come between."""
    db.session.flush()
    last, reading = latest_version(item_id), read_item(item_id)
    if _is_unchanged(last, reading):
        return None
    words = {"by": by, "side": side, "note": remark}
    made = build_version(item_id, last, reading, reason, contributors_since(item_id, last), words)
    _append(made, last, part_store.pack_parts(reading.parts))
    return made


def rename_version(version: Version, *, label: str, remark: str) -> None:
    """Give it another label and note; its content never changes."""
    with writing():
        db.session.refresh(version)
        version.label, version.note = truncate(label.strip(), 120), truncate(remark.strip(), MAX_NOTE_LENGTH)
        note(versions_topic(version.item_id))


def latest_version(item_id: int) -> Version | None:
    """The item's last version."""
    query = select(Version).where(Version.item_id == item_id).order_by(Version.number.desc()).limit(1)
    found: Version | None = db.session.scalar(query)
    return found


def version_by_number(item_id: int, number: int) -> Version | None:
    """The item's version of that number."""
    found: Version | None = db.session.scalar(
        select(Version).where(Version.item_id == item_id, Version.number == number)
    )
    return found


def items_of(frame: Frame) -> list[int]:
    """The programme with its goals and measures, by number."""
    return list(db.session.scalars(select(Item.id).where(Item.frame_id == frame.id).order_by(Item.id)))


def build_version(
    item_id: int,
    last: Version | None,
    reading: ItemReading,
    reason: str,
    people: list[Contributor],
    words: dict[str, Any],
) -> Version:
    """The version that follows `last`, not yet kept."""
    manifest, at = reading.manifest(), _after(last)
    made = Version(item_id=item_id, number=last.number + 1 if last else 1, manifest=manifest, at=at, reason=reason)
    made.content_hash, made.previous = sha256_hex(manifest), last.hash if last else ""
    made.hash = version_hash(
        content=made.content_hash, previous=made.previous, number=made.number, at=at, reason=reason
    )
    made.rev, made.seq = reading.rev, reading.seq
    made.contributors = [vars(person) for person in people]
    for name, value in words.items():
        setattr(made, name, value)
    return made


def append_versions(made: Sequence[Version], packed: part_store.Packed) -> None:
    """Keep versions of many items, each behind the one it follows. Inside writing(). Raises Overtaken."""
    items = [one.item_id for one in made]
    for item_id in items:
        note(versions_topic(item_id))
    newest = select(Version.item_id, func.max(Version.number)).where(Version.item_id.in_(items))
    present: dict[int, int] = dict(db.session.execute(newest.group_by(Version.item_id)).all())
    if any(present.get(one.item_id, 0) != one.number - 1 for one in made):
        raise VersionOvertaken
    part_store.store_parts(packed)
    db.session.add_all(made)
    db.session.flush()


def _is_unchanged(last: Version | None, reading: ItemReading) -> bool:
    return last is not None and last.content_hash == sha256_hex(reading.manifest())


def _after(last: Version | None) -> datetime:
    """Now, and never before the version it follows: a clock may jump."""
    return max(now(), last.at) if last else now()


def _append(made: Version, last: Version | None, packed: part_store.Packed) -> None:
    note(versions_topic(made.item_id))
    present = latest_version(made.item_id)
    if (present.id if present else None) != (last.id if last else None):
        raise VersionOvertaken
    part_store.store_parts(packed)
    db.session.add(made)
    db.session.flush()
