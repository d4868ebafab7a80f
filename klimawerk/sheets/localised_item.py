"""An item in its reader's words: what fields and texts ask of the view they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from klimawerk.sheets.item_contents import Contents
from klimawerk.sheets.options import Options
from klimawerk.sheets.page_languages import Languages
from klimawerk.sheets.sheet_schema import Field
from klimawerk.sheets.value_display import shown


@dataclass(frozen=True)
class InWords(Contents):
    """`rev` was read before everything else, so nothing newer is ever called seen."""

    reader: str
    languages: Languages
    rev: int
    options: Options

    def text(self, name: str, lang: str | None = None) -> str:
        """The plain words of a live text in `lang` (default: the one shown)."""
        return self.plain(name, lang or self.languages.show)

    def in_words(self, field: Field, value: Any) -> str:
        return shown(field, value, self.reader, self.sides, self.options)

    def as_typed(self, field: Field, value: Any) -> str:
        """As it stands in its control."""
        return shown(field, value, self.reader, self.sides, self.options, typed=True)
