"""Localisation of an item for one reader: labels, formatted values and texts in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from klimawerk.sheets.item_contents import ItemContents
from klimawerk.sheets.options import ItemOptions
from klimawerk.sheets.page_languages import PageLanguages
from klimawerk.sheets.sheet_schema import Field
from klimawerk.sheets.value_display import display_value


@dataclass(frozen=True)
class LocalisedItem(ItemContents):
    """`reader`: the interface language. `rev`: the topic revision, read first, so that contents are never older."""

    reader: str
    languages: PageLanguages
    rev: int
    options: ItemOptions

    def text(self, name: str, lang: str | None = None) -> str:
        """The plain text of a live text in `lang` (default: the shown language)."""
        return self.plain(name, lang or self.languages.show)

    def in_words(self, field: Field, value: Any) -> str:
        """A value of the field, formatted for reading."""
        return display_value(field, value, self.reader, self.sides, self.options)

    def format_input(self, field: Field, value: Any) -> str:
        """A value of the field, formatted for its form control."""
        return display_value(field, value, self.reader, self.sides, self.options, typed=True)
