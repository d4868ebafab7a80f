"""Storage of version parts: content-addressed, so that each part is stored once for all versions that hold it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

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
    """A part is missing, or its content does not match its hash."""


def pack_parts(parts: Mapping[str, bytes]) -> Packed:
    """The parts in their stored form, by hash. Costs processor time, and uses no database."""
    return {sha256_hex(data): (zlib.compress(data, LEVEL), len(data)) for data in parts.values()}


def store_parts(packed: Packed) -> None:
    """Store the parts that are not stored yet. Inside writing()."""
    missing = packed.keys() - _stored_hashes(packed)
    rows = [{"hash": key, "data": packed[key][0], "size": packed[key][1]} for key in sorted(missing)]
    if rows:
        # Another transaction may store the same part at this moment.
        dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
        db.session.execute(dialect.insert(VersionPart).on_conflict_do_nothing(), rows)


def load_parts(hashes: Iterable[str]) -> dict[str, bytes]:
    """Canonical JSON of the parts, by hash. Raises PartDamaged if one is missing or does not match its hash."""
    hash_list = list(set(hashes))
    loaded: dict[str, bytes] = {}
    for start in range(0, len(hash_list), BATCH_SIZE):
        batch = hash_list[start : start + BATCH_SIZE]
        columns = (VersionPart.hash, VersionPart.data, VersionPart.blacked)
        rows = db.session.execute(select(*columns).where(VersionPart.hash.in_(batch)))
        loaded |= {key: unpack_part(key, data, blacked) for key, data, blacked in rows.all()}
    if len(loaded) != len(hash_list):
        raise PartDamaged(f"part {min(set(hash_list) - set(loaded))} is missing")
    return loaded


def redactions_of(hashes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Redaction records (`VersionPart.blacked`) of these parts, by hash; only of the redacted ones."""
    hash_list = sorted(set(hashes))
    records: dict[str, dict[str, str]] = {}
    for start in range(0, len(hash_list), BATCH_SIZE):
        query = select(VersionPart.hash, VersionPart.blacked).where(
            VersionPart.hash.in_(hash_list[start : start + BATCH_SIZE])
        )
        records |= {key: blacked for key, blacked in db.session.execute(query).all() if blacked}
    return records


def store_redacted_part(key: str, data: bytes, blacked: dict[str, str]) -> None:
    """Store a part that was redacted in another installation. Inside writing()."""
    if db.session.get(VersionPart, key, with_for_update={"read": True, "key_share": True}) is None:
        db.session.add(VersionPart(hash=key, data=zlib.compress(data, LEVEL), size=len(data), blacked=blacked))
        db.session.flush()


def part_removals(frame_id: int) -> Iterator[Callable[[Session], None]]:
    """Functions that delete the parts which only versions of this programme hold, in batches, each inside writing().

    No other programme can begin to hold a part between the check and the deletion: SQLite has one writer, and on
    PostgreSQL a transaction that reuses a stored part locks it (`_stored_hashes`).
    """
    items = select(Item.id).where(Item.frame_id == frame_id)
    own: set[bytes] = set()
    manifests = select(Version.manifest).where(Version.item_id.in_(items)).execution_options(yield_per=BATCH_SIZE)
    for manifest in db.session.scalars(manifests):
        own.update(_HASH.findall(manifest))
    exclusive = sorted(key.decode() for key in own - _held_elsewhere(own, frame_id, after=0))
    highest = db.session.scalar(select(func.max(Version.id))) or 0
    for start in range(0, len(exclusive), BATCH_SIZE):
        yield partial(_remove_batch, exclusive[start : start + BATCH_SIZE], frame_id, highest)


def _remove_batch(keys: list[str], frame_id: int, highest: int, session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(VersionPart.hash).where(VersionPart.hash.in_(keys)).with_for_update())
        highest = 0  # ids are assigned before their rows become visible
    held_elsewhere = _held_elsewhere({key.encode() for key in keys}, frame_id, after=highest)
    removable = [key for key in keys if key.encode() not in held_elsewhere]
    session.execute(delete(VersionPart).where(VersionPart.hash.in_(removable)))


def _held_elsewhere(keys: set[bytes], frame_id: int, *, after: int) -> set[bytes]:
    """Which of these parts versions of other programmes name; only versions with an id above `after` are read."""
    own_items = select(Item.id).where(Item.frame_id == frame_id)
    other_manifests = select(Version.manifest).where(Version.id > after, Version.item_id.not_in(own_items))
    held: set[bytes] = set()
    for manifest in db.session.scalars(other_manifests.execution_options(yield_per=BATCH_SIZE)):
        held.update(keys.intersection(_HASH.findall(manifest)))
        yield_if_due()
    return held


def unpack_part(key: str, data: bytes, blacked: Mapping[str, str] | None) -> bytes:
    """JSON of a stored part. Raises PartDamaged if it does not match its hash, or after a redaction the recorded
    digest.
    """
    try:
        plain = zlib.decompress(data)
    except zlib.error as error:
        raise PartDamaged(f"part {key} cannot be read") from error
    if sha256_hex(plain) != (blacked["digest"] if blacked else key):
        raise PartDamaged(f"part {key} was changed")
    return plain


def manifest_head(version: Version) -> tuple[VersionHead, dict[str, str]]:
    """The decoded manifest: its head, and the hash of each part by name."""
    head: VersionHead = safe_json.loads(version.manifest)
    return head, head.pop("parts")


def _stored_hashes(packed: Packed) -> set[str]:
    """Hashes that are stored already. On PostgreSQL their rows are locked until the commit (see `part_removals`)."""
    query = select(VersionPart.hash).where(VersionPart.hash.in_(list(packed)))
    return set(db.session.scalars(query.with_for_update(read=True, key_share=True)))
