"""Plausibility hints about the dates of a whole programme: its own, and those of its goals and measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from flask_babel.speaklater import LazyString

from klimawerk.overview.programme_document import Chapter, DocumentEntry
from klimawerk.sheets.fragments import page_of
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.plausibility import DateRange, date_hints
from klimawerk.sheets.rows import RowsByKind
from klimawerk.sheets.view import SheetView

MAX_WARNINGS = 50  # sentences on one page


@dataclass(frozen=True)
class DateWarning:
    """A hint. `code`: of the goal or measure, "" for the programme itself; `address`: a link to its page."""

    code: str
    address: str
    sentence: LazyString


def date_warnings(v: SheetView, chapters: Iterable[Chapter], rows: Mapping[int, RowsByKind]) -> list[DateWarning]:
    """The first MAX_WARNINGS hints, in the order of the document. `rows`: those with dates, by item."""
    programme = (DateWarning("", f"#{v.anchor(hint.part, hint.row)}", hint.sentence) for hint in v.date_hints)
    period = DateRange.of(v.item.values)
    items = (
        warning
        for entry in _entries(chapters)
        for warning in _warnings_for(entry.item, rows.get(entry.item.id, {}), period)
    )
    return list(islice(chain(programme, items), MAX_WARNINGS))


def _entries(chapters: Iterable[Chapter]) -> Iterator[DocumentEntry]:
    for section in (section for chapter in chapters for section in chapter.sections):
        yield from (section.goal, *section.measures)


def _warnings_for(item: Item, rows: RowsByKind, period: DateRange) -> Iterator[DateWarning]:
    cells = {kind: [row.cells for row in of_kind] for kind, of_kind in rows.items()}
    for hint in date_hints(sheet_of(item.kind), item.values, cells, period):
        yield DateWarning(item.code, page_of(item), hint.sentence)
