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
from klimawerk.editions.snapshots import loaded, of_edition
from klimawerk.extensions import db
from klimawerk.versions import part_store
from klimawerk.versions.models import Version

Json = dict[str, Any]
FORMAT = "klimawerk-edition"


def edition_bytes(edition: Edition) -> bytes:
    """The file itself: UTF-8, indented. Raises storing.Damaged."""
    parts = of_edition(edition)
    manifests = {part.version.id: part.head for part in parts.values() if part.version}
    contents = loaded(parts.values())
    file: Json = {
        "format": FORMAT,
        "edition": edition_out(edition),
        "versions": [_version_out(version, manifests[version.id]) for version in _versions(edition)],
        "parts": {key: contents[key] for key in sorted(contents)},
        **said_of_blacked(contents),
    }
    return (json.dumps(file, ensure_ascii=False, indent=1) + "\n").encode()


def edition_out(edition: Edition) -> Json:
    """What is said of an edition in a file; who made it is said by side only."""
    return {
        "number": edition.number,
        "name": edition.name,
        "note": edition.note,
        "at": moment_out(edition.at),
        "side": edition.side,
        "manifest": safe_json.loads(edition.manifest),
        "content": edition.content_hash,
        "previous": edition.previous,
        "hash": edition.hash,
    }


def said_of_blacked(hashes: Iterable[str]) -> Json:
    """Which of the parts say less than their hash proves, since when and why, and the hash of what is left."""
    found = part_store.redactions_of(hashes)
    return {"blacked": found} if found else {}


def moment_out(at: datetime) -> str:
    """As it was hashed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _version_out(version: Version, manifest: Json) -> Json:
    return {
        "number": version.number,
        "at": moment_out(version.at),
        "reason": version.reason,
        "manifest": manifest,
        "content": version.content_hash,
        "previous": version.previous,
        "hash": version.hash,
    }


def _versions(edition: Edition) -> list[Version]:
    query = select(Version).join(EditionPart, EditionPart.version_id == Version.id)
    return list(db.session.scalars(query.where(EditionPart.edition_id == edition.id).order_by(EditionPart.position)))
