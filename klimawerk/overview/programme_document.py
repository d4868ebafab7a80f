"""View model of the programme document: goals grouped by field of action, measures grouped by goal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from klimawerk.collab.models import LiveText
from klimawerk.collab.storage import document_store
from klimawerk.goals.models import Goal
from klimawerk.goals.service import goals_of
from klimawerk.live.changes import revisions
from klimawerk.measures.models import Measure
from klimawerk.measures.service import all_measures
from klimawerk.money import totals_by_currency
from klimawerk.sheets.access import Opened
from klimawerk.sheets.item_kinds import sheet_of
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.rows import RowsByKind, cells_of_all
from klimawerk.sheets.view import SheetView

Texts = dict[str, LiveText]
LINE_TEXTS = ("title", "description", "statement")
"""The live texts of a line: of a measure the description, of a goal the statement."""


@dataclass(frozen=True)
class DocumentEntry:
    """A goal or measure in the document. `rev`: the topic revision at which it was read."""

    item: Item
    texts: Texts
    rows: RowsByKind
    rev: int
    v: SheetView

    def text(self, name: str) -> tuple[str, str]:
        """(plain text, its language): the shown language, else the lead language, else any; ("", "") for none."""
        localised = self._text(name)
        return (localised[0].plain, localised[1]) if localised else ("", "")

    def html(self, name: str) -> tuple[Markup, str]:
        """(HTML, its language). The HTML is safe, since the projection emits allowed elements only."""
        localised = self._text(name)
        return (Markup(localised[0].html), localised[1]) if localised else (Markup(""), "")  # noqa: S704

    def _text(self, name: str) -> tuple[LiveText, str] | None:
        languages = self.v.languages
        for code in (languages.show, self.v.frame.lead_language, *languages.all):
            text = self.texts.get(f"{name}.{code}")
            if text and text.plain:
                return text, code
        return None

    def word(self, name: str) -> str:
        """The value of a field, formatted for reading ("high", "May 2027"); "" if it is empty."""
        return self.v.in_words(sheet_of(self.item.kind).fields[name], self.item.values.get(name))

    @property
    def costs(self) -> list[tuple[Decimal, str]]:
        """(sum, currency) of the cost lines: in the main currency, and in each currency that cannot be converted."""
        return totals_by_currency((row.cells.get("amount") for row in self.rows.get("costs", [])), self.v.frame.rates)


@dataclass(frozen=True)
class Section:
    """A goal with its measures."""

    goal: DocumentEntry
    measures: list[DocumentEntry]


@dataclass(frozen=True)
class Chapter:
    """A field of action with its goals; `row` is None for goals without one."""

    row: Row | None
    sections: list[Section]


def chapters(v: SheetView) -> list[Chapter]:
    """All goals and measures in order. The number of queries does not depend on the number of items."""
    goals, measures = goals_of(v.item), all_measures(v.item)  # type: ignore[arg-type]
    return arrange_chapters(v, goals, measures, entries_of([*goals, *measures], v))


def arrange_chapters(
    v: SheetView, goals: list[Goal], measures: list[Measure], entries: dict[int, DocumentEntry]
) -> list[Chapter]:
    """Group the given goals and measures, which are in order, by the programme's fields of action."""
    sections = [_section(goal, measures, entries) for goal in goals]
    fields: list[Row | None] = [*v.rows.get("fields", []), None]
    arranged = [
        Chapter(row, [s for s in sections if _field_row(s.goal.item, v) == (row.id if row else None)]) for row in fields
    ]
    return [chapter for chapter in arranged if chapter.sections or chapter.row]


def document_entry(opened: Opened, v: SheetView) -> DocumentEntry:
    """The entry of a single goal or measure."""
    return entries_of([opened.item], v)[opened.item.id]


def entries_of(items: list[Item], v: SheetView) -> dict[int, DocumentEntry]:
    """{item id: the entry} of these goals and measures, with the texts and kinds of rows that a line shows."""
    names = [item.name for item in items]
    wanted = [f"{text}.{code}" for text in LINE_TEXTS for code in v.frame.languages]
    revs, texts = revisions(names), document_store.texts(names, wanted)
    rows = cells_of_all([item.id for item in items], ("costs",))
    return {
        item.id: DocumentEntry(item, texts.get(item.name, {}), rows.get(item.id, {}), revs[item.name], v)
        for item in items
    }


def _section(goal: Goal, measures: list[Measure], entries: dict[int, DocumentEntry]) -> Section:
    return Section(entries[goal.id], [entries[m.id] for m in measures if m.goal_id == goal.id])


def _field_row(item: Item, v: SheetView) -> str | None:
    existing = {row.id for row in v.rows.get("fields", [])}
    field: str | None = item.values.get("field")
    return field if field in existing else None
