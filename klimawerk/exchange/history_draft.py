"""Drafts of versions and editions, as a file contains them: checked, not stored yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class VersionDraft:
    """A version. `contributors`: [{"id": pseudonym, "side": side}]; `parts`: name -> hash of the part."""

    number: int
    at: datetime
    reason: str
    label: str
    note: str
    side: str
    contributors: list[dict[str, str]]
    head: dict[str, Any]
    manifest: bytes
    content: str
    previous: str
    hash: str

    @property
    def parts(self) -> dict[str, str]:
        """Hashes of the parts by name."""
        parts: dict[str, str] = self.head["parts"]
        return parts


@dataclass(frozen=True)
class ItemHistory:
    """An item with its versions. `rows`: ids of its current rows by kind; `deleted`: it is in the recycle bin."""

    kind: str
    code: str
    key: str
    deleted: bool
    rows: dict[str, list[str]]
    versions: list[VersionDraft]


@dataclass(frozen=True)
class EditionDraft:
    """An edition. `versions`: (key of the item, version number), in order."""

    number: int
    name: str
    purpose: str
    note: str
    at: datetime
    side: str
    manifest: bytes
    content: str
    previous: str
    hash: str
    versions: list[tuple[str, int]]


@dataclass(frozen=True)
class HistoryKeys:
    """Identities in a file: keys of its programme and items, ids of its rows, versions and editions.

    A version is (item, number, hash), an edition (number, hash). They tell whether the programme is stored here
    already.
    """

    programme: str
    versions: set[tuple[str, int, str]]
    editions: set[tuple[int, str]]
    items: list[str]
    rows: list[str]

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "versions": sorted(self.versions), "editions": sorted(self.editions)}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> HistoryKeys:
        versions = {(str(key), int(number), str(hash_)) for key, number, hash_ in raw["versions"]}
        editions = {(int(number), str(hash_)) for number, hash_ in raw["editions"]}
        return cls(raw["programme"], versions, editions, raw["items"], raw["rows"])


@dataclass(frozen=True)
class HistoryDraft:
    """History of a programme. `parts`: canonical JSON by hash; `redactions`: notes on redacted parts, by hash."""

    programme: str
    items: list[ItemHistory]
    parts: dict[str, bytes]
    editions: list[EditionDraft]
    redactions: dict[str, dict[str, str]]

    def of(self, kind: str, code: str) -> ItemHistory | None:
        """History of an item that is not deleted."""
        return next((item for item in self.items if (item.kind, item.code, item.deleted) == (kind, code, False)), None)

    def keys(self) -> HistoryKeys:
        """The identities of everything in the history."""
        return HistoryKeys(
            programme=self.programme,
            versions={(item.key, version.number, version.hash) for item in self.items for version in item.versions},
            editions={(edition.number, edition.hash) for edition in self.editions},
            items=[item.key for item in self.items],
            rows=[id_ for item in self.items for ids in item.rows.values() for id_ in ids],
        )

    @property
    def count(self) -> int:
        """Number of versions."""
        return sum(len(item.versions) for item in self.items)
