"""What the templates of a sheet see: values in the reader's words, with everything a fragment needs to be itself.

The same objects serve first paint, the answer to a form, and the live refresh.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from klimawerk.accounts.models import Person
from klimawerk.clock import now
from klimawerk.collab import store
from klimawerk.collab.models import LiveText
from klimawerk.extensions import db
from klimawerk.live.changes import revision
from klimawerk.sheets import labels
from klimawerk.sheets.access import Opened
from klimawerk.sheets.catalogue import CODE, Field, Group, RowKind, Sheet, sheet_of
from klimawerk.sheets.display import shown
from klimawerk.sheets.models import Conflict, Frame, Item, Row
from klimawerk.sheets.rows import rows_of
from klimawerk.sheets.service import Place, conflicts_of
from klimawerk.web.formats import money, number


@dataclass(frozen=True)
class Languages:
    """Which working languages the page shows: the chosen one, and beside it another where there is room."""

    show: str
    beside: str | None
    all: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        return [code for code in (self.show, self.beside) if code]


def languages_for(frame: Frame, wish: str | None, reader: str, writing: str = "") -> Languages:
    """The wish, else the reader's language, else the original one; beside it the one that everybody writes in now,
    else the original or the next one."""
    all_ = tuple(frame.languages)
    show = next((code for code in (wish, reader, frame.lead_language) if code in all_), all_[0])
    beside = next((code for code in (writing, frame.lead_language, *all_) if code in all_ and code != show), None)
    return Languages(show, beside, all_)


@dataclass(frozen=True)
class Options:
    """What a field of action or a related measure can be chosen from: (id, words)."""

    fields: tuple[tuple[str, str], ...] = ()
    measures: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class FieldView:
    """One field, or one cell, in one language."""

    view: View
    field: Field
    key: str
    lang: str = ""
    row: Row | None = None
    error: str = ""
    typed: list[str] = dataclasses.field(default_factory=list)
    said: str = ""

    @property
    def id(self) -> str:
        key = self.key.replace(".", "-")
        return f"c-{self.row.id}-{key}" if self.row else f"f-{self.view.item.id}-{key}"

    @property
    def action(self) -> str:
        return f"/rows/{self.row.id}/cells/{self.key}" if self.row else f"/items/{self.view.item.id}/fields/{self.key}"

    @property
    def place(self) -> Place:
        return Place(self.view.item, self.key, self.row)

    @property
    def value(self) -> Any:
        return self.place.value

    @property
    def rev(self) -> int:
        return self.place.rev

    @property
    def label(self) -> str:
        return labels.words(self.field.label, self.view.sides)

    @property
    def help(self) -> str:
        return labels.words(self.field.help, self.view.sides)

    @property
    def shown(self) -> str:
        return self.view.in_words(self.field, self.value)

    @property
    def conflict(self) -> Conflict | None:
        return self.view.conflicts.get((self.row.id if self.row else None, self.key))

    @property
    def unconfirmed(self) -> bool:
        return self.row is None and self.key in self.view.item.imported

    def choices(self) -> list[tuple[Any, str]]:
        """What can be picked, with the present value even where it cannot be picked anew."""
        if self.field.kind == "field":
            return list(self.view.options.fields)
        if self.field.kind == "measures":
            return [option for option in self.view.options.measures if option[0] != self.view.item.id]
        offered = labels.choices(self.field, self.view.reader, self.view.sides)
        if self.field.kind == "choice" and self.value is not None and self.value not in [code for code, _ in offered]:
            offered.append((self.value, self.shown))
        return offered

    def typed_or_kept(self) -> str:
        """What stands in the control: what was typed if it was refused, else the kept value as it is written."""
        return self.typed[0] if self.typed else self.view.as_typed(self.field, self.value)

    def picked(self) -> set[str]:
        kept = self.value if isinstance(self.value, list) else [self.value]
        return set(self.typed) if self.typed else {str(code) for code in kept}

    def refused(self, error: str, typed: list[str]) -> FieldView:
        return replace(self, error=error, typed=typed)


@dataclass(frozen=True)
class TextView:
    """One live text in one language, as plain HTML until somebody touches it."""

    view: View
    field: Field
    lang: str

    @property
    def fragment(self) -> str:
        return f"{self.field.name}.{self.lang}"

    @property
    def id(self) -> str:
        return f"t-{self.view.item.id}-{self.field.name}-{self.lang}"

    @property
    def label(self) -> str:
        return labels.words(self.field.label, self.view.sides)

    @property
    def help(self) -> str:
        return labels.words(self.field.help, self.view.sides)

    @property
    def plain(self) -> str:
        text = self.view.texts.get(self.fragment)
        return text.plain if text else ""

    @property
    def html(self) -> Markup:
        """Safe: the projection walks an allow-list."""
        text = self.view.texts.get(self.fragment)
        return Markup(text.html if text else "")  # noqa: S704

    @property
    def elsewhere(self) -> str:
        """The language in which the text exists while it is missing here; "" if it is nowhere or here."""
        if self.plain:
            return ""
        others = (self.view.frame.lead_language, *self.view.languages.all)
        return next((code for code in others if self.view.text(self.field.name, code)), "")


@dataclass(frozen=True)
class View:
    """An item for one reader. `rev` was read before everything else, so nothing newer is ever called seen."""

    opened: Opened
    reader: str
    languages: Languages
    rev: int
    options: Options = Options()
    reading: bool = False

    @property
    def item(self) -> Item:
        return self.opened.item

    @property
    def frame(self) -> Frame:
        return self.item.frame

    @property
    def editable(self) -> bool:
        return self.opened.editable

    @property
    def forms(self) -> bool:
        """Whether fields and rows stand as forms; while one reads the document only its texts can be touched."""
        return self.editable and not self.reading

    @cached_property
    def sheet(self) -> Sheet:
        return sheet_of(self.item.kind)

    @cached_property
    def sides(self) -> dict[str, str]:
        return labels.side_names(self.frame.partnership)

    @cached_property
    def texts(self) -> dict[str, LiveText]:
        return store.texts([self.item.name]).get(self.item.name, {})

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        return rows_of(self.item)

    @cached_property
    def conflicts(self) -> dict[tuple[str | None, str], Conflict]:
        return conflicts_of(self.item)

    def text(self, name: str, lang: str | None = None) -> str:
        """The plain words of a live text in `lang` (default: the one shown)."""
        found = self.texts.get(f"{name}.{lang or self.languages.show}")
        return found.plain if found else ""

    def title(self) -> tuple[str, str]:
        """The title and the language it is in: the one shown, else the original, else any."""
        for code in (self.languages.show, self.frame.lead_language, *self.languages.all):
            if self.text("title", code):
                return self.text("title", code), code
        return _("Untitled"), self.reader

    def fields(self, field_: Field, row: Row | None = None) -> list[FieldView]:
        """The field once, or once per shown language."""
        if not field_.translated:
            return [FieldView(self, field_, field_.name, row=row)]
        return [FieldView(self, field_, f"{field_.name}.{code}", lang=code, row=row) for code in self.languages.parts]

    def live(self, field_: Field) -> list[TextView]:
        return [TextView(self, field_, code) for code in self.languages.parts]

    def rows_in(self, kind: RowKind) -> list[Row]:
        return self.rows.get(kind.name, [])

    def columns(self, kind: RowKind) -> list[Field]:
        """The cells that at least one row has something in."""
        return [cell for cell in kind.cells if any(self.said(cell, row)[0] for row in self.rows_in(kind))]

    def said(self, cell: Field, row: Row) -> tuple[str, str]:
        """A cell to be read: its words and their language ("" for none); a missing text is shown in the original."""
        if not cell.translated:
            return self.in_words(cell, row.cells.get(cell.name)), ""
        for code in (self.languages.show, self.frame.lead_language, *self.languages.all):
            if words := row.cells.get(f"{cell.name}.{code}"):
                return words, code
        return "", ""

    def filled(self, part: Field | RowKind) -> bool:
        """Whether anything stands there in any language."""
        if isinstance(part, RowKind):
            return bool(self.rows_in(part))
        if part.kind == "live":
            return any(self.text(part.name, code) for code in self.languages.all)
        return any(self.item.values.get(key) for key in part.keys(list(self.languages.all)))

    def present(self, group: Group) -> list[Field | RowKind]:
        """What stands in a group below the title: all of it for editors, what is filled for everybody else."""
        return [part for part in group.parts if part.name != "title" and (self.editable or self.filled(part))]

    @property
    def now(self) -> datetime:
        return now()

    def in_words(self, field_: Field, value: Any) -> str:
        return shown(field_, value, self.reader, self.sides, self.options)

    def word(self, name: str) -> str:
        """One of its fields in words."""
        return self.in_words(self.sheet.fields[name], self.item.values.get(name))

    def anchor(self, part: str) -> str:
        """Where a field or kind of row stands on the page."""
        if part in self.sheet.rows:
            return f"rows-{self.item.id}-{part}"
        live = self.sheet.fields[part].kind == "live"
        return f"part-{self.item.id}-{part}" if live else f"f-{self.item.id}-{part}"

    def code_field(self) -> FieldView:
        return FieldView(self, CODE, CODE.name)

    def sides_own_first(self) -> list[tuple[str, str]]:
        """Both sides with their names, the reader's own first."""
        return sorted(self.sides.items(), key=lambda side: side[0] != self.opened.member.side)

    @cached_property
    def partnership_name(self) -> str:
        names = self.frame.partnership.name
        return names.get(self.reader) or next(iter(names.values()), "")

    def lock_words(self) -> str:
        """Who closed it and why: "Miriam Osei-Lang: we vote now"."""
        document = store.find(self.item.name)
        return f"{document.locked_by}: {document.lock_reason}".strip(" :") if document else ""

    def converted(self, value: Any) -> str:
        """An amount in the other currency with the planning rate: "≈ 19.500,00 GHS, planning rate 13.00", or ""."""
        other = self.frame.rates.other(Decimal(value["amount"]), value["currency"]) if value else None
        if other is None:
            return ""
        rate = number(self.frame.rate)
        return str(_("≈ %(amount)s, planning rate %(rate)s", amount=money(*other), rate=rate))

    @cached_property
    def shown_parts(self) -> list[str]:
        """Names of the fields and rows that are open from the start: the first ones, and whatever is filled."""
        return [part.name for part in parts_of(self.sheet) if part.first or self.filled(part)]

    @cached_property
    def waiting_parts(self) -> list[str]:
        return [part.name for part in parts_of(self.sheet) if part.name not in self.shown_parts]

    def as_typed(self, field_: Field, value: Any) -> str:
        return shown(field_, value, self.reader, self.sides, self.options, typed=True)

    @cached_property
    def names(self) -> dict[int, str]:
        """Names of those who meet in a conflict."""
        ids = {one for c in self.conflicts.values() for one in (c.by, c.holds_by) if one}
        return dict(db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).tuples().all())

    def name(self, person_id: int | None) -> str:
        if person_id == self.opened.member.person.id:
            return str(_("You"))
        return self.names.get(person_id or 0) or str(_("Somebody"))


def view_of(
    opened: Opened, *, reader: str, wish: str | None, options: Options | None = None, reading: bool = False
) -> View:
    """The item as this reader sees it. Everything else is read on demand, once."""
    rev = revision(opened.item.name)
    languages = languages_for(opened.item.frame, wish, reader, opened.item.writing_language)
    return View(opened, reader, languages, rev, options or Options(), reading)


def parts_of(sheet: Sheet) -> Iterator[Field | RowKind]:
    for group in sheet.groups:
        yield from group.parts
