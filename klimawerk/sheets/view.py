"""View model of a sheet for its templates: localised values, and everything that a fragment needs to render alone.

The same objects serve the page, the answer to a form, and the live refresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from klimawerk.clock import now
from klimawerk.collab.storage import document_store
from klimawerk.live.changes import revisions
from klimawerk.money import totals_by_currency
from klimawerk.sheets.access import Opened
from klimawerk.sheets.edit_locks import LockView, lock_views, locks_except
from klimawerk.sheets.field_view import FieldView, conflict_address
from klimawerk.sheets.localised_item import LocalisedItem
from klimawerk.sheets.models import Item, Row
from klimawerk.sheets.options import ItemOptions
from klimawerk.sheets.page_languages import languages_for
from klimawerk.sheets.programme_topic import all_not_older, programme_head, revision_with_programme
from klimawerk.sheets.rows import rows_of_all
from klimawerk.sheets.sheet_schema import CODE, Field, RowKind, split_key
from klimawerk.sheets.text_view import TextView
from klimawerk.text import clean
from klimawerk.web.formats import money, number


@dataclass(frozen=True)
class ConflictLink:
    """A link to a field with a conflict: its label, and its address on the item's page."""

    label: str
    address: str


@dataclass(frozen=True)
class SheetView(LocalisedItem):
    """An item for one reader, with its fields, texts and rows. `programme_rev`: the revision of the programme's topic,
    read with the item's."""

    programme_rev: int = 0

    def fields(self, field: Field, row: Row | None = None) -> list[FieldView]:
        """The field, or the cell of `row`: one view, or one per shown language."""
        if not field.translated:
            return [FieldView(self, field, field.name, row=row)]
        return [FieldView(self, field, f"{field.name}.{code}", lang=code, row=row) for code in self.languages.parts]

    def dated_fields(self) -> list[FieldView]:
        """All fields and cells that hold dates."""
        dates = [view for field in self.sheet.fields.values() if field.dated for view in self.fields(field)]
        for kind in self.sheet.rows.values():
            dates += [view for row in self.rows_in(kind) for cell in kind.dated for view in self.fields(cell, row)]
        return dates

    def code_field(self) -> FieldView:
        return FieldView(self, CODE, CODE.name)

    @property
    def conflict_links(self) -> list[ConflictLink]:
        """Links to all fields and cells with a conflict, in the sheet's order, in all languages."""
        views = [FieldView(self, CODE, CODE.name)] if self.conflicts else []
        for part in self.sheet.parts if self.conflicts else ():
            if isinstance(part, Field):
                views += [FieldView(self, part, key) for key in part.keys(self.frame.languages)]
            else:
                cells = [(cell, key) for cell in part.cells for key in cell.keys(self.frame.languages)]
                views += [FieldView(self, cell, key, row=row) for row in self.rows_in(part) for cell, key in cells]
        return [self._conflict_link(view) for view in views if view.conflict]

    def _conflict_link(self, view: FieldView) -> ConflictLink:
        language, row = split_key(view.key)[1], view.row
        label = f"{view.label} {language.upper()}".strip()
        if row is not None:
            kind = self.sheet.rows[row.kind]
            label = f"{kind.one} {self.rows_in(kind).index(row) + 1}: {label}"
        return ConflictLink(label, conflict_address(view.id, language))

    def live(self, field: Field) -> list[TextView]:
        return [TextView(self, field, code) for code in self.languages.parts]

    def title(self) -> tuple[str, str]:
        """(title, its language): in the shown language, else the lead language, else any."""
        language = next((code for code in self._order if self.text("title", code)), None)
        return (self.text("title", language), language) if language else (_("Untitled"), self.reader)

    def cell_text(self, cell: Field, row: Row, *, beside: bool = False) -> tuple[str, str]:
        """(text, its language) of a cell for reading; "" as language if it is not translated. A missing translation is
        replaced by the lead language, else by any. With `beside`, the text in the second shown language; "" for none.
        """
        if not cell.translated:
            return ("", "") if beside else (self.in_words(cell, row.cells.get(cell.name)), "")
        language = next((code for code in self._order if row.cells.get(f"{cell.name}.{code}")), None)
        if beside:  # not what stands there already, in place of a missing translation
            second = self.languages.beside
            language = second if second != language and row.cells.get(f"{cell.name}.{second}") else None
        return (clean(row.cells[f"{cell.name}.{language}"]), language) if language else ("", "")

    def columns(self, kind: RowKind) -> list[Field]:
        """The cells that are columns of the table for reading: those filled in at least one row, without the cell that
        names the row and those shown below it. Amounts of money come last."""
        columns = [cell for cell in self.filled_cells(kind) if cell.name not in (kind.heading, *kind.below)]
        return sorted(columns, key=lambda cell: cell.kind == "amount")

    def below(self, kind: RowKind) -> list[Field]:
        """The filled cells that are shown below the one that names the row."""
        return [cell for cell in self.filled_cells(kind) if cell.name in kind.below]

    def filled_cells(self, kind: RowKind) -> list[Field]:
        """The cells that are filled in at least one row."""
        return [cell for cell in kind.cells if any(self.cell_text(cell, row)[0] for row in self.rows_in(kind))]

    def row_rev(self, row: Row) -> int:
        """The newest revision of the row's cells."""
        return max(row.revs.values(), default=0)

    def cell_notes(self, kind: RowKind, row: Row) -> list[FieldView]:
        """The row's cells that need a note below it: two values, or a date that contradicts another one."""
        views = [FieldView(self, cell, key, row=row) for cell in kind.cells for key in cell.keys(self.frame.languages)]
        return [view for view in views if view.conflict or view.hint]

    def word(self, name: str) -> str:
        """The value of a field, formatted for reading."""
        return self.in_words(self.sheet.fields[name], self.item.values.get(name))

    def converted(self, value: Any, *, rate: bool = True) -> str:
        """The amount in the other currency: "≈ 19.500 GHS, planning rate 13.00", with `rate`; "" if there is none."""
        other = self.frame.rates.other(Decimal(value["amount"]), value["currency"]) if value else None
        if other is None:
            return ""
        if not rate:
            return f"≈ {money(*other)}"
        return str(_("≈ %(amount)s, planning rate %(rate)s", amount=money(*other), rate=number(self.frame.rate)))

    def total(self, kind: RowKind) -> str:
        """The sum of the rows' amounts, by currency where no rate converts them; "" for fewer than two rows."""
        cell = next((cell for cell in kind.cells if cell.kind == "amount"), None)
        rows = self.rows_in(kind)
        if cell is None or len(rows) < 2:
            return ""
        sums = totals_by_currency((row.cells.get(cell.name) for row in rows), self.frame.rates)
        return " + ".join(money(*amount) for amount in sums)

    def sides_own_first(self) -> list[tuple[str, str]]:
        """(side, name) of both sides, the reader's own first."""
        return sorted(self.sides.items(), key=lambda side: side[0] != self.opened.member.side)

    @cached_property
    def programme_id(self) -> int:
        """The number of the programme that the item belongs to."""
        return programme_head(self.item).id

    def name(self, person_id: int | None) -> str:
        """The name of an author of conflicting values; "You" for the reader."""
        if person_id == self.opened.member.person.id:
            return str(_("You"))
        return self.names.get(person_id or 0) or str(_("Somebody"))

    @cached_property
    def locks(self) -> list[LockView]:
        """The locks that close the item for editing; empty while it is not locked."""
        return lock_views(self.item) if self.opened.locked else []

    @cached_property
    def locks_on_others(self) -> list[LockView]:
        """The locks that close the whole programme except this measure."""
        return lock_views(self.item, locks_except(self.item)) if self.item.kind == "measure" else []

    @property
    def now(self) -> datetime:
        return now()

    @property
    def _order(self) -> tuple[str, ...]:
        """The order in which languages are tried: the shown one, the lead language, all others."""
        return (self.languages.show, self.frame.lead_language, *self.languages.all)


def view_of(opened: Opened, *, reader: str, requested: str | None, options: ItemOptions | None = None) -> SheetView:
    """The view of an item for one reader. `requested`: the language requested for the page. Contents load on demand."""
    rev, programme_rev = revision_with_programme(opened.item)
    languages = languages_for(opened.item.frame, requested, reader, opened.item.writing_language)
    return SheetView(opened, reader, languages, rev, options or ItemOptions(), programme_rev)


def views_of(
    opened: Sequence[Opened], programme: Item, *, reader: str, requested: str | None, options: ItemOptions
) -> list[SheetView]:
    """The views of several items of the programme, as by `view_of`, with their texts and rows, read together."""
    items = [one.item for one in opened]
    names = [item.name for item in items]
    revs = revisions([programme.name, *names])
    all_not_older(items)
    texts, rows = document_store.texts(names), rows_of_all([item.id for item in items])
    views = []
    for one in opened:
        item = one.item
        languages = languages_for(item.frame, requested, reader, item.writing_language)
        view = SheetView(one, reader, languages, revs[item.name], options, revs[programme.name])
        vars(view).update(texts=texts[item.name], rows=rows.get(item.id, {}))  # its cached properties
        views.append(view)
    return views
