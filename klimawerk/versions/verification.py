"""Verifies all stored versions: recomputes every hash and reports what does not match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from klimawerk.extensions import db
from klimawerk.registry import Hooks
from klimawerk.sheets.models import Item, is_here
from klimawerk.versions.hash_chain import sha256_hex, version_hash
from klimawerk.versions.models import Version, VersionPart
from klimawerk.versions.part_store import PartDamaged, manifest_head, unpack_part

BATCH_SIZE = 200


@dataclass(frozen=True)
class VerificationCheck:
    """A check of something made of versions: `faults()` yields one line for each fault, `count()` says how many things
    there are ("3 editions")."""

    faults: Callable[[], Iterator[str]]
    count: Callable[[], str]


other_checks: Hooks[VerificationCheck] = Hooks()


def version_faults() -> Iterator[str]:
    """One English line for each fault, for the operator."""
    yield from _part_faults()
    stored_hashes = set(db.session.scalars(select(VersionPart.hash)))
    for item_id, kind in db.session.execute(select(Item.id, Item.kind).where(is_here()).order_by(Item.id)).all():
        for fault in _faults_of_versions(item_id, stored_hashes):
            yield f"{kind} {item_id}, {fault}"
        db.session.expunge_all()
    for check in other_checks:
        yield from check.faults()


def checked_count() -> str:
    """What was checked, with numbers, as an English phrase."""
    versions, parts = (db.session.scalar(select(func.count()).select_from(t)) for t in (Version, VersionPart))
    return ", ".join([f"{versions} versions of {parts} parts", *(check.count() for check in other_checks)])


def redacted_parts() -> Iterator[str]:
    """One English line for each redacted part. Such a part is intact, but no longer matches its original hash."""
    query = select(VersionPart.hash, VersionPart.blacked).order_by(VersionPart.hash)
    for key, blacked in db.session.execute(query).all():
        if blacked:
            yield f"part {key} was blacked out at {blacked['at']}: {blacked['reason']}"


def _part_faults() -> Iterator[str]:
    """Damaged parts. Reads them in batches, since together they may not fit into memory."""
    columns = (VersionPart.hash, VersionPart.data, VersionPart.blacked)
    for key, data, blacked in db.session.execute(select(*columns).execution_options(yield_per=BATCH_SIZE)):
        try:
            unpack_part(key, data, blacked)
        except PartDamaged as damage:
            yield str(damage)


def _faults_of_versions(item_id: int, stored_hashes: set[str]) -> Iterator[str]:
    query = (
        select(Version).where(Version.item_id == item_id).order_by(Version.number).options(undefer(Version.manifest))
    )
    previous, number = "", 0
    for version in db.session.scalars(query.order_by(Version.number)):
        prefix = f"version {version.number}:"
        if version.number != number + 1:
            yield f"{prefix} version {number + 1} is missing before it"
        if version.previous != previous:
            yield f"{prefix} does not follow the version before it"
        yield from (f"{prefix} {fault}" for fault in _faults_of_version(version, stored_hashes))
        previous, number = version.hash, version.number


def _faults_of_version(version: Version, stored_hashes: set[str]) -> Iterator[str]:
    if sha256_hex(version.manifest) != version.content_hash:
        yield "its list of parts was changed"
        return
    recomputed = version_hash(
        content=version.content_hash,
        previous=version.previous,
        number=version.number,
        at=version.at,
        reason=version.reason,
    )
    if recomputed != version.hash:
        yield "its number, time, reason or hash was changed"
    for name, key in manifest_head(version)[1].items():
        if key not in stored_hashes:
            yield f"part {name} is missing"
