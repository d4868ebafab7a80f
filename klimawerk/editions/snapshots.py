"""Snapshots: a programme at one point in time (an edition, or now).

Items are known by the hash of their content; their parts are read on demand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, select

from klimawerk import safe_json
from klimawerk.collab.models import Document
from klimawerk.database import yield_if_due
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.extensions import db
from klimawerk.goals.service import goals_of
from klimawerk.live.changes import revisions
from klimawerk.measures.service import all_measures
from klimawerk.programmes.models import Programme
from klimawerk.sheets.models import Item
from klimawerk.versions import part_store
from klimawerk.versions.hash_chain import sha256_hex
from klimawerk.versions.item_keys import KeyMap
from klimawerk.versions.item_state import ItemReading, VersionHead, read_item, read_snapshot
from klimawerk.versions.models import Version


@dataclass(frozen=True)
class VersionRecord:
    """Columns of a version, read once: values from one moment must not be loaded again later."""

    id: int
    item_id: int
    number: int
    hash: str
    content_hash: str
    rev: int
    seq: int
    manifest: bytes


@dataclass(frozen=True)
class SnapshotPart:
    """An item in a snapshot. `version`: its version, or its last one; `reading`: its content if newer than that."""

    item_id: int
    version: VersionRecord | None
    reading: ItemReading | None = None

    @cached_property
    def manifest(self) -> bytes:
        if self.reading is not None:
            return self.reading.manifest()
        assert self.version is not None
        return self.version.manifest

    @cached_property
    def content(self) -> str:
        """Hash of the content; equal contents have equal hashes."""
        return self.version.content_hash if self.reading is None and self.version else sha256_hex(self.manifest)

    @cached_property
    def head(self) -> VersionHead:
        head: VersionHead = safe_json.loads(self.manifest)
        return head

    @property
    def kind(self) -> str:
        return str(self.head["kind"])

    @property
    def hashes(self) -> dict[str, str]:
        part_hashes: dict[str, str] = self.head["parts"]
        return part_hashes

    def goal(self, known: KeyMap) -> int | None:
        """Id of the measure's goal."""
        return known.get(self.head.get("goal"))


SnapshotParts = dict[int, SnapshotPart]
"""By id of the item, in the order of the programme: itself, then each goal with its measures."""


def edition_snapshot(edition: Edition) -> SnapshotParts:
    """The programme as the edition holds it."""
    query = (
        _versions()
        .join(EditionPart, EditionPart.version_id == Version.id)
        .where(EditionPart.edition_id == edition.id)
        .order_by(EditionPart.position)
    )
    records = [VersionRecord(*row) for row in db.session.execute(query).all()]
    return {record.item_id: SnapshotPart(record.item_id, record) for record in records}


def current_snapshot(programme: Programme) -> SnapshotParts:
    """The programme as it is, read at one moment, up to the last acknowledged update."""
    with read_snapshot():
        return read_current(programme)


def read_current(programme: Programme) -> SnapshotParts:
    """As `current_snapshot`, in the caller's transaction. Items with the rev and seq of their last version are not
    read.
    """
    items = _items_in_order(db.session.get_one(Programme, programme.id))
    names = [item.name for item in items]
    revs, seqs = revisions(names), _seqs(names)
    last_versions = _last_versions([item.id for item in items])
    parts: SnapshotParts = {}
    for item in items:
        version = last_versions.get(item.id)
        reading = None
        if version is None or (version.rev, version.seq) != (revs[item.name], seqs.get(item.name)):
            reading = read_item(item.id)
            yield_if_due()  # a long programme must not block the event loop
            if version is not None and sha256_hex(reading.manifest()) == version.content_hash:
                reading = None
        parts[item.id] = SnapshotPart(item.id, version, reading)
    return parts


def load_decoded_parts(parts: Iterable[SnapshotPart], prefix: str = "") -> dict[str, Any]:
    """Decoded parts by hash, read in a few queries: all, or those whose names begin with `prefix`."""
    fresh: dict[str, bytes] = {}
    stored: set[str] = set()
    for part in parts:
        for name, key in part.hashes.items():
            if not name.startswith(prefix):
                continue
            if part.reading is not None:
                fresh[key] = part.reading.parts[name]
            else:
                stored.add(key)
    return {
        key: safe_json.loads(data) for key, data in {**part_store.load_parts(stored - fresh.keys()), **fresh}.items()
    }


def _items_in_order(programme: Programme) -> list[Item]:
    measures = all_measures(programme)
    listed: list[Item] = [programme]
    for goal in goals_of(programme):
        listed += [goal, *(measure for measure in measures if measure.goal_id == goal.id)]
    return listed


def _seqs(names: list[str]) -> dict[str, int]:
    return dict(db.session.execute(select(Document.name, Document.seq).where(Document.name.in_(names))).all())


def _last_versions(item_ids: list[int]) -> dict[int, VersionRecord]:
    newest = (
        select(Version.item_id, func.max(Version.number).label("number"))
        .where(Version.item_id.in_(item_ids))
        .group_by(Version.item_id)
        .subquery()
    )
    same = (newest.c.item_id == Version.item_id) & (newest.c.number == Version.number)
    records = [VersionRecord(*row) for row in db.session.execute(_versions().join(newest, same)).all()]
    return {record.item_id: record for record in records}


def _versions() -> Select[Any]:
    return select(*(getattr(Version, field.name) for field in fields(VersionRecord)))
