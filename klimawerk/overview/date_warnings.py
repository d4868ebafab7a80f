"""Dates that do not fit, of the whole programme: of itself, its goals and its measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from flask_babel.speaklater import LazyString

from klimawerk.overview.programme_document import Chapter, Entry
from klimawerk.sheets.plausibility import DateRange, date_hints
from klimawerk.sheets.sheet_schema import sheet_of
from klimawerk.sheets.view import SheetView

MOST = 50  # sentences on one page


@dataclass(frozen=True)
class Doubt:
    """`code`: of the goal or measure, "" for the programme itself; `address`: of its page."""

    code: str
    address: str
    sentence: LazyString


def doubts(v: SheetView, chapters: Iterable[Chapter]) -> list[Doubt]:
    """The first of them, in the order of the document."""
    own = (Doubt("", f"#{v.anchor(hint.part, hint.row)}", hint.sentence) for hint in v.date_hints)
    period = DateRange.of(v.item.values)
    below = (doubt for entry in _entries(chapters) for doubt in _of(entry, period))
    return list(islice(chain(own, below), MOST))


def _entries(chapters: Iterable[Chapter]) -> Iterator[Entry]:
    for section in (section for chapter in chapters for section in chapter.sections):
        yield from (section.goal, *section.measures)


def _of(entry: Entry, period: DateRange) -> Iterator[Doubt]:
    item = entry.item
    cells = {kind: [row.cells for row in rows] for kind, rows in entry.rows.items()}
    for hint in date_hints(sheet_of(item.kind), item.values, cells, period):
        yield Doubt(item.code, f"/{item.kind}s/{item.id}", hint.sentence)
