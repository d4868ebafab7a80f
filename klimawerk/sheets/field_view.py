"""View model of a field or cell for its template."""

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
    """The HTML id of a field, or of a cell if `row_id` is given."""
    name = key.replace(".", "-")
    return f"c-{row_id}-{name}" if row_id else f"f-{item_id}-{name}"


def conflict_id(element: str) -> str:
    """The HTML id of the conflict shown at the field or cell with the HTML id `element`; it can be focused."""
    return f"{element}-two"


def conflict_address(element: str, language: str) -> str:
    """The query and fragment of a link to the conflict at `element`, in the language it is shown in ("" for any)."""
    return f"{f'?show={language}' if language else ''}#{conflict_id(element)}"


@dataclass(frozen=True)
class FieldView:
    """One field or cell in one language. `error`, `typed`: why submitted values were refused, and those values."""

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
    def form_page(self) -> str:
        """The address of the page with its form, for users without scripts."""
        return f"/rows/{self.row.id}" if self.row else self.action

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
        return self.view.conflicts.get(self.location)

    @property
    def unconfirmed(self) -> bool:
        """Whether the value came with an imported file and was not confirmed here."""
        return self.row is None and self.key in self.view.item.imported

    @property
    def hint(self) -> str:
        """The plausibility hint about its date; "" for none."""
        if not self.field.dated:
            return ""
        return self.view.hints_by_place.get(self.location, "")

    @property
    def location(self) -> tuple[str | None, str]:
        """(row id or None, key): the key of the item's conflicts and hints."""
        return (self.row.id if self.row else None, self.key)

    def choices(self) -> list[tuple[Any, str]]:
        """(value, label) of what the user can choose, including a current value that can no longer be chosen."""
        if self.field.kind == "field":
            return list(self.view.options.fields)
        if self.field.kind == "measures":
            return [option for option in self.view.options.measures if option[0] != self.view.item.id]
        offered = code_labels.choices(self.field, self.view.reader, self.view.sides)
        if self.field.kind == "choice" and self.value is not None and self.value not in [code for code, _ in offered]:
            offered.append((self.value, self.shown))
        return offered

    def typed_or_kept(self) -> str:
        """The text of the form control: the typed text if it was refused, else the stored value."""
        return self.typed[0] if self.typed else self.view.format_input(self.field, self.value)

    def picked(self) -> set[str]:
        """The selected options of the form control: those submitted if they were refused, else the stored ones."""
        stored = self.value if isinstance(self.value, list) else [self.value]
        return set(self.typed) if self.typed else {str(code) for code in stored}

    def refused(self, error: str, typed: list[str]) -> FieldView:
        """The same field with an error message and the submitted values."""
        return replace(self, error=error, typed=typed)
