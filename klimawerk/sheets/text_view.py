"""View model of a live text for its template."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel.speaklater import LazyString
from markupsafe import Markup

from klimawerk.sheets import code_labels
from klimawerk.sheets.localised_item import LocalisedItem
from klimawerk.sheets.plausibility import text_hint
from klimawerk.sheets.sheet_schema import Field


@dataclass(frozen=True)
class TextView:
    """One live text in one language. The page shows it as HTML until the user opens the editor."""

    view: LocalisedItem
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
        return code_labels.fill_side_names(self.field.label, self.view.sides)

    @property
    def help(self) -> str:
        return code_labels.fill_side_names(self.field.help, self.view.sides)

    @property
    def plain(self) -> str:
        text = self.view.texts.get(self.fragment)
        return text.plain if text else ""

    @property
    def hint(self) -> LazyString | None:
        """A message that the text exceeds the recommended length; None if it does not."""
        return text_hint(self.field, self.plain)

    @property
    def html(self) -> Markup:
        """The projected HTML. It is safe, since the projection emits allowed elements only."""
        text = self.view.texts.get(self.fragment)
        return Markup(text.html if text else "")  # noqa: S704

    @property
    def fallback_language(self) -> str:
        """Another language in which the text exists, if it is empty in this one; else ""."""
        if self.plain:
            return ""
        others = (self.view.frame.lead_language, *self.view.languages.all)
        return next((code for code in others if self.view.text(self.field.name, code)), "")
