"""The form in which an edition is hashed.

Format 1: canonical JSON (RFC 8785) in UTF-8, the versions in the order of the programme: itself, then each goal with
its measures.

    {"format": 1, "programme": "5f0c...", "purpose": "council",
     "versions": [{"item": "5f0c...", "number": 3, "hash": "77b1..."}, ...]}

The edition's own hash is the SHA-256 of {"at", "content", "number", "previous"}, with `content` this form's hash. A
version's hash covers its whole content, so an edition proves every letter of the programme, and no person stands in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from klimawerk.versions.hash_chain import canonical_json, sha256_hex

FORMAT = 1


def edition_manifest(programme: str, purpose: str, versions: Iterable[tuple[str, int, str]]) -> bytes:
    """The canonical form; `versions` as (key of the item, number, hash), in order."""
    listed = [{"item": item, "number": number, "hash": hash_} for item, number, hash_ in versions]
    return canonical_json({"format": FORMAT, "programme": programme, "purpose": purpose, "versions": listed})


def edition_hash(*, content: str, previous: str, number: int, at: datetime) -> str:
    """The hash of an edition: over its content's hash and the hash of the edition before."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256_hex(canonical_json({"at": moment, "content": content, "number": number, "previous": previous}))
