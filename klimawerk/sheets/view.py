"""What the templates of a sheet see: values in the reader's words, with everything a fragment needs to be itself.

The same objects serve first paint, the answer to a form, and the live refresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from klimawerk.clock import now
from klimawerk.live.changes import revision
from klimawerk.sheets.access import Opened
from klimawerk.sheets.edit_locks import LockView, lock_views, locks_except
from klimawerk.sheets.field_view import FieldView, conflict_id
from klimawerk.sheets.localised_item import LocalisedItem
from klimawerk.sheets.models import Row
from klimawerk.sheets.options import ItemOptions
from klimawerk.sheets.page_languages import languages_for
from klimawerk.sheets.sheet_schema import CODE, Field, RowKind, split_key
from klimawerk.sheets.text_view import TextView
from klimawerk.web.formats import money, number


@dataclass(frozen=True)
class ConflictLink:
    """A field with two values: its name, and its address on the item's page."""

    label: str
    address: str


def anchor_query(language: str, *, edit: bool) -> str:
    """The part of an address that shows a place of a page: its language ("" for any), and fields as forms."""
    asked = [f"show={language}"] if language else []
    return "?" + "&".join([*asked, "mode=edit"] if edit else asked) if asked or edit else ""


@dataclass(frozen=True)
class SheetView(LocalisedItem):
    """An item for one reader, with its fields, texts and rows."""

    reading: bool = False

    @property
    def forms(self) -> bool:
        """Whether fields and rows stand as forms; while one reads the document only its texts can be touched."""
        return self.editable and not self.reading

    @property
    def cellwise(self) -> bool:
        """Whether rows stand cell by cell: for editors also while it is closed, so that what they type has a place."""
        return self.forms or (self.opened.writes and self.opened.locked and not self.reading)

    def fields(self, field: Field, row: Row | None = None) -> list[FieldView]:
        """The field once, or once per shown language."""
        if not field.translated:
            return [FieldView(self, field, field.name, row=row)]
        return [FieldView(self, field, f"{field.name}.{code}", lang=code, row=row) for code in self.languages.parts]

    def dated_fields(self) -> list[FieldView]:
        """Every date of the sheet and of its rows."""
        found = [one for field in self.sheet.fields.values() if field.dated for one in self.fields(field)]
        for kind in self.sheet.rows.values():
            found += [one for row in self.rows_in(kind) for cell in kind.dated for one in self.fields(cell, row)]
        return found

    def code_field(self) -> FieldView:
        return FieldView(self, CODE, CODE.name)

    @property
    def conflict_links(self) -> list[ConflictLink]:
        """Fields and cells with two values, in the sheet's order, whatever languages are shown."""
        places = [FieldView(self, CODE, CODE.name)] if self.conflicts else []
        for part in self.sheet.parts if self.conflicts else ():
            if isinstance(part, Field):
                places += [FieldView(self, part, key) for key in part.keys(self.frame.languages)]
            else:
                cells = [(cell, key) for cell in part.cells for key in cell.keys(self.frame.languages)]
                places += [FieldView(self, cell, key, row=row) for row in self.rows_in(part) for cell, key in cells]
        return [self._conflict_link(place) for place in places if place.conflict]

    def _conflict_link(self, place: FieldView) -> ConflictLink:
        language, row = split_key(place.key)[1], place.row
        label = f"{place.label} {language.upper()}".strip()
        if row is not None:
            kind = self.sheet.rows[row.kind]
            label = f"{kind.one} {self.rows_in(kind).index(row) + 1}: {label}"
        return ConflictLink(
            label, f"{anchor_query(language, edit=self.reading and self.editable)}#{conflict_id(place.id)}"
        )

    def live(self, field: Field) -> list[TextView]:
        return [TextView(self, field, code) for code in self.languages.parts]

    def title(self) -> tuple[str, str]:
        """The title and the language it is in: the one shown, else the original, else any."""
        titled = next((code for code in self._order if self.text("title", code)), None)
        return (self.text("title", titled), titled) if titled else (_("Untitled"), self.reader)

    def said(self, cell: Field, row: Row) -> tuple[str, str]:
        """A cell to be read: its words and their language ("" for none); a missing text is shown in the original."""
        if not cell.translated:
            return self.in_words(cell, row.cells.get(cell.name)), ""
        spoken = next((code for code in self._order if row.cells.get(f"{cell.name}.{code}")), None)
        return (row.cells[f"{cell.name}.{spoken}"], spoken) if spoken else ("", "")

    def columns(self, kind: RowKind) -> list[Field]:
        """The cells that at least one row has something in."""
        return [cell for cell in kind.cells if any(self.said(cell, row)[0] for row in self.rows_in(kind))]

    def word(self, name: str) -> str:
        """One of its fields in words."""
        return self.in_words(self.sheet.fields[name], self.item.values.get(name))

    def converted(self, value: Any) -> str:
        """An amount in the other currency with the planning rate: "≈ 19.500,00 GHS, planning rate 13.00", or ""."""
        other = self.frame.rates.other(Decimal(value["amount"]), value["currency"]) if value else None
        if other is None:
            return ""
        rate = number(self.frame.rate)
        return str(_("≈ %(amount)s, planning rate %(rate)s", amount=money(*other), rate=rate))

    def sides_own_first(self) -> list[tuple[str, str]]:
        """Both sides with their names, the reader's own first."""
        return sorted(self.sides.items(), key=lambda side: side[0] != self.opened.member.side)

    @cached_property
    def partnership_name(self) -> str:
        names = self.frame.partnership.name
        return names.get(self.reader) or next(iter(names.values()), "")

    def name(self, person_id: int | None) -> str:
        """One of those who meet in a conflict, as the reader calls them."""
        if person_id == self.opened.member.person.id:
            return str(_("You"))
        return self.names.get(person_id or 0) or str(_("Somebody"))

    @cached_property
    def locks(self) -> list[LockView]:
        """Who closed it for editing, why, and what with it; empty while it is open."""
        return lock_views(self.item) if self.opened.locked else []

    @cached_property
    def locks_elsewhere(self) -> list[LockView]:
        """The same for locks that close everything but this measure."""
        return lock_views(self.item, locks_except(self.item)) if self.item.kind == "measure" else []

    @property
    def now(self) -> datetime:
        return now()

    @property
    def _order(self) -> tuple[str, ...]:
        """Where words are looked for: in the language shown, else the original, else any."""
        return (self.languages.show, self.frame.lead_language, *self.languages.all)


def view_of(
    opened: Opened, *, reader: str, wish: str | None, options: ItemOptions | None = None, reading: bool = False
) -> SheetView:
    """The item as this reader sees it. Everything else is read on demand, once."""
    rev = revision(opened.item.name)
    languages = languages_for(opened.item.frame, wish, reader, opened.item.writing_language)
    return SheetView(opened, reader, languages, rev, options or ItemOptions(), reading)
