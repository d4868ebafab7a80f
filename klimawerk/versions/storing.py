"""Parts of versions in the database: each kept once, however many versions hold it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from klimawerk import safe_json
from klimawerk.extensions import db
from klimawerk.versions.chain import digest
from klimawerk.versions.models import Version, VersionPart
from klimawerk.versions.reading import Head

LEVEL = 6
AT_ONCE = 500  # hashes in one query
Packed = dict[str, tuple[bytes, int]]  # hash: (compressed, size of the JSON)


class Damaged(Exception):
    """A part that is missing, or does not say what its hash says."""


def pack(parts: Mapping[str, bytes]) -> Packed:
    """The parts as they are stored, by hash. Takes time, and no database."""
    return {digest(data): (zlib.compress(data, LEVEL), len(data)) for data in parts.values()}


def store(packed: Packed) -> None:
    """Keep what is not kept already. Inside writing()."""
    missing = packed.keys() - _known(packed)
    rows = [{"hash": key, "data": packed[key][0], "size": packed[key][1]} for key in sorted(missing)]
    if rows:
        # Somebody else may keep the same part in this very moment.
        dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
        db.session.execute(dialect.insert(VersionPart).on_conflict_do_nothing(), rows)


def load(hashes: Iterable[str]) -> dict[str, bytes]:
    """The canonical JSON of the parts, by hash. Raises Damaged for one that is missing or does not fit its hash."""
    wanted = list(set(hashes))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        columns = (VersionPart.hash, VersionPart.data, VersionPart.blacked)
        rows = db.session.execute(select(*columns).where(VersionPart.hash.in_(some)))
        found |= {key: unpack(key, data, blacked) for key, data, blacked in rows.all()}
    if len(found) != len(wanted):
        raise Damaged(f"part {min(set(wanted) - set(found))} is missing")
    return found


def blacked_of(hashes: Iterable[str]) -> dict[str, dict[str, str]]:
    """What is said of those of these parts of which something was blacked out, by hash."""
    wanted = sorted(set(hashes))
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        query = select(VersionPart.hash, VersionPart.blacked).where(
            VersionPart.hash.in_(wanted[start : start + AT_ONCE])
        )
        found |= {key: blacked for key, blacked in db.session.execute(query).all() if blacked}
    return found


def store_blacked(key: str, data: bytes, blacked: dict[str, str]) -> None:
    """Keep what a black-out elsewhere has left of a part. Inside writing()."""
    if db.session.get(VersionPart, key) is None:
        db.session.add(VersionPart(hash=key, data=zlib.compress(data, LEVEL), size=len(data), blacked=blacked))
        db.session.flush()


def unpack(key: str, data: bytes, blacked: Mapping[str, str] | None) -> bytes:
    """What a stored part says. Raises Damaged when it does not fit its hash, or that of what a black-out left."""
    try:
        plain = zlib.decompress(data)
    except zlib.error as error:
        raise Damaged(f"part {key} cannot be read") from error
    if digest(plain) != (blacked["digest"] if blacked else key):
        raise Damaged(f"part {key} was changed")
    return plain


def head_of(version: Version) -> tuple[Head, dict[str, str]]:
    """What the manifest says: the head, and the hash of each part by its name."""
    head: Head = safe_json.loads(version.manifest)
    return head, head.pop("parts")


def part(data: bytes) -> Any:
    """A part's content."""
    return safe_json.loads(data)


def _known(packed: Packed) -> set[str]:
    return set(db.session.scalars(select(VersionPart.hash).where(VersionPart.hash.in_(list(packed)))))
