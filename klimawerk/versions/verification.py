"""Recompute every hash, and say what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from klimawerk.extensions import db
from klimawerk.sheets.models import Item, is_here
from klimawerk.versions.hash_chain import sha256_hex, version_hash
from klimawerk.versions.models import Version, VersionPart
from klimawerk.versions.part_store import PartDamaged, manifest_head, unpack_part

BATCH_SIZE = 200
VerificationCheck = tuple[Callable[[], Iterator[str]], Callable[[], str]]
_other_checks: list[VerificationCheck] = []


def register(faults: Callable[[], Iterator[str]], count: Callable[[], str]) -> None:
    """Verify something that is made of versions too; `count` says how many there are ("3 editions")."""
    if (faults, count) not in _other_checks:
        _other_checks.append((faults, count))


def version_faults() -> Iterator[str]:
    """One English line for each thing that is wrong, for the operator."""
    yield from _wrong_parts()
    known = set(db.session.scalars(select(VersionPart.hash)))
    for item_id, kind in db.session.execute(select(Item.id, Item.kind).where(is_here()).order_by(Item.id)).all():
        for fault in _wrong_versions(item_id, known):
            yield f"{kind} {item_id}, {fault}"
        db.session.expunge_all()
    for more, _count in _other_checks:
        yield from more()


def checked_count() -> str:
    """How much was looked at."""
    versions, parts = (db.session.scalar(select(func.count()).select_from(t)) for t in (Version, VersionPart))
    return ", ".join([f"{versions} versions of {parts} parts", *(said() for _faults, said in _other_checks)])


def redacted_parts() -> Iterator[str]:
    """One English line for each part of which something was blacked out: it is whole, but says less than it did."""
    query = select(VersionPart.hash, VersionPart.blacked).order_by(VersionPart.hash)
    for key, blacked in db.session.execute(query).all():
        if blacked:
            yield f"part {key} was blacked out at {blacked['at']}: {blacked['reason']}"


def _wrong_parts() -> Iterator[str]:
    """A part at a time: together they may be larger than the memory."""
    columns = (VersionPart.hash, VersionPart.data, VersionPart.blacked)
    for key, data, blacked in db.session.execute(select(*columns).execution_options(yield_per=BATCH_SIZE)):
        try:
            unpack_part(key, data, blacked)
        except PartDamaged as damage:
            yield str(damage)


def _wrong_versions(item_id: int, known: set[str]) -> Iterator[str]:
    query = (
        select(Version).where(Version.item_id == item_id).order_by(Version.number).options(undefer(Version.manifest))
    )
    previous, number = "", 0
    for version in db.session.scalars(query.order_by(Version.number)):
        said = f"version {version.number}:"
        if version.number != number + 1:
            yield f"{said} version {number + 1} is missing before it"
        if version.previous != previous:
            yield f"{said} does not follow the version before it"
        yield from (f"{said} {fault}" for fault in _wrong_version(version, known))
        previous, number = version.hash, version.number


def _wrong_version(version: Version, known: set[str]) -> Iterator[str]:
    if sha256_hex(version.manifest) != version.content_hash:
        yield "its list of parts was changed"
        return
    hashed = version_hash(
        content=version.content_hash,
        previous=version.previous,
        number=version.number,
        at=version.at,
        reason=version.reason,
    )
    if hashed != version.hash:
        yield "its number, time, reason or hash was changed"
    for name, key in manifest_head(version)[1].items():
        if key not in known:
            yield f"part {name} is missing"
