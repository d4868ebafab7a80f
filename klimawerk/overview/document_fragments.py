"""The large fragments of a programme's page (chapters, finance table, hints on dates), cached by the revisions of all
goals and measures; and each goal's and measure's own fragment in the chapters, cached by its revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from klimawerk.fragment_cache import Key, cached_template, fragments
from klimawerk.goals.models import Goal
from klimawerk.goals.service import goals_of
from klimawerk.measures.measure_summary import BUDGET_ROWS
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.overview.date_warnings import date_warnings
from klimawerk.overview.finance import finance_from
from klimawerk.overview.programme_document import Chapter, DocumentEntry, arrange_chapters, document_entry, entries_of
from klimawerk.programmes.models import Programme
from klimawerk.sheets.access import of_kind
from klimawerk.sheets.fragment_keys import Revisions, frame_key, item_revisions, reader_key, refreshed
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item
from klimawerk.sheets.rows import CellsOnly, cells_of_all
from klimawerk.sheets.view import SheetView


@dataclass(frozen=True)
class DocumentFragments:
    """Fragments of the page of the programme that `v` shows. `revs` were read before any content."""

    v: SheetView
    revs: Revisions

    @property
    def has_items(self) -> bool:
        """Whether the programme has goals or measures; its own revision is among `revs`."""
        return len(self.revs) > 1

    @property
    def chapters(self) -> Markup:
        """Goals and measures in order; editors can add some."""

        def context() -> dict[str, object]:
            return {"v": self.v, "chapters": self._arranged, "line": self._line}

        return cached_template(self._key("chapters", self.v.editable), "overview/_chapters.html", context)

    @property
    def finance(self) -> Markup:
        """The finance table; it names the reader's side first."""

        def context() -> dict[str, object]:
            return {"v": self.v, "finance": finance_from(self.v, self._measures, self._rows)}

        return cached_template(self._key("finance", self.v.opened.member.side), "overview/_finance.html", context)

    @property
    def dates(self) -> Markup:
        """Hints on dates, "" for none."""

        def context() -> dict[str, object]:
            return {"warnings": date_warnings(self.v, self._arranged, self._rows)}

        return cached_template(self._key("dates"), "overview/_dates.html", context)

    def _key(self, name: str, *more: object) -> Key:
        return (name, self.v.item.id, self.revs, *more, reader_key(self.v), frame_key(self.v))

    @cached_property
    def _arranged(self) -> list[Chapter]:
        """The chapters with entries that hold no texts and rows."""
        return arrange_chapters(self.v, self._goals, self._measures, self._bare_entries)

    def _line(self, item: Item) -> Markup:
        return _line(self.v, item, self._rev(item), lambda: self._entry_of(item))

    @cached_property
    def _rev_of(self) -> dict[int, int]:
        return dict(self.revs)

    def _rev(self, item: Item) -> int:
        """The item's revision; 0 if it was created since."""
        return self._rev_of.get(item.id, 0)

    @cached_property
    def _goals(self) -> list[Goal]:
        return goals_of(of_kind(self.v.opened, Programme))

    @cached_property
    def _measures(self) -> list[Measure]:
        return all_measures(of_kind(self.v.opened, Programme))

    @cached_property
    def _items(self) -> list[Item]:
        return [*self._goals, *self._measures]

    @cached_property
    def _bare_entries(self) -> dict[int, DocumentEntry]:
        """Entries without texts and rows, for the order."""
        return {item.id: DocumentEntry(item, {}, {}, self._rev(item), self.v) for item in self._items}

    @cached_property
    def _unknown_entries(self) -> dict[int, DocumentEntry]:
        """Entries of the goals and measures whose fragments are not known, read together."""
        known = fragments().knows
        return entries_of([i for i in self._items if not known(_line_key(self.v, i, self._rev(i)))], self.v)

    def _entry_of(self, item: Item) -> DocumentEntry:
        return self._unknown_entries.get(item.id) or entries_of([item], self.v)[item.id]

    @cached_property
    def _rows(self) -> dict[int, dict[str, list[CellsOnly]]]:
        """The rows that finance table and hints on dates need, by item."""
        kinds = {name for kind in ("goal", "measure") for name, rows in sheet_of(kind).rows.items() if rows.dated}
        return cells_of_all([item.id for item in self._items], {*BUDGET_ROWS, *kinds})


def document_fragments(v: SheetView) -> DocumentFragments:
    """The fragments of a programme's page, made of contents that are read after its revisions, whatever `v` holds."""
    revs = item_revisions(v.frame)
    return DocumentFragments(refreshed(v), revs)


def line_fragment(v: SheetView) -> Markup:
    """The fragment of the goal or measure that `v` shows, as it stands in the chapters."""
    return _line(v, v.item, v.rev, lambda: document_entry(v.opened, v))


def _line(v: SheetView, item: Item, rev: int, entry: Callable[[], DocumentEntry]) -> Markup:
    template = "overview/_measure.html" if item.kind == "measure" else "overview/_goal.html"
    return cached_template(_line_key(v, item, rev), template, lambda: {"e": entry(), "v": v})


def _line_key(v: SheetView, item: Item, rev: int) -> Key:
    return ("line", item.id, rev, reader_key(v), frame_key(v))
