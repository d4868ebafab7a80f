"""The versions and editions of a programme as a file carries them, checked and not yet stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class VersionDraft:
    """One version. `contributors`: [{"id": pseudonym, "side": side}]; `parts`: name -> hash."""

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
        found: dict[str, str] = self.head["parts"]
        return found


@dataclass(frozen=True)
class ItemHistory:
    """An item with its versions. `rows`: the ids of its present rows by kind; `deleted`: it lies in the bin."""

    kind: str
    code: str
    key: str
    deleted: bool
    rows: dict[str, list[str]]
    versions: list[VersionDraft]


@dataclass(frozen=True)
class EditionDraft:
    """`versions`: (key of the item, number) in order."""

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
    """What the file calls its programme, items and rows; its versions (item, number, hash), editions (number, hash)."""

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
    """`parts`: canonical JSON by its hash; `blacked`: of those that say less by now (models.VersionPart)."""

    programme: str
    items: list[ItemHistory]
    parts: dict[str, bytes]
    editions: list[EditionDraft]
    blacked: dict[str, dict[str, str]]

    def of(self, kind: str, code: str) -> ItemHistory | None:
        """The history of a live item."""
        return next((one for one in self.items if (one.kind, one.code, one.deleted) == (kind, code, False)), None)

    def names(self) -> HistoryKeys:
        return HistoryKeys(
            programme=self.programme,
            versions={(item.key, one.number, one.hash) for item in self.items for one in item.versions},
            editions={(one.number, one.hash) for one in self.editions},
            items=[item.key for item in self.items],
            rows=[id_ for item in self.items for ids in item.rows.values() for id_ in ids],
        )

    @property
    def count(self) -> int:
        """How many versions."""
        return sum(len(one.versions) for one in self.items)
