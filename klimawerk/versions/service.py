"""Operations on versions: keep one by hand, take one automatically, rename one."""

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
"""Reasons: kept by hand, automatic after editing, by an import, before and after a restore, for an edition."""

MAX_ATTEMPTS = 5
MAX_NOTE_LENGTH = 2_000  # characters


class VersionContention(Exception):
    """Other processes took versions of the same item during every attempt."""


class VersionOvertaken(Exception):
    """Another version was taken since this one was read."""


def versions_topic(item_id: int) -> str:
    """Name of the topic that announces changes of the item's history."""
    return f"versions:{item_id}"


def keep_version(
    item_id: int, *, by: Member, label: str = "", remark: str = "", request_key: str | None = None
) -> tuple[Version, bool]:
    """Keep the present state. If nothing has changed, the last version gets the label, provided it has none.

    Returns the version, and whether it is new. A repeated `request_key` returns the version of the first request.
    Raises VersionContention.
    """
    if earlier_id := earlier(request_key):
        return db.session.get_one(Version, int(earlier_id)), True
    texts = {"label": truncate(label.strip(), 120), "remark": truncate(remark.strip(), MAX_NOTE_LENGTH)}
    version = take_version(item_id, KEPT, by=by.person.id, side=by.side, request_key=request_key, **texts)
    if version:
        return version, True
    latest = latest_version(item_id)
    assert latest is not None
    if texts["label"] and not latest.label:
        rename_version(latest, **texts)
    return latest, False


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
    """Take a version of the item as it is; None if nothing has changed since the last one. Raises VersionContention.

    The expensive work is done outside of the transaction, which only compares and stores.
    """
    for _attempt in range(MAX_ATTEMPTS):
        with read_snapshot():
            latest = latest_version(item_id)
            reading = read_item(item_id)
            contributors = contributors_since(item_id, latest)
        if _is_unchanged(latest, reading):
            return None
        details = {"by": by, "side": side, "label": label, "note": remark}
        version = build_version(item_id, latest, reading, reason, contributors, details)
        packed = part_store.pack_parts(reading.parts)

        def store(
            version: Version = version, latest: Version | None = latest, packed: part_store.Packed = packed
        ) -> str:
            _append(version, latest, packed)
            return str(version.id)

        try:
            return db.session.get_one(Version, int(once(request_key, store)))
        except (VersionOvertaken, IntegrityError):
            continue
    raise VersionContention(str(item_id))


def record_version(
    item_id: int, reason: str, *, by: int | None = None, side: str = "", remark: str = ""
) -> Version | None:
    """As `take_version`, inside the writing() of a caller that has locked the item: no version can come between."""
    db.session.flush()
    latest, reading = latest_version(item_id), read_item(item_id)
    if _is_unchanged(latest, reading):
        return None
    details = {"by": by, "side": side, "note": remark}
    version = build_version(item_id, latest, reading, reason, contributors_since(item_id, latest), details)
    _append(version, latest, part_store.pack_parts(reading.parts))
    return version


def rename_version(version: Version, *, label: str, remark: str) -> None:
    """Change label and note; the content never changes."""
    with writing():
        db.session.refresh(version)
        version.label, version.note = truncate(label.strip(), 120), truncate(remark.strip(), MAX_NOTE_LENGTH)
        note(versions_topic(version.item_id))


def first_version(item_id: int) -> Version | None:
    """The oldest version that is kept of an item."""
    query = select(Version).where(Version.item_id == item_id).order_by(Version.number).limit(1)
    version: Version | None = db.session.scalar(query)
    return version


def latest_version(item_id: int) -> Version | None:
    """The item's latest version."""
    query = select(Version).where(Version.item_id == item_id).order_by(Version.number.desc()).limit(1)
    version: Version | None = db.session.scalar(query)
    return version


def version_by_number(item_id: int, number: int) -> Version | None:
    """The item's version with that number."""
    version: Version | None = db.session.scalar(
        select(Version).where(Version.item_id == item_id, Version.number == number)
    )
    return version


def items_of(frame: Frame) -> list[int]:
    """Ids of the programme, its goals and its measures."""
    return list(db.session.scalars(select(Item.id).where(Item.frame_id == frame.id).order_by(Item.id)))


def build_version(
    item_id: int,
    last: Version | None,
    reading: ItemReading,
    reason: str,
    people: list[Contributor],
    details: dict[str, Any],
) -> Version:
    """The version that follows `last`, not stored yet. `details`: values of further columns (by, side, label, note)."""
    manifest, at = reading.manifest(), _after(last)
    version = Version(item_id=item_id, number=last.number + 1 if last else 1, manifest=manifest, at=at, reason=reason)
    version.content_hash, version.previous = sha256_hex(manifest), last.hash if last else ""
    version.hash = version_hash(
        content=version.content_hash, previous=version.previous, number=version.number, at=at, reason=reason
    )
    version.rev, version.seq = reading.rev, reading.seq
    version.contributors = [vars(person) for person in people]
    for name, value in details.items():
        setattr(version, name, value)
    return version


def append_versions(versions: Sequence[Version], packed: part_store.Packed) -> None:
    """Store versions of several items, each after the one it follows. Inside writing(). Raises VersionOvertaken."""
    item_ids = [version.item_id for version in versions]
    for item_id in item_ids:
        note(versions_topic(item_id))
    newest = select(Version.item_id, func.max(Version.number)).where(Version.item_id.in_(item_ids))
    present_numbers: dict[int, int] = dict(db.session.execute(newest.group_by(Version.item_id)).all())
    if any(present_numbers.get(version.item_id, 0) != version.number - 1 for version in versions):
        raise VersionOvertaken
    part_store.store_parts(packed)
    db.session.add_all(versions)
    db.session.flush()


def _is_unchanged(last: Version | None, reading: ItemReading) -> bool:
    return last is not None and last.content_hash == sha256_hex(reading.manifest())


def _after(last: Version | None) -> datetime:
    """The present time, but never earlier than the version before: a clock may jump."""
    return max(now(), last.at) if last else now()


def _append(version: Version, last: Version | None, packed: part_store.Packed) -> None:
    note(versions_topic(version.item_id))
    present = latest_version(version.item_id)
    if (present.id if present else None) != (last.id if last else None):
        raise VersionOvertaken
    part_store.store_parts(packed)
    db.session.add(version)
    db.session.flush()
