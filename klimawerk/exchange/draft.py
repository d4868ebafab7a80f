"""A programme as a checked file describes it: the catalogue's names, codes instead of ids, nothing stored yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from klimawerk.exchange.history_draft import HistoryDraft
from klimawerk.exchange.import_problems import ImportProblem

RowCells = dict[str, Any]


@dataclass
class ItemDraft:
    """A sheet's content. `texts`: fragment -> ProseMirror JSON. The value "field" is still a code, "related" codes."""

    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    rows: dict[str, list[RowCells]] = field(default_factory=dict)
    imported: list[str] = field(default_factory=list)


@dataclass
class MeasureDraft(ItemDraft):
    """`goal` is the goal's code; `order` its place among the measures as the file counts it."""

    goal: str = ""
    order: int = 0


@dataclass
class MunicipalityDraft:
    side: str
    name: str
    country: str
    region: str
    population: int | None
    timezone: str
    language: str
    profile: dict[str, str]


@dataclass
class PartnershipDraft:
    name: dict[str, str]
    kind: str
    since: int | None
    agreement: dict[str, Any]
    municipalities: list[MunicipalityDraft]


@dataclass
class FrameDraft:
    """Languages, currencies and the planning rate, as the models call them."""

    languages: list[str]
    lead_language: str
    currency_main: str
    currency_local: str
    rate: Decimal | None
    rate_date: date | None
    rate_note: str


@dataclass
class CommentDraft:
    """`foreign`: everything that the file says of it, but for its words."""

    words: str
    side: str
    language: str
    at: datetime
    foreign: dict[str, Any]


@dataclass
class ThreadDraft:
    """`item`: kind and code of what it hangs on. `field` (in the `row`th row of `row_kind`, from 0 on) is what it is
    about, "" for the whole, `value` what stood there, `passage` the words that are meant."""

    item: tuple[str, str]
    kind: str
    due: date | None
    is_resolved: bool
    outcome: str
    comments: list[CommentDraft]
    field: str = ""
    row_kind: str = ""
    row: int = 0
    value: Any = None
    passage: str = ""

    @property
    def count(self) -> int:
        """How many comments it has."""
        return len(self.comments)


@dataclass
class ProgrammeDraft:
    """The whole file. `carried`: parts kept as they are."""

    frame: FrameDraft
    partnership: PartnershipDraft
    programme: ItemDraft
    goals: list[ItemDraft]
    measures: list[MeasureDraft]
    carried: dict[str, Any]
    warnings: list[ImportProblem]
    talks: list[ThreadDraft] = field(default_factory=list)
    history: HistoryDraft | None = None
