"""Dates that do not fit, of the whole programme: of itself, its goals and its measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from flask_babel.speaklater import LazyString

from klimawerk.overview.programme_document import Chapter, DocumentEntry
from klimawerk.sheets.plausibility import DateRange, date_hints
from klimawerk.sheets.sheet_schema import sheet_of
from klimawerk.sheets.view import SheetView

MAX_WARNINGS = 50  # sentences on one page


@dataclass(frozen=True)
class DateWarning:
    """`code`: of the goal or measure, "" for the programme itself; `address`: of its page."""

    code: str
    address: str
    sentence: LazyString


def date_warnings(v: SheetView, chapters: Iterable[Chapter]) -> list[DateWarning]:
    """The first of them, in the order of the document."""
    own = (DateWarning("", f"#{v.anchor(hint.part, hint.row)}", hint.sentence) for hint in v.date_hints)
    period = DateRange.of(v.item.values)
    below = (doubt for entry in _entries(chapters) for doubt in _of(entry, period))
    return list(islice(chain(own, below), MAX_WARNINGS))


def _entries(chapters: Iterable[Chapter]) -> Iterator[DocumentEntry]:
    for section in (section for chapter in chapters for section in chapter.sections):
        yield from (section.goal, *section.measures)


def _of(entry: DocumentEntry, period: DateRange) -> Iterator[DateWarning]:
    item = entry.item
    cells = {kind: [row.cells for row in rows] for kind, rows in entry.rows.items()}
    for hint in date_hints(sheet_of(item.kind), item.values, cells, period):
        yield DateWarning(item.code, f"/{item.kind}s/{item.id}", hint.sentence)
