"""Parts of versions in the database: each kept once, however many versions hold it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from klimawerk import safe_json
from klimawerk.database import yield_if_due
from klimawerk.extensions import db
from klimawerk.sheets.models import Item
from klimawerk.versions.hash_chain import sha256_hex
from klimawerk.versions.item_state import VersionHead
from klimawerk.versions.models import Version, VersionPart

LEVEL = 6
BATCH_SIZE = 500  # hashes in one query
_HASH = re.compile(rb"[0-9a-f]{64}")
Packed = dict[str, tuple[bytes, int]]  # hash: (compressed, size of the JSON)


class PartDamaged(Exception):
    """A part that is missing, or does not say what its hash says."""


def pack_parts(parts: Mapping[str, bytes]) -> Packed:
    """The parts as they are stored, by hash. Takes time, and no database."""
    return {sha256_hex(data): (zlib.compress(data, LEVEL), len(data)) for data in parts.values()}


def store_parts(packed: Packed) -> None:
    """Keep what is not kept already. Inside writing()."""
    missing = packed.keys() - _known(packed)
    rows = [{"hash": key, "data": packed[key][0], "size": packed[key][1]} for key in sorted(missing)]
    if rows:
        # Somebody else may keep the same part in this very moment.
        dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
        db.session.execute(dialect.insert(VersionPart).on_conflict_do_nothing(), rows)


def load_parts(hashes: Iterable[str]) -> dict[str, bytes]:
    """The canonical JSON of the parts, by hash. Raises Damaged for one that is missing or does not fit its hash."""
    wanted = list(set(hashes))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), BATCH_SIZE):
        some = wanted[start : start + BATCH_SIZE]
        columns = (VersionPart.hash, VersionPart.data, VersionPart.blacked)
        rows = db.session.execute(select(*columns).where(VersionPart.hash.in_(some)))
        found |= {key: unpack_part(key, data, blacked) for key, data, blacked in rows.all()}
    if len(found) != len(wanted):
        raise PartDamaged(f"part {min(set(wanted) - set(found))} is missing")
    return found


def redactions_of(hashes: Iterable[str]) -> dict[str, dict[str, str]]:
    """What is said of those of these parts of which something was blacked out, by hash."""
    wanted = sorted(set(hashes))
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(wanted), BATCH_SIZE):
        query = select(VersionPart.hash, VersionPart.blacked).where(
            VersionPart.hash.in_(wanted[start : start + BATCH_SIZE])
        )
        found |= {key: blacked for key, blacked in db.session.execute(query).all() if blacked}
    return found


def store_redacted_part(key: str, data: bytes, blacked: dict[str, str]) -> None:
    """Keep what a black-out elsewhere has left of a part. Inside writing()."""
    if db.session.get(VersionPart, key, with_for_update={"read": True, "key_share": True}) is None:
        db.session.add(VersionPart(hash=key, data=zlib.compress(data, LEVEL), size=len(data), blacked=blacked))
        db.session.flush()


def part_removals(frame_id: int) -> Iterator[Callable[[Session], None]]:
    """What takes away the parts that only versions of this programme hold, a few at a time, each inside writing().

    While they are looked at nobody else can begin to hold one of them: on SQLite by the one writer, on PostgreSQL since
    whoever keeps a part that is there locks it (`_known`).
    """
    items = select(Item.id).where(Item.frame_id == frame_id)
    mine: set[bytes] = set()
    manifests = select(Version.manifest).where(Version.item_id.in_(items)).execution_options(yield_per=BATCH_SIZE)
    for manifest in db.session.scalars(manifests):
        mine.update(_HASH.findall(manifest))
    only = sorted(key.decode() for key in mine - _held(mine, frame_id, after=0))
    highest = db.session.scalar(select(func.max(Version.id))) or 0
    for start in range(0, len(only), BATCH_SIZE):
        yield partial(_remove, only[start : start + BATCH_SIZE], frame_id, highest)


def _remove(keys: list[str], frame_id: int, highest: int, session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(VersionPart.hash).where(VersionPart.hash.in_(keys)).with_for_update())
        highest = 0  # numbers are given before they are seen
    held = _held({key.encode() for key in keys}, frame_id, after=highest)
    gone = [key for key in keys if key.encode() not in held]
    session.execute(delete(VersionPart).where(VersionPart.hash.in_(gone)))


def _held(keys: set[bytes], frame_id: int, *, after: int) -> set[bytes]:
    """Which of these parts are named by versions, with a higher number than `after`, of any other programme."""
    mine = select(Item.id).where(Item.frame_id == frame_id)
    others = select(Version.manifest).where(Version.id > after, Version.item_id.not_in(mine))
    held: set[bytes] = set()
    for manifest in db.session.scalars(others.execution_options(yield_per=BATCH_SIZE)):
        held.update(keys.intersection(_HASH.findall(manifest)))
        yield_if_due()
    return held


def unpack_part(key: str, data: bytes, blacked: Mapping[str, str] | None) -> bytes:
    """What a stored part says. Raises Damaged when it does not fit its hash, or that of what a black-out left."""
    try:
        plain = zlib.decompress(data)
    except zlib.error as error:
        raise PartDamaged(f"part {key} cannot be read") from error
    if sha256_hex(plain) != (blacked["digest"] if blacked else key):
        raise PartDamaged(f"part {key} was changed")
    return plain


def manifest_head(version: Version) -> tuple[VersionHead, dict[str, str]]:
    """What the manifest says: the head, and the hash of each part by its name."""
    head: VersionHead = safe_json.loads(version.manifest)
    return head, head.pop("parts")


def decode_part(data: bytes) -> Any:
    """A part's content."""
    return safe_json.loads(data)


def _known(packed: Packed) -> set[str]:
    """Those that are there; on PostgreSQL they stay until the commit (`removals`)."""
    known = select(VersionPart.hash).where(VersionPart.hash.in_(list(packed)))
    return set(db.session.scalars(known.with_for_update(read=True, key_share=True)))
