"""Form fields (WTForms) with bounds: whole numbers, dates, choices; and the question about an ambiguous value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from babel.lists import format_list
from flask_babel import gettext as _
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from klimawerk import scalars

Choices = Iterable[tuple[Any, Any] | Any]

MAX_NAMED = 12
"""Up to this number, the error for an unknown choice names all possible ones."""


def ambiguity_question(readings: Iterable[str], language: str) -> str:
    """The question about a value with several readings; each one is written unambiguously."""
    return str(_("Do you mean %(readings)s? Please write it so.", readings=format_list(list(readings), "or", language)))


def select_choices(choices: Choices) -> list[SelectChoice]:
    """WTForms' own form of (value, label) or bare values."""
    return [SelectChoice(*choice) if isinstance(choice, tuple) else SelectChoice(choice) for choice in choices]


class WholeNumberField(IntegerField):
    """A whole number between `least` and `most`."""

    data: Any

    def __init__(self, *args: Any, least: int = 0, most: int = scalars.MAX_INT, **more: Any) -> None:
        super().__init__(*args, **more)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = scalars.whole(valuelist[0], self.least, self.most)
        except ValueError:
            self.data = None
            message = _("The number must be between %(least)s and %(most)s.", least=self.least, most=self.most)
            raise ValueError(message) from None


class DayField(DateField):
    """A date within the years that `scalars.day` accepts."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = scalars.day(valuelist[0])
        except ValueError:
            self.data = None
            raise ValueError(_("Please write a date as 2027-09-15.")) from None


class _KnownValues:
    """Mixin for fields with choices, (value, label) or bare values: the error for an unknown one names the others."""

    process_errors: Any
    iter_choices: Any

    def __init__(self, *args: Any, choices: Choices | Callable[[], Choices] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.choices = (lambda: select_choices(choices())) if callable(choices) else choices

    @property
    def choices(self) -> list[SelectChoice] | None:
        """What can be chosen."""
        return SelectField.choices.fget(self)  # type: ignore[no-any-return]

    @choices.setter
    def choices(self, value: Choices | Callable[[], list[SelectChoice]] | None) -> None:
        SelectField.choices.fset(self, value if value is None or callable(value) else select_choices(value))

    def names(self) -> list[str]:
        """The labels of the choices, for the error message."""
        return [str(choice.label) for choice in self.iter_choices() if choice.value not in ("", None)]

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)  # type: ignore[misc]
        except ValueError:
            raise ValueError(self._error_message()) from None

    def pre_validate(self, form: Any) -> None:
        if self.process_errors:
            return  # reported already
        try:
            super().pre_validate(form)  # type: ignore[misc]
        except ValidationError:
            raise ValidationError(self._error_message()) from None

    def _error_message(self) -> str:
        names = self.names()
        if not 0 < len(names) <= MAX_NAMED:
            return str(_("Please choose one of the list."))
        return str(_("This choice is not possible. Please choose one of these: %(names)s.", names=", ".join(names)))


class ChoiceField(_KnownValues, SelectField):
    """A select field: one choice."""


class RadioButtons(_KnownValues, RadioField):
    """A group of radio buttons: one choice."""


class Checkboxes(_KnownValues, SelectMultipleField):
    """A group of checkboxes: several choices."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
