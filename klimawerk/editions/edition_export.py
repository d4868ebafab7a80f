"""An edition as a file that proves itself: its manifest, its versions' manifests, and every part, with all hashes.

Anybody can check it: the canonical JSON (RFC 8785) of each part has the SHA-256 that it is listed under; so has each
`manifest` that of its `content`; and each `hash` follows from its record as hash_chain.py says. Of a part under
"blacked" something was blacked out later: what is left has the hash that stands there.
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
    """The file itself: UTF-8, indented. Raises storing.Damaged."""
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
    """What is said of an edition in a file; who made it is said by side only."""
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
    """Which of the parts say less than their hash proves, since when and why, and the hash of what is left."""
    found = part_store.redactions_of(hashes)
    return {"blacked": found} if found else {}


def format_moment(at: datetime) -> str:
    """As it was hashed."""
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
