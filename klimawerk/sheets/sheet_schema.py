"""Schema of sheets: classes that declare fields, rows and groups. Each kind of item declares its sheet in content.py.

A field's `kind` defines how its value is stored and entered:

=========== =====================================================================================================
live        live text, one fragment per language; `line` for a title, else rich text
lines       short text, one value per working language ("text.en")
line        short text without language (a name, a unit)
choice      one code of `codes`
choices     several codes of `codes`, stored in the list's order
month       "2027-09", or a day "2027-09-15" where the source says so
year        whole number
number      decimal number as text, exact ("12.5")
amount      money: {"amount": "62000.00", "currency": "EUR"}
field       a field of action: the id of a row of kind "fields" of the programme
measures    references to other measures, by id
measurements  measured values with dates: [{"date": "2028-03", "value": "12"}]
=========== =====================================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

LocalisedText: TypeAlias = LazyString | str
ONE_LINE = 200  # characters: translated fields with a higher max_length get a control of several lines


@dataclass(frozen=True)
class Field:
    """One field of a sheet, or one cell of a row.

    `codes`: the list of choices. `first`: shown while empty, not under "More fields". `max_length`: in characters.
    `unpickable`: codes that users cannot choose. Rules for dates (plausibility.py): `not_before` names the field beside
    it that must not be later; `within` is "programme" (in the programme's period), "sheet" (in that of its measure), or
    "end" (not after the programme's end, for preparations).
    """

    name: str
    kind: str
    label: LocalisedText
    help: LocalisedText = ""
    codes: str = ""
    first: bool = False
    line: bool = False
    max_length: int = 20_000
    unpickable: tuple[str, ...] = ()
    side: str = ""
    not_before: str = ""
    within: str = ""

    @property
    def dated(self) -> bool:
        """Whether its value holds dates."""
        return self.kind in ("month", "year", "measurements")

    @property
    def translated(self) -> bool:
        """Whether it has one value per working language."""
        return self.kind in ("live", "lines")

    @property
    def is_line(self) -> bool:
        """Whether its form control has one line."""
        return self.line or self.kind in ("line", "code") or (self.kind == "lines" and self.max_length <= ONE_LINE)

    def keys(self, languages: list[str]) -> list[str]:
        """The keys of its values: one per language for a translated field, else its name."""
        return [f"{self.name}.{language}" for language in languages] if self.translated else [self.name]


@dataclass(frozen=True)
class RowKind:
    """A kind of row. `name` is also the key in the exchange format; `one`: the label of a single row.

    In the table for reading, the cell `heading` (by default the first one) names the row, and the cells `below` stand
    below it; all others are columns.
    """

    name: str
    label: LocalisedText
    one: LocalisedText
    cells: tuple[Field, ...]
    help: LocalisedText = ""
    first: bool = False
    table: bool = False
    heading: str = ""
    below: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "heading", self.heading or self.cells[0].name)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {cell.name: cell for cell in self.cells}

    @cached_property
    def dated(self) -> tuple[Field, ...]:
        """The cells that hold dates."""
        return tuple(cell for cell in self.cells if cell.dated)


@dataclass(frozen=True)
class Group:
    """A group of fields and kinds of rows with a heading."""

    name: str
    label: LocalisedText
    parts: tuple[Field | RowKind, ...]


@dataclass(frozen=True)
class Sheet:
    """The sheet of one kind of item. `document`: read from top to bottom, so editors see its empty parts, too."""

    kind: str
    groups: tuple[Group, ...]
    document: bool = False

    @cached_property
    def parts(self) -> tuple[Field | RowKind, ...]:
        return tuple(part for group in self.groups for part in group.parts)

    @cached_property
    def fields(self) -> dict[str, Field]:
        return {p.name: p for p in self.parts if isinstance(p, Field)}

    @cached_property
    def rows(self) -> dict[str, RowKind]:
        return {p.name: p for p in self.parts if isinstance(p, RowKind)}

    @cached_property
    def live(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.kind == "live")

    def group_of(self, part: Field | RowKind) -> Group:
        return next(group for group in self.groups if part in group.parts)

    def fragments(self, languages: list[str]) -> list[str]:
        """The names of all fragments of its live document: "<field>.<language>"."""
        return [key for field in self.live for key in field.keys(languages)]


CODE = Field("code", "code", lazy_gettext("Code"), max_length=20)
"""The code of goals and measures: unique within a programme and kind of item, stored in its own column."""


def split_key(key: str) -> tuple[str, str]:
    """(field name, language): ("text", "en") for "text.en", ("due", "") for "due"."""
    name, _, language = key.partition(".")
    return name, language
