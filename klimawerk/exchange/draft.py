"""Drafts: a programme as a checked file describes it, with codes instead of ids, not stored yet."""

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
    """Content of one item. `texts`: fragment -> ProseMirror JSON. "field" is a code, "related" a list of codes."""

    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    rows: dict[str, list[RowCells]] = field(default_factory=dict)
    imported: list[str] = field(default_factory=list)


@dataclass
class MeasureDraft(ItemDraft):
    """A measure. `goal`: code of its goal; `order`: its position among the measures, as the file counts them."""

    goal: str = ""
    order: int = 0


@dataclass
class MunicipalityDraft:
    """A municipality of the partnership."""

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
    """The partnership with its municipalities."""

    name: dict[str, str]
    kind: str
    since: int | None
    agreement: dict[str, Any]
    municipalities: list[MunicipalityDraft]


@dataclass
class FrameDraft:
    """Languages, currencies and the planning rate, named as in the model `Frame`."""

    languages: list[str]
    lead_language: str
    currency_main: str
    currency_local: str
    rate: Decimal | None
    rate_date: date | None
    rate_note: str


@dataclass
class CommentDraft:
    """A comment. `foreign`: everything that the file says about it, except its text."""

    text: str
    side: str
    language: str
    at: datetime
    foreign: dict[str, Any]


@dataclass
class ThreadDraft:
    """A thread of comments. `item`: kind and code of the item it belongs to.

    `field`: the field it is about, in row number `row` (from 0) of `row_kind` if that is set; "" for the whole item.
    `value`: the field's value when the thread was opened; `passage`: the part of the text that is meant.
    """

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
        """Number of comments."""
        return len(self.comments)


@dataclass
class ProgrammeDraft:
    """The whole file. `carried`: parts that are stored and exported unchanged."""

    frame: FrameDraft
    partnership: PartnershipDraft
    programme: ItemDraft
    goals: list[ItemDraft]
    measures: list[MeasureDraft]
    carried: dict[str, Any]
    warnings: list[ImportProblem]
    threads: list[ThreadDraft] = field(default_factory=list)
    history: HistoryDraft | None = None
