"""What the template of a field, or of a cell, sees."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import Any

from klimawerk.sheets import code_labels
from klimawerk.sheets.localised_item import LocalisedItem
from klimawerk.sheets.models import Conflict, Row
from klimawerk.sheets.service import FieldRef
from klimawerk.sheets.sheet_schema import Field


def element_id(item_id: int, row_id: str | None, key: str) -> str:
    """The id of the field, or of the cell of that row, on its page."""
    name = key.replace(".", "-")
    return f"c-{row_id}-{name}" if row_id else f"f-{item_id}-{name}"


def conflict_id(element: str) -> str:
    """The id of the two values that met in the field, or cell, with that id; they can be focused."""
    return f"{element}-two"


@dataclass(frozen=True)
class FieldView:
    """One field, or one cell, in one language."""

    view: LocalisedItem
    field: Field
    key: str
    lang: str = ""
    row: Row | None = None
    error: str = ""
    typed: list[str] = dataclasses.field(default_factory=list)
    said: str = ""

    @property
    def id(self) -> str:
        return element_id(self.view.item.id, self.row.id if self.row else None, self.key)

    @property
    def action(self) -> str:
        return f"/rows/{self.row.id}/cells/{self.key}" if self.row else f"/items/{self.view.item.id}/fields/{self.key}"

    @property
    def place(self) -> FieldRef:
        return FieldRef(self.view.item, self.key, self.row)

    @property
    def value(self) -> Any:
        return self.place.value

    @property
    def rev(self) -> int:
        return self.place.rev

    @property
    def label(self) -> str:
        return code_labels.fill_side_names(self.field.label, self.view.sides)

    @property
    def help(self) -> str:
        return code_labels.fill_side_names(self.field.help, self.view.sides)

    @property
    def shown(self) -> str:
        return self.view.in_words(self.field, self.value)

    @property
    def conflict(self) -> Conflict | None:
        return self.view.conflicts.get(self.spot)

    @property
    def unconfirmed(self) -> bool:
        return self.row is None and self.key in self.view.item.imported

    @property
    def hint(self) -> str:
        """That its date does not fit; "" where there is nothing to say."""
        if not self.field.dated:
            return ""
        return self.view.hints_by_place.get(self.spot, "")

    @property
    def spot(self) -> tuple[str | None, str]:
        """Under which conflicts and hints are found."""
        return (self.row.id if self.row else None, self.key)

    def choices(self) -> list[tuple[Any, str]]:
        """What can be picked, with the present value even where it cannot be picked anew."""
        if self.field.kind == "field":
            return list(self.view.options.fields)
        if self.field.kind == "measures":
            return [option for option in self.view.options.measures if option[0] != self.view.item.id]
        offered = code_labels.choices(self.field, self.view.reader, self.view.sides)
        if self.field.kind == "choice" and self.value is not None and self.value not in [code for code, _ in offered]:
            offered.append((self.value, self.shown))
        return offered

    def typed_or_kept(self) -> str:
        """What stands in the control: what was typed if it was refused, else the kept value as it is written."""
        return self.typed[0] if self.typed else self.view.as_input(self.field, self.value)

    def picked(self) -> set[str]:
        kept = self.value if isinstance(self.value, list) else [self.value]
        return set(self.typed) if self.typed else {str(code) for code in kept}

    def refused(self, error: str, typed: list[str]) -> FieldView:
        return replace(self, error=error, typed=typed)
