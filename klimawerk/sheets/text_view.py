"""What the template of a live text sees."""

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
    """One live text in one language, as plain HTML until somebody touches it."""

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
        """That it is longer than its field wants."""
        return text_hint(self.field, self.plain)

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
