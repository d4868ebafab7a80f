"""What does not fit in a file that can be imported all the same: dates, and items without a title. See
sheets/plausibility.py; texts that are too long are said where they are read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from flask_babel import lazy_gettext as _

from klimawerk.collab.rich_text import to_plain_text
from klimawerk.exchange import file_layout
from klimawerk.exchange.draft import Draft, ItemDraft
from klimawerk.exchange.import_problems import Place, Problem
from klimawerk.goals.content import SHEET as GOAL
from klimawerk.measures.content import SHEET as MEASURE
from klimawerk.programmes.content import SHEET as PROGRAMME
from klimawerk.sheets.plausibility import DateRange, PlausibilityHint, date_hints
from klimawerk.sheets.sheet_schema import Sheet
from klimawerk.text import is_blank

MOST = 100  # more would bury the rest of the preview

NO_TITLE = _("There is no title.")


def doubts(draft: Draft) -> list[Problem]:
    """Of all items, in the order of the file; at most MOST, and then a sentence that there are more."""
    found = list(islice(_all(draft), MOST + 1))
    if len(found) <= MOST:
        return found
    return [*found[:MOST], Problem(Place(), _("There are more dates and titles to look at than these."))]


def _all(draft: Draft) -> Iterator[Problem]:
    period = DateRange.of(draft.programme.values)
    yield from _of(draft.programme, PROGRAMME, file_layout.PROGRAMME, Place(), period)
    for number, goal in enumerate(draft.goals):
        yield from _of(goal, GOAL, file_layout.GOAL, _entry("goals", number, goal), period)
    for number, measure in enumerate(draft.measures):
        yield from _of(measure, MEASURE, file_layout.MEASURE, _entry("measures", number, measure), period)


def _of(
    item: ItemDraft, sheet: Sheet, slots: tuple[file_layout.Slot, ...], place: Place, period: DateRange
) -> Iterator[Problem]:
    paths = {name: path for path, name in slots}
    titles = (text for fragment, text in item.texts.items() if text and fragment.startswith("title."))
    if all(is_blank(to_plain_text(title)) for title in titles):
        yield Problem(_at(place, paths["title"]), NO_TITLE)
    for hint in date_hints(sheet, item.values, item.rows, period):
        yield Problem(_place(hint, item, _at(place, paths[hint.part])), hint.sentence)


def _place(hint: PlausibilityHint, item: ItemDraft, part: Place) -> Place:
    return part if hint.row is None else part.entry(hint.row, item.rows[hint.part][hint.row]).at(hint.key)


def _entry(kind: str, number: int, item: ItemDraft) -> Place:
    return Place((kind,)).entry(number, {"code": item.code})


def _at(place: Place, path: tuple[str, ...]) -> Place:
    for key in path:
        place = place.at(key)
    return place
