"""Warnings of an import that do not prevent it: implausible dates, and items without a title.

The rules for dates are in sheets/plausibility.py. Warnings of texts that are too long arise where they are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from flask_babel import lazy_gettext as _

from klimawerk.collab.rich_text import to_plain_text
from klimawerk.exchange import file_layout
from klimawerk.exchange.draft import ItemDraft, ProgrammeDraft
from klimawerk.exchange.import_problems import FilePosition, ImportProblem
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.sheets.plausibility import DateRange, PlausibilityHint, date_hints
from klimawerk.sheets.sheet_schema import Sheet
from klimawerk.text import is_blank

MAX_WARNINGS = 100  # more would hide the rest of the preview

NO_TITLE = _("There is no title.")


def import_warnings(draft: ProgrammeDraft) -> list[ImportProblem]:
    """Warnings for all items in the order of the file; at most MAX_WARNINGS, then one that there are more."""
    warnings = list(islice(_all(draft), MAX_WARNINGS + 1))
    if len(warnings) <= MAX_WARNINGS:
        return warnings
    return [
        *warnings[:MAX_WARNINGS],
        ImportProblem(FilePosition(), _("There are more dates and titles to look at than these.")),
    ]


def _all(draft: ProgrammeDraft) -> Iterator[ImportProblem]:
    period = DateRange.of(draft.programme.values)
    yield from _warnings_of(draft.programme, PROGRAMME, file_layout.PROGRAMME, FilePosition(), period)
    for number, goal in enumerate(draft.goals):
        yield from _warnings_of(goal, GOAL, file_layout.GOAL, _entry("goals", number, goal), period)
    for number, measure in enumerate(draft.measures):
        yield from _warnings_of(measure, MEASURE, file_layout.MEASURE, _entry("measures", number, measure), period)


def _warnings_of(
    item: ItemDraft, sheet: Sheet, slots: tuple[file_layout.FileSlot, ...], place: FilePosition, period: DateRange
) -> Iterator[ImportProblem]:
    paths = {name: path for path, name in slots}
    titles = (text for fragment, text in item.texts.items() if text and fragment.startswith("title."))
    if all(is_blank(to_plain_text(title)) for title in titles):
        yield ImportProblem(_at(place, paths["title"]), NO_TITLE)
    for hint in date_hints(sheet, item.values, item.rows, period):
        yield ImportProblem(_place(hint, item, _at(place, paths[hint.part])), hint.sentence)


def _place(hint: PlausibilityHint, item: ItemDraft, part: FilePosition) -> FilePosition:
    return part if hint.row is None else part.entry(hint.row, item.rows[hint.part][hint.row]).at(hint.key)


def _entry(kind: str, number: int, item: ItemDraft) -> FilePosition:
    return FilePosition((kind,)).entry(number, {"code": item.code})


def _at(place: FilePosition, path: tuple[str, ...]) -> FilePosition:
    for key in path:
        place = place.at(key)
    return place
