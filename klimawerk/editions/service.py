"""Verbs: make an edition, correct its name."""

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
    """Name of the topic that a programme's editions are announced under."""
    return f"editions:{programme_id}"


def create_edition(
    programme: Programme, *, by: Member, name: str, purpose: str, remark: str = "", request_key: str | None = None
) -> Edition:
    """Fix the whole programme as it is at this moment. What no version holds yet gets one; the others are used again.

    What takes time is done outside of the transaction. A `request_key` that made one before answers that one. Raises
    Nameless, and Busy when others take versions again and again meanwhile.
    """
    words = truncate(name.strip(), LONGEST_NAME)
    if not words or purpose not in PURPOSES:
        raise InvalidEditionName
    if before := earlier(request_key):
        return db.session.get_one(Edition, int(before))
    for _attempt in range(MAX_ATTEMPTS):
        moment = _read_moment(programme, by)
        made = Edition(programme_id=programme.id, name=words, purpose=purpose, by=by.person.id, side=by.side)
        made.note = truncate(remark.strip(), MAX_NOTE_LENGTH)

        def store(made: Edition = made, moment: _ProgrammeMoment = moment) -> str:
            note(editions_topic(programme.id))
            append_versions(moment.fresh, moment.packed)
            _store(made, moment)
            return str(made.id)

        try:
            return db.session.get_one(Edition, int(once(request_key, store)))
        except (VersionOvertaken, IntegrityError):
            continue
    raise VersionContention(str(programme.id))


def rename_edition(edition: Edition, *, name: str, remark: str) -> None:
    """Correct name and note; content, time and purpose never change. Raises Nameless."""
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
    found: Edition | None = db.session.scalar(query)
    return found


def last_edition_with(item_id: int) -> tuple[str, int] | None:
    """Name of the newest edition that holds the item, and the number of the version that it holds."""
    query = (
        select(Edition.name, Version.number)
        .join(EditionPart, EditionPart.edition_id == Edition.id)
        .join(Version, Version.id == EditionPart.version_id)
        .where(Version.item_id == item_id)
        .order_by(Edition.number.desc())
    )
    found = db.session.execute(query.limit(1)).first()
    return (found[0], found[1]) if found else None


def edition_by_number(programme_id: int, number: int) -> Edition | None:
    """The programme's edition of that number."""
    query = select(Edition).where(Edition.programme_id == programme_id, Edition.number == number)
    found: Edition | None = db.session.scalar(query)
    return found


@dataclass(frozen=True)
class _ProgrammeMoment:
    """The programme at the moment of the edition: what must be kept, and every version in order.

    `versions`: (key of the item, number, hash); `ids`: of those that are kept already, None for the others.
    """

    at: datetime
    fresh: list[Version]
    packed: part_store.Packed
    versions: list[tuple[str, int, str]]
    ids: list[int | None]


def _read_moment(programme: Programme, by: Member) -> _ProgrammeMoment:
    with read_snapshot():
        found = _ProgrammeMoment(now(), [], {}, [], [])
        parts = read_current(programme)
        keys = _keys(list(parts))
        for part in parts.values():
            kept = part.version
            if part.reading is not None:
                made = _fresh(part, part.reading, by)
                found.fresh.append(made)
                found.versions.append((keys[part.item_id], made.number, made.hash))
                found.ids.append(None)
            elif kept is not None:
                found.versions.append((keys[part.item_id], kept.number, kept.hash))
                found.ids.append(kept.id)
        readings = [part.reading for part in parts.values() if part.reading]
    for reading in readings:
        found.packed.update(part_store.pack_parts(reading.parts))
        yield_if_due()  # others are not kept waiting
    return found


def _fresh(part: SnapshotPart, reading: ItemReading, by: Member) -> Version:
    last = latest_version(part.item_id) if part.version else None
    words = {"by": by.person.id, "side": by.side}
    return build_version(part.item_id, last, reading, EDITION, contributors_since(part.item_id, last), words)


def _store(made: Edition, moment: _ProgrammeMoment) -> None:
    """Inside writing(): behind the last edition, whichever that is by now."""
    before = last_edition(made.programme_id)
    made.number, made.previous = (before.number + 1, before.hash) if before else (1, "")
    made.at = max(moment.at, before.at) if before else moment.at
    made.manifest = hash_chain.edition_manifest(moment.versions[0][0], made.purpose, moment.versions)
    made.content_hash = sha256_hex(made.manifest)
    made.hash = hash_chain.edition_hash(
        content=made.content_hash, previous=made.previous, number=made.number, at=made.at
    )
    db.session.add(made)
    db.session.flush()
    fresh = iter(moment.fresh)
    for position, kept in enumerate(moment.ids):
        version_id = next(fresh).id if kept is None else kept
        db.session.add(EditionPart(edition_id=made.id, position=position, version_id=version_id))
    db.session.flush()


def _keys(item_ids: list[int]) -> dict[int, str]:
    return dict(db.session.execute(select(Item.id, Item.key).where(Item.id.in_(item_ids))).all())
