"""Exports an edition as a file that can be verified: manifests of the edition and its versions, all parts, all hashes.

Verification: the canonical JSON (RFC 8785) of each part has the SHA-256 under which it is listed; each `manifest` has
the SHA-256 in its `content`; each `hash` follows from its record as hash_chain.py describes. Parts under "blacked" were
redacted later: the remaining content has the digest given there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from klimawerk import safe_json
from klimawerk.editions.models import Edition, EditionPart
from klimawerk.editions.snapshots import edition_snapshot, load_decoded_parts
from klimawerk.extensions import db
from klimawerk.versions import part_store
from klimawerk.versions.models import Version

Json = dict[str, Any]
FORMAT = "klimawerk-edition"


def edition_bytes(edition: Edition) -> bytes:
    """The file: UTF-8, indented. Raises PartDamaged."""
    parts = edition_snapshot(edition)
    manifests = {part.version.id: part.head for part in parts.values() if part.version}
    contents = load_decoded_parts(parts.values())
    file: Json = {
        "format": FORMAT,
        "edition": edition_json(edition),
        "versions": [_version_out(version, manifests[version.id]) for version in _versions(edition)],
        "parts": {key: contents[key] for key in sorted(contents)},
        **redaction_notes(contents),
    }
    return (json.dumps(file, ensure_ascii=False, indent=1) + "\n").encode()


def edition_json(edition: Edition) -> Json:
    """The edition's own record in a file. Its author is given by side only."""
    return {
        "number": edition.number,
        "name": edition.name,
        "note": edition.note,
        "at": format_moment(edition.at),
        "side": edition.side,
        "manifest": safe_json.loads(edition.manifest),
        "content": edition.content_hash,
        "previous": edition.previous,
        "hash": edition.hash,
    }


def redaction_notes(hashes: Iterable[str]) -> Json:
    """Which of the parts were redacted, when and why, with the digest of the remaining content."""
    redactions = part_store.redactions_of(hashes)
    return {"blacked": redactions} if redactions else {}


def format_moment(at: datetime) -> str:
    """The time in the form that is hashed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _version_out(version: Version, manifest: Json) -> Json:
    return {
        "number": version.number,
        "at": format_moment(version.at),
        "reason": version.reason,
        "manifest": manifest,
        "content": version.content_hash,
        "previous": version.previous,
        "hash": version.hash,
    }


def _versions(edition: Edition) -> list[Version]:
    query = select(Version).join(EditionPart, EditionPart.version_id == Version.id)
    return list(db.session.scalars(query.where(EditionPart.edition_id == edition.id).order_by(EditionPart.position)))
