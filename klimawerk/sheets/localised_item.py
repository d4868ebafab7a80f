"""An item in its reader's words: what fields and texts ask of the view they stand in."""

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
    """`rev` was read before everything else, so nothing newer is ever called seen."""

    reader: str
    languages: PageLanguages
    rev: int
    options: ItemOptions

    def text(self, name: str, lang: str | None = None) -> str:
        """The plain words of a live text in `lang` (default: the one shown)."""
        return self.plain(name, lang or self.languages.show)

    def in_words(self, field: Field, value: Any) -> str:
        return display_value(field, value, self.reader, self.sides, self.options)

    def as_input(self, field: Field, value: Any) -> str:
        """As it stands in its control."""
        return display_value(field, value, self.reader, self.sides, self.options, typed=True)
