"""Hash chain of editions: the canonical form of an edition that is hashed.

Format 1: canonical JSON (RFC 8785) in UTF-8, with the versions in the order of the programme: the programme itself,
then each goal with its measures.

    {"format": 1, "programme": "5f0c...", "purpose": "council",
     "versions": [{"item": "5f0c...", "number": 3, "hash": "77b1..."}, ...]}

The edition's own hash is the SHA-256 of {"at", "content", "number", "previous"}, with `content` the hash of this form.
A version's hash covers its whole content, so an edition's hash proves the whole content of the programme. No person is
part of what is hashed.
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
    """Hash of an edition: covers the hash of its content and the hash of the edition before."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256_hex(canonical_json({"at": moment, "content": content, "number": number, "previous": previous}))
