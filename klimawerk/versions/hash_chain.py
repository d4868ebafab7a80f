"""Hash chain of versions: the canonical form that is hashed, and how each hash covers the one before it.

Format 2. A part is a text, the rows of one kind, or the values. A manifest names all parts by their SHA-256:

    {"format": 2, "kind": "measure", "item": "5f0c...", "code": "WA-01", "goal": "9d1e...", "lead_language": "en",
     "languages": ["de", "en"],
     "parts": {"values": "5f2a...", "text:description.en": "09cc...", "rows:steps": "77b1..."}}

Everything is canonical JSON (RFC 8785) in UTF-8; decimal numbers and amounts are strings. A version's own hash is the
SHA-256 of {"at", "content", "number", "previous", "reason"}, with `content` the manifest's hash. So a hash proves the
whole content of its version and of all versions before it. Equal parts are stored once. No person is part of what is
hashed.

Items are named by their keys, which they keep when they move to another installation. Format 1 named them by id.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import rfc8785

FORMAT = 2


def canonical_json(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of `value`. Raises rfc8785.CanonicalizationError for what JSON cannot represent."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    """SHA-256, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def version_hash(*, content: str, previous: str, number: int, at: datetime, reason: str) -> str:
    """Hash of a version: covers the hash of its content and the hash of the version before."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    record = {"at": moment, "content": content, "number": number, "previous": previous, "reason": reason}
    return sha256_hex(canonical_json(record))
