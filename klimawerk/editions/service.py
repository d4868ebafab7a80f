"""Operations on editions: create one, correct its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from klimawerk.clock import now
from klimawerk.database import writing, yield_if_due
from klimawerk.editions import hash_chain
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.editions.snapshots import SnapshotPart, read_current
from klimawerk.extensions import db
from klimawerk.idempotency import earlier, once
from klimawerk.live.changes import note
from klimawerk.partnerships.access import Member
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.text import truncate
from klimawerk.versions import part_store
from klimawerk.versions.contributors import contributors_since
from klimawerk.versions.hash_chain import sha256_hex
from klimawerk.versions.item_state import ItemReading, read_snapshot
from klimawerk.versions.models import Version
from klimawerk.versions.service import (
    EDITION,
    MAX_ATTEMPTS,
    MAX_NOTE_LENGTH,
    VersionContention,
    VersionOvertaken,
    append_versions,
    build_version,
    latest_version,
)

PURPOSES = {
    "working": lazy_gettext("Working state"),
    "mission": lazy_gettext("After a mission or a workshop"),
    "council": lazy_gettext("Draft for the councils"),
    "adopted": lazy_gettext("As adopted"),
}
LONGEST_NAME = 120


class InvalidEditionName(Exception):
    """An edition needs a name and one of PURPOSES."""


def editions_topic(programme_id: int) -> str:
    """Name of the topic that announces changes of a programme's editions."""
    return f"editions:{programme_id}"


def create_edition(
    programme: Programme, *, by: Member, name: str, purpose: str, remark: str = "", request_key: str | None = None
) -> Edition:
    """Fix the whole programme as it is now. Items newer than their last version get a new one; the others are reused.

    The expensive work is done outside of the transaction. A repeated `request_key` returns the edition of the first
    request. Raises InvalidEditionName, and VersionContention if other processes took versions during every attempt.
    """
    short_name = truncate(name.strip(), LONGEST_NAME)
    if not short_name or purpose not in PURPOSES:
        raise InvalidEditionName
    if earlier_id := earlier(request_key):
        return db.session.get_one(Edition, int(earlier_id))
    for _attempt in range(MAX_ATTEMPTS):
        moment = _read_moment(programme, by)
        edition = Edition(programme_id=programme.id, name=short_name, purpose=purpose, by=by.person.id, side=by.side)
        edition.note = truncate(remark.strip(), MAX_NOTE_LENGTH)

        def store(edition: Edition = edition, moment: _ProgrammeMoment = moment) -> str:
            note(editions_topic(programme.id))
            append_versions(moment.fresh, moment.packed)
            _store_edition(edition, moment)
            return str(edition.id)

        try:
            return db.session.get_one(Edition, int(once(request_key, store)))
        except (VersionOvertaken, IntegrityError):
            continue
    raise VersionContention(str(programme.id))


def rename_edition(edition: Edition, *, name: str, remark: str) -> None:
    """Correct name and note; content, time and purpose never change. Raises InvalidEditionName."""
    if not name.strip():
        raise InvalidEditionName
    with writing():
        db.session.refresh(edition)
        note(editions_topic(edition.programme_id))
        edition.name, edition.note = truncate(name.strip(), LONGEST_NAME), truncate(remark.strip(), MAX_NOTE_LENGTH)


def editions_of(programme_id: int) -> Sequence[Edition]:
    """The programme's editions, newest first."""
    query = select(Edition).where(Edition.programme_id == programme_id).order_by(Edition.number.desc())
    return db.session.scalars(query).all()


def last_edition(programme_id: int) -> Edition | None:
    """The programme's newest edition."""
    query = select(Edition).where(Edition.programme_id == programme_id).order_by(Edition.number.desc()).limit(1)
    edition: Edition | None = db.session.scalar(query)
    return edition


def last_edition_with(item_id: int) -> tuple[str, int] | None:
    """Name of the newest edition that holds the item, and the number of the version in it."""
    query = (
        select(Edition.name, Version.number)
        .join(EditionPart, EditionPart.edition_id == Edition.id)
        .join(Version, Version.id == EditionPart.version_id)
        .where(Version.item_id == item_id)
        .order_by(Edition.number.desc())
    )
    row = db.session.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def edition_by_number(programme_id: int, number: int) -> Edition | None:
    """The programme's edition with that number."""
    query = select(Edition).where(Edition.programme_id == programme_id, Edition.number == number)
    edition: Edition | None = db.session.scalar(query)
    return edition


@dataclass(frozen=True)
class _ProgrammeMoment:
    """The programme at the moment of the edition: versions to be stored (`fresh`), and all versions in order.

    `versions`: (key of the item, number, hash); `ids`: ids of those that are stored already, None for the others.
    """

    at: datetime
    fresh: list[Version]
    packed: part_store.Packed
    versions: list[tuple[str, int, str]]
    ids: list[int | None]


def _read_moment(programme: Programme, by: Member) -> _ProgrammeMoment:
    with read_snapshot():
        moment = _ProgrammeMoment(now(), [], {}, [], [])
        parts = read_current(programme)
        keys = _keys(list(parts))
        for part in parts.values():
            stored = part.version
            if part.reading is not None:
                version = _new_version(part, part.reading, by)
                moment.fresh.append(version)
                moment.versions.append((keys[part.item_id], version.number, version.hash))
                moment.ids.append(None)
            elif stored is not None:
                moment.versions.append((keys[part.item_id], stored.number, stored.hash))
                moment.ids.append(stored.id)
        readings = [part.reading for part in parts.values() if part.reading]
    for reading in readings:
        moment.packed.update(part_store.pack_parts(reading.parts))
        yield_if_due()
    return moment


def _new_version(part: SnapshotPart, reading: ItemReading, by: Member) -> Version:
    latest = latest_version(part.item_id) if part.version else None
    details = {"by": by.person.id, "side": by.side}
    return build_version(part.item_id, latest, reading, EDITION, contributors_since(part.item_id, latest), details)


def _store_edition(edition: Edition, moment: _ProgrammeMoment) -> None:
    """Inside writing(): store it after the last edition, whichever that is by now."""
    previous_edition = last_edition(edition.programme_id)
    edition.number, edition.previous = (
        (previous_edition.number + 1, previous_edition.hash) if previous_edition else (1, "")
    )
    edition.at = max(moment.at, previous_edition.at) if previous_edition else moment.at
    edition.manifest = hash_chain.edition_manifest(moment.versions[0][0], edition.purpose, moment.versions)
    edition.content_hash = sha256_hex(edition.manifest)
    edition.hash = hash_chain.edition_hash(
        content=edition.content_hash, previous=edition.previous, number=edition.number, at=edition.at
    )
    db.session.add(edition)
    db.session.flush()
    fresh = iter(moment.fresh)
    for position, stored_id in enumerate(moment.ids):
        version_id = next(fresh).id if stored_id is None else stored_id
        db.session.add(EditionPart(edition_id=edition.id, position=position, version_id=version_id))
    db.session.flush()


def _keys(item_ids: list[int]) -> dict[int, str]:
    return dict(db.session.execute(select(Item.id, Item.key).where(Item.id.in_(item_ids))).all())
