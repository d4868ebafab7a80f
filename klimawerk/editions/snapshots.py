"""A programme at one point in time: an edition, or now. Each item is known by its hash, and read only when asked."""

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
    """A version as it was read: what is read at one moment must not be asked for again later."""

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
    """One item at that point. `version`: the one it is, or the last one before; `reading`: what stands there since."""

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
        """Equal contents have equal hashes."""
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
        found: dict[str, str] = self.head["parts"]
        return found

    def goal(self, known: KeyMap) -> int | None:
        """The number of the goal that a measure stood under."""
        return known.get(self.head.get("goal"))


SnapshotParts = dict[int, SnapshotPart]
"""By number of the item, in the order of the programme: itself, then each goal with its measures."""


def edition_snapshot(edition: Edition) -> SnapshotParts:
    """The programme as the edition holds it."""
    query = (
        _versions()
        .join(EditionPart, EditionPart.version_id == Version.id)
        .where(EditionPart.edition_id == edition.id)
        .order_by(EditionPart.position)
    )
    kept = [VersionRecord(*row) for row in db.session.execute(query).all()]
    return {one.item_id: SnapshotPart(one.item_id, one) for one in kept}


def current_snapshot(programme: Programme) -> SnapshotParts:
    """The programme as it is, at one moment and current up to the last acknowledged word."""
    with read_snapshot():
        return read_current(programme)


def read_current(programme: Programme) -> SnapshotParts:
    """The same, where the caller sees to it that it is one moment. What is as in its last version is not read."""
    items = _in_order(db.session.get_one(Programme, programme.id))
    names = [item.name for item in items]
    revs, seqs = revisions(names), _seqs(names)
    last = _last_versions([item.id for item in items])
    found: SnapshotParts = {}
    for item in items:
        version = last.get(item.id)
        reading = None
        if version is None or (version.rev, version.seq) != (revs[item.name], seqs.get(item.name)):
            reading = read_item(item.id)
            yield_if_due()  # others are not kept waiting by a long programme
            if version is not None and sha256_hex(reading.manifest()) == version.content_hash:
                reading = None
        found[item.id] = SnapshotPart(item.id, version, reading)
    return found


def load_decoded_parts(parts: Iterable[SnapshotPart], wanted: str = "") -> dict[str, Any]:
    """The decoded parts by their hash, all of them or those whose names begin so, read in a few queries."""
    fresh: dict[str, bytes] = {}
    kept: set[str] = set()
    for part in parts:
        for name, key in part.hashes.items():
            if not name.startswith(wanted):
                continue
            if part.reading is not None:
                fresh[key] = part.reading.parts[name]
            else:
                kept.add(key)
    return {key: safe_json.loads(data) for key, data in {**part_store.load_parts(kept - fresh.keys()), **fresh}.items()}


def _in_order(programme: Programme) -> list[Item]:
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
    kept = [VersionRecord(*row) for row in db.session.execute(_versions().join(newest, same)).all()]
    return {one.item_id: one for one in kept}


def _versions() -> Select[Any]:
    return select(*(getattr(Version, field.name) for field in fields(VersionRecord)))
